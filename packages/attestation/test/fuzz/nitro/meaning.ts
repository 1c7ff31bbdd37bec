import { decode } from 'cborg';
import type { Submission } from '../submission.ts';
import { hex } from '../x509-objection.ts';

/** Tag 18. */
const tag = 0xd2;

/**
 * A document without the tag before it and the form of its unprotected header, which is empty; every byte of its
 * protected header, payload and signature. Endorsements say nothing.
 */
export function nitroMeaning({ evidence }: Submission): string {
  const untagged = evidence[0] === tag ? evidence.subarray(1) : evidence;
  const items = decode(untagged, { useMaps: true, strict: true }) as readonly unknown[];
  return JSON.stringify(
    items.map((item) => (item instanceof Map ? [...item] : hex(item as Uint8Array))),
  );
}
