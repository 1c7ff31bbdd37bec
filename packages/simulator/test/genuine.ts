import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sharedAvailable } from '../../../test/support/optional.ts';

/** A quote with its collateral in the form of the vectors' files. */
export interface Evidence {
  readonly quote: Uint8Array;
  readonly collateral: Record<string, string>;
}

const vectors = new URL('../../../../shared/vectors/dcap/', import.meta.url);

/** Whether genuine evidence is at hand to compare with; says so if not. */
export function hasGenuineEvidence(): boolean {
  return sharedAvailable('vectors/dcap');
}

/** Genuine evidence, as the vendor's hardware and service made it; read where it is used, as it may be absent. */
export function genuineEvidence(name: string): Evidence {
  const read = (file: string): Buffer =>
    readFileSync(fileURLToPath(new URL(`${name}/${file}`, vectors)));
  return {
    get quote() {
      return read('quote.bin');
    },
    get collateral() {
      return JSON.parse(read('collateral.json').toString('utf8')) as Record<string, string>;
    },
  };
}
