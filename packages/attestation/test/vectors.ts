import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('../../../../shared/vectors/', import.meta.url);

/** Whether the real evidence is here; it is no part of the repository. */
export const haveVectors: boolean = existsSync(folder);

/** Statuses of Intel's library: of the PCK's chain, TCB info, QE identity and quote. */
export interface IntelStatuses {
  readonly pck: string;
  readonly tcb: string;
  readonly qe: string;
  readonly quote: string;
}

/** One piece of real evidence. */
export interface VectorCase {
  readonly name: string;
  readonly format: 'sgx-dcap' | 'tdx-dcap';
  readonly quote: Uint8Array;
  /** JSON text. */
  readonly collateral: string;
  readonly expected: {
    readonly verifyAt: string;
    /** Of `dcap-mutated`: Intel's verdict, TCB status ignored. */
    readonly accept?: boolean;
    /** Of `dcap`. */
    readonly expect?: {
      /** `null`: the platform reaches no level that Intel lists. */
      readonly tcbStatus: string | null;
      readonly debug: boolean;
      readonly defaultPolicy: 'accept' | 'reject';
      /** Of TDX: bytes of the report, hex. */
      readonly tdAttributes?: string;
      readonly teeTcbSvn?: string;
    };
    /** Of `dcap`: what Intel's library says, at some times. */
    readonly oracle?: readonly { readonly time: string; readonly intelQvl: IntelStatuses }[];
  };
}

/** The cases of a folder for one TEE, none if the vectors are absent. */
export function readCases(
  kind: 'dcap' | 'dcap-mutated',
  tee: 'sgx' | 'tdx' = 'sgx',
): readonly VectorCase[] {
  if (!haveVectors) return [];
  const cases = new URL(`${kind}/`, folder);
  return readdirSync(cases)
    .filter((name) => name.startsWith(`${tee}-`))
    .map((name) => {
      const read = (file: string): Buffer =>
        readFileSync(fileURLToPath(new URL(`${name}/${file}`, cases)));
      return {
        name,
        format: `${tee}-dcap`,
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
