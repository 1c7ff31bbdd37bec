import { createSnpPlatform } from '@blindai/simulator';
import type { SnpEndorsements, SnpPlatformOptions, SnpReportOptions } from '@blindai/simulator';
import {
  type BoundReportData,
  type Format,
  parseManifest,
  type Policy,
  type UnmatchedPolicy,
  type UnmatchedClaims,
  verifyAttestation,
} from '../../src/index.ts';
import { simulationAnchors } from '../../src/simulation.ts';

export const at: Date = new Date('2026-11-23T12:00:00Z');
export const measurement: Uint8Array = new Uint8Array(48).fill(0x11);
export const reportData: Uint8Array = new Uint8Array(64).fill(0x22);

/** The versions that simulated machines have. */
export const floors = 'bootloader = 4, tee = 0, snp = 24, microcode = 219';

/** A manifest with one entry that accepts simulated guests on Milan and Genoa, and more lines of that entry. */
export function manifestOf(more = '', minimumTcb: string = floors): string {
  return `version = 1
[[sev_snp]]
name = "test"
covers = ["firmware", "kernel", "initrd", "cmdline", "rootfs"]
measurement = "${'11'.repeat(48)}"
${more.includes('guest_policy') ? '' : 'guest_policy = { smt = true, abi_major = 0, abi_minor = 31 }'}
minimum_tcb = { ${minimumTcb} }
${more}`;
}

/** The one thing about evidence, or about what is demanded of it, that is not as it should be. */
export interface Flaw {
  readonly platform?: Omit<SnpPlatformOptions, 'at'>;
  readonly report?: Partial<SnpReportOptions>;
  /** Changes the bytes of the report, after it was signed. */
  readonly evidence?: (report: Uint8Array) => Uint8Array;
  readonly endorsements?: (given: SnpEndorsements) => unknown;
  readonly format?: Format;
  /** `null`: none, and no entry is compared. */
  readonly manifest?: string | null;
  readonly policy?: Partial<UnmatchedPolicy>;
  readonly expected?: BoundReportData;
  readonly at?: Date;
}

/** Judges a simulated report that is good but for its flaw. */
export async function judge(flaw: Flaw = {}): Promise<UnmatchedClaims> {
  const when = flaw.at ?? at;
  const platform = await createSnpPlatform({ at: when, ...flaw.platform });
  const report = await platform.report({ reportData, measurement, ...flaw.report });
  const { manifest = manifestOf() } = flaw;
  const policy: Policy | UnmatchedPolicy = {
    anchors: simulationAnchors,
    ...(manifest !== null && { manifest: parseManifest(manifest) }),
    ...flaw.policy,
  };
  return verifyAttestation(
    {
      format: flaw.format ?? 'sev-snp',
      evidence: flaw.evidence?.(report) ?? report,
      endorsements: flaw.endorsements
        ? flaw.endorsements(platform.endorsements)
        : platform.endorsements,
    },
    flaw.expected ?? { reportData },
    policy,
    when,
  );
}

/** The bytes with one bit flipped. */
export function flip(offset: number, bit = 0): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => bytes.map((byte, index) => (index === offset ? byte ^ (1 << bit) : byte));
}
