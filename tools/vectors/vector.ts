import type { Check } from '@blindai/attestation';

/** One case, as its file holds it; docs/test-vectors.md says how to read it. Bytes are base64. */
export interface Vector {
  /** Path of the file below the folder of the vectors, without `.json`. */
  readonly name: string;
  /** What is special about the evidence, or wrong with it: one sentence. */
  readonly about: string;
  /** `null`: nobody recognised it. Not always one that exists. */
  readonly format: string | null;
  /** The file with the trust anchors, relative to this one. */
  readonly roots: string;
  /** The moment for which it is judged, ISO 8601 in UTC. */
  readonly at: string;
  readonly evidence?: string;
  /** In place of `evidence` where the format is a text: UTF-8. */
  readonly evidenceText?: string;
  /** In the JSON form that the format has; `null` where there are none. */
  readonly endorsements: unknown;
  readonly policy: VectorPolicy;
  readonly expected: VectorVerdict;
}

/** What the relying party demands. */
export interface VectorPolicy {
  /** TOML; `null`: none is given. */
  readonly manifest: string | null;
  /** `null` under the weakening `anyReportData` only. */
  readonly reportData: VectorReportData | null;
  readonly weakenings: readonly Weakening[];
}

/** The 64 bytes themselves, or what they are made from; without a nonce they were made at boot. */
export type VectorReportData =
  | { readonly exact: string }
  | { readonly certificate: string; readonly keyset: string; readonly nonce?: string };

/** Names of the exported symbols by which a caller weakens a policy. */
export const weakenings = [
  'allowDebug',
  'acceptBootEvidence',
  'acceptMissingCrl',
  'anyMeasurement',
  'anyReportData',
] as const;

/** One of {@link weakenings}. */
export type Weakening = (typeof weakenings)[number];

/** What a correct verifier finds. */
export type VectorVerdict =
  | {
      readonly verdict: 'accept';
      readonly check: null;
      /** Rows that hold for less than the strict default, but for `trust-anchor`. */
      readonly weakened: readonly Check[];
    }
  | {
      readonly verdict: 'refuse';
      readonly check: Check;
      readonly kind: 'malformed' | 'untrusted' | 'policy';
    };
