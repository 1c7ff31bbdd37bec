import { createPlatform } from '@blindai/simulator';
import type { PlatformOptions, SimulatedCollateral, TdQuoteOptions } from '@blindai/simulator';
import {
  allowDebug,
  type BoundReportData,
  type Format,
  parseManifest,
  type VerifiedClaims,
  verifyAttestation,
} from '../../src/index.ts';
import { simulationAnchors } from '../../src/simulation.ts';

/** The moment at which all simulated evidence of TDs is judged. */
export const at: Date = new Date('2026-11-23T12:00:00Z');
export const reportData: Uint8Array = new Uint8Array(64).fill(0x22);
export const mrTd: Uint8Array = new Uint8Array(48).fill(0x5d);
export const unused: Uint8Array = new Uint8Array(48);
export const rtmrs: readonly Uint8Array[] = [
  ...[0xa0, 0xa1, 0xa2].map((byte) => new Uint8Array(48).fill(byte)),
  unused,
];

/** The measurement that is this byte, again and again, as hexadecimal digits. */
export function digits(byte: string): string {
  return byte.repeat(48);
}

/** An entry that accepts the TD without a weakening of its own. */
export const entry: string = `version = 1
[[tdx]]
name = "test"
covers = ["firmware", "kernel", "initrd", "cmdline", "rootfs"]
mr_td = "${digits('5d')}"
rtmr = ["${digits('a0')}", "${digits('a1')}", "${digits('a2')}", "unused"]
td_attributes = "0000001000000000"
xfam_mask = "e702060000000000"
`;
export const intel = '[intel]\nmin_tcb_evaluation_data_number = 17\n';

/** The forms in which a TD's evidence comes. */
export const forms = {
  'version 4': { version: 4 },
  'version 5 of TDX 1.0': { version: 5, td: '1.0' },
  'version 5 of TDX 1.5': { version: 5, td: '1.5' },
} as const satisfies Record<string, Partial<TdQuoteOptions>>;

/** The one thing about evidence, or about what is demanded of it, that is not as it should be. */
export interface Flaw {
  readonly platform?: Omit<PlatformOptions, 'at'>;
  readonly quote?: Partial<TdQuoteOptions>;
  /** Changes the bytes of the quote, after it was signed. */
  readonly evidence?: (quote: Uint8Array) => Uint8Array;
  /** Changes the collateral, after it was signed. */
  readonly endorsements?: (collateral: SimulatedCollateral) => unknown;
  readonly format?: Format;
  readonly manifest?: string;
  readonly expected?: BoundReportData;
  readonly allowDebug?: boolean;
}

/** Judges evidence of a simulated TD as strictly as it is meant to be. */
export async function judge(
  flaw: Flaw,
  form: Partial<TdQuoteOptions> = forms['version 4'],
): Promise<VerifiedClaims> {
  const platform = await createPlatform({ at, tee: 'tdx', ...flaw.platform });
  const quote = await platform.tdQuote({
    reportData,
    measurement: mrTd,
    rtmrs,
    ...form,
    ...flaw.quote,
  });
  return verifyAttestation(
    {
      format: flaw.format ?? 'tdx-dcap',
      evidence: flaw.evidence?.(quote) ?? quote,
      endorsements: flaw.endorsements?.(platform.collateral) ?? platform.collateral,
    },
    flaw.expected ?? { reportData },
    {
      anchors: simulationAnchors,
      manifest: parseManifest(flaw.manifest ?? entry + intel),
      ...(flaw.allowDebug === true && { [allowDebug]: true as const }),
    },
    at,
  );
}
