import { createHash } from 'node:crypto';
import { createNitroEnclave } from '@blindai/simulator';
import type { NitroDocumentOptions, NitroEnclaveOptions } from '@blindai/simulator';
import { type BoundReportData, parseManifest, type VerifiedClaims } from '../../src/index.ts';
import { verifyAttestation } from '../../src/index.ts';
import { simulationAnchors } from '../../src/simulation.ts';

export const at: Date = new Date('2026-11-23T12:00:00Z');
export const instanceId = 'i-0123456789abcdef0';
export const reportData: Uint8Array = new Uint8Array(64).fill(0x22);

/** PCRs of the enclaves here; 4 is the hash of the parent instance's id. */
export const pcrs: Readonly<Record<number, Uint8Array>> = Object.fromEntries(
  [0, 1, 2, 3, 8].map((index) => [index, new Uint8Array(48).fill(0x10 + index)]),
);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const parentInstance = createHash('sha384').update(instanceId).digest();

/** A manifest with one entry. `null` leaves a PCR out. */
export function manifestOf(
  changes: Readonly<Record<number, Uint8Array | null>> = {},
  more = '',
): string {
  const demanded = { ...pcrs, 4: parentInstance, ...changes };
  const lines = Object.entries(demanded).map(([index, pcr]) =>
    pcr === null ? '' : `${index} = "${hex(pcr)}"\n`,
  );
  return `version = 1\n[[nitro]]\n${more}[nitro.pcrs]\n${lines.join('')}`;
}

/** The one thing about a document, or about what is demanded of it, that is not as it should be. */
export interface Flaw {
  readonly enclave?: Omit<NitroEnclaveOptions, 'at'>;
  readonly document?: NitroDocumentOptions;
  readonly endorsements?: unknown;
  readonly manifest?: string;
  readonly expected?: BoundReportData;
  readonly at?: Date;
}

/** Judges a simulated document that is good but for its flaw. */
export async function judge(flaw: Flaw = {}): Promise<VerifiedClaims> {
  const enclave = await createNitroEnclave({ at, instanceId, ...flaw.enclave });
  const evidence = await enclave.document({
    userData: reportData,
    ...flaw.document,
    pcrs: { ...pcrs, ...flaw.document?.pcrs },
  });
  return verifyAttestation(
    { format: 'aws-nitro', evidence, endorsements: flaw.endorsements },
    flaw.expected ?? { reportData },
    { anchors: simulationAnchors, manifest: parseManifest(flaw.manifest ?? manifestOf()) },
    flaw.at ?? at,
  );
}
