import { createPlatform } from '@blindai/simulator';
import type { PlatformOptions, QuoteOptions, SimulatedCollateral } from '@blindai/simulator';
import { AttestationError } from '../src/errors.ts';
import type { AttestationInput } from '../src/evidence.ts';
import { type Manifest, parseManifest } from '../src/manifest.ts';
import { simulationAnchors } from '../src/roots/simulation.ts';
import type { BoundReportData, Policy } from '../src/policy.ts';
import type { VerifiedClaims } from '../src/claims.ts';
import { verifyAttestation } from '../src/verify.ts';

/** The moment at which all simulated evidence is judged. */
export const at: Date = new Date('2026-01-15T12:00:00Z');
export const measurement: Uint8Array = new Uint8Array(32).fill(0x5a);
export const reportData: Uint8Array = Uint8Array.from({ length: 64 }, (_, index) => index);

/** A manifest that accepts simulated evidence without a single weakening of its own. */
export const manifest: Manifest = parseManifest(`
version = 1
[[sgx]]
name = "test"
mr_enclave = "${'5a'.repeat(32)}"
[intel]
min_tcb_evaluation_data_number = 17
`);

export const policy: Policy = { anchors: simulationAnchors, manifest };

/** Evidence of a simulated enclave. */
export interface Simulated extends AttestationInput {
  readonly evidence: Uint8Array;
  readonly endorsements: SimulatedCollateral;
}

export async function simulate(
  options: { platform?: Partial<PlatformOptions>; quote?: Partial<QuoteOptions> } = {},
): Promise<Simulated> {
  const platform = await createPlatform({ at, ...options.platform });
  return {
    format: 'sgx-dcap',
    evidence: await platform.quote({ measurement, reportData, ...options.quote }),
    endorsements: platform.collateral,
  };
}

/** Judges with the strictest policy that the evidence can meet, unless a test says otherwise. */
export async function judge(
  input: AttestationInput,
  overrides: { policy?: Policy; expected?: BoundReportData; at?: Date } = {},
): Promise<VerifiedClaims> {
  return verifyAttestation(
    input,
    overrides.expected ?? { reportData },
    overrides.policy ?? policy,
    overrides.at ?? at,
  );
}

/** The check that refuses, `accepted` if none does. Anything else that is thrown fails the test. */
export async function verdictOf(judged: Promise<unknown>): Promise<string> {
  try {
    await judged;
    return 'accepted';
  } catch (error) {
    if (error instanceof AttestationError) return error.check;
    throw error;
  }
}

/** The bytes with one bit flipped. */
export function flipBit<T extends Uint8Array>(bytes: T, offset: number, bit = 0): T {
  if (offset >= bytes.length) throw new RangeError('no such byte');
  const flipped = bytes.slice() as T;
  flipped[offset] = flipped[offset]! ^ (1 << bit);
  return flipped;
}
