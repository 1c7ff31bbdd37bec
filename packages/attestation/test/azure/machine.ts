import { createAzureMachine } from '@blindai/simulator';
import type {
  AzureEndorsements,
  AzureEvidenceOptions,
  PlatformOptions,
  SimulatedAzureMachine,
  SnpPlatformOptions,
} from '@blindai/simulator';
import {
  type BoundReportData,
  parseManifest,
  type UnmatchedClaims,
  type UnmatchedPolicy,
  verifyAttestation,
} from '../../src/index.ts';
import { simulationAnchors } from '../../src/simulation.ts';

export type Tee = 'snp' | 'tdx';

export const at: Date = new Date('2026-11-23T12:00:00Z');
export const measurement: Uint8Array = new Uint8Array(48).fill(0x11);
export const reportData: Uint8Array = new Uint8Array(64).fill(0x22);

/** The PCRs that entries demand here. */
export const pcrs: Readonly<Record<number, Uint8Array>> = Object.fromEntries(
  [4, 7, 8, 9].map((index) => [index, new Uint8Array(32).fill(0x40 + index)]),
);

/** What SNP machines have. */
export const floors = 'minimum_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 219 }\n';

/** A manifest with one entry, and more lines of that entry. */
export function manifestOf(more = '', demanded: typeof pcrs = pcrs): string {
  const lines = Object.entries(demanded).map(
    ([index, pcr]) => `${index} = "${Buffer.from(pcr).toString('hex')}"\n`,
  );
  return `version = 1
[intel]
min_tcb_evaluation_data_number = 17
[[azure]]
covers = ["firmware", "kernel", "initrd", "cmdline", "rootfs"]
measurement = "${'11'.repeat(48)}"
${more}
[azure.pcrs]
${lines.join('')}`;
}

/** The one thing about evidence, or about what is demanded of it, that is not as it should be. */
export interface Flaw {
  readonly snp?: Omit<SnpPlatformOptions, 'at'>;
  readonly tdx?: Omit<PlatformOptions, 'at'>;
  readonly evidence?: Partial<AzureEvidenceOptions>;
  readonly endorsements?: (given: AzureEndorsements) => unknown;
  /** `null`: none, and no entry is compared. */
  readonly manifest?: string | null;
  readonly policy?: Partial<UnmatchedPolicy>;
  readonly expected?: BoundReportData;
}

/** Machines without a flaw of their own, made once. */
const good: Partial<Record<Tee, Promise<SimulatedAzureMachine>>> = {};

export async function machineOf(tee: Tee, flaw: Flaw = {}): Promise<SimulatedAzureMachine> {
  if (tee === 'snp' && flaw.snp) return createAzureMachine({ at, tee, ...flaw.snp });
  if (tee === 'tdx' && flaw.tdx) return createAzureMachine({ at, ...flaw.tdx, tee });
  return (good[tee] ??= createAzureMachine({ at, tee }));
}

/** Judges simulated evidence that is good but for its flaw. */
export async function judge(tee: Tee, flaw: Flaw = {}): Promise<UnmatchedClaims> {
  const machine = await machineOf(tee, flaw);
  const evidence = await machine.evidence({ reportData, measurement, pcrs, ...flaw.evidence });
  const manifest = flaw.manifest === undefined ? manifestOf() : flaw.manifest;
  return verifyAttestation(
    {
      format: `azure-${tee}-vtpm`,
      evidence,
      endorsements: flaw.endorsements?.(machine.endorsements) ?? machine.endorsements,
    },
    flaw.expected ?? { reportData },
    {
      anchors: simulationAnchors,
      ...(manifest !== null && { manifest: parseManifest(manifest) }),
      ...flaw.policy,
    },
    at,
  );
}
