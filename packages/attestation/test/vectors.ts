import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('../../../../shared/vectors/', import.meta.url);

/** Whether the real evidence is here; it is no part of the repository. */
export const haveVectors: boolean = existsSync(folder);

/** One piece of real evidence. */
export interface VectorCase {
  readonly name: string;
  readonly quote: Uint8Array;
  /** JSON text. */
  readonly collateral: string;
  readonly expected: {
    readonly verifyAt: string;
    /** Of `dcap-mutated`: Intel's verdict, TCB status ignored. */
    readonly accept?: boolean;
    /** Of `dcap`. */
    readonly expect?: { readonly tcbStatus: string; readonly debug: boolean };
  };
}

/** The SGX cases of a folder, none if the vectors are absent. */
export function readCases(kind: 'dcap' | 'dcap-mutated'): readonly VectorCase[] {
  if (!haveVectors) return [];
  const cases = new URL(`${kind}/`, folder);
  return readdirSync(cases)
    .filter((name) => name.startsWith('sgx-'))
    .map((name) => {
      const read = (file: string): Buffer =>
        readFileSync(fileURLToPath(new URL(`${name}/${file}`, cases)));
      return {
        name,
        quote: new Uint8Array(read('quote.bin')),
        collateral: read('collateral.json').toString('utf8'),
        expected: JSON.parse(read('expected.json').toString('utf8')) as VectorCase['expected'],
      };
    });
}

/** A file of `trust-anchors/`. */
export function readTrustAnchor(path: string): Uint8Array {
  return new Uint8Array(readFileSync(fileURLToPath(new URL(`trust-anchors/${path}`, folder))));
}
