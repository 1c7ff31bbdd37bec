import type { Bytes } from '../../src/encoding/byte-reader.ts';

/** What a verifier is handed: foreign bytes, and whatever is said to vouch for them. */
export interface Submission {
  readonly evidence: Bytes;
  readonly endorsements: unknown;
}

/** Text that is the same for the same submission. */
export function fingerprint({ evidence, endorsements }: Submission): string {
  const parts = [readable(evidence), readable(endorsements)];
  return JSON.stringify(parts, (_, value: unknown) => readable(value));
}

function readable(value: unknown): unknown {
  return value instanceof Uint8Array ? `bytes ${Buffer.from(value).toString('hex')}` : value;
}
