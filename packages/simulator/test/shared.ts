import { readFileSync } from 'node:fs';
import { sharedFolder } from '../../../test/support/optional.ts';

/** A file of the genuine evidence; ask first whether it is there. */
export function sharedFile(path: string): Buffer {
  return readFileSync(`${sharedFolder}/vectors/${path}`);
}
