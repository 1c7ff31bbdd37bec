import { type Bytes, equalBytes } from '../encoding/byte-reader.ts';
import type { AnyEntry } from '../manifest.ts';
import { plan } from '../verdict.ts';
import type { EntryRule } from './entries.ts';

/** PCRs by number. */
export type Pcrs = ReadonlyMap<number, Uint8Array>;

/**
 * The row for PCRs: all that the entry lists, except those that another row compares.
 *
 * @param elsewhere - Numbers of the latter.
 * @param weakness - What they do not cover although they should; `null`: nothing.
 */
export function pcrRule<
  Entry extends AnyEntry & { readonly pcrs: Pcrs },
  Evidence extends { readonly pcrs: Pcrs },
>(
  elsewhere: readonly number[],
  vouchedBy: string,
  specification: string,
  weakness: (entry: Entry) => string | null = () => null,
): EntryRule<Entry, Evidence> {
  const listed = ({ pcrs }: Entry): readonly (readonly [number, Uint8Array])[] =>
    [...pcrs].filter(([index]) => !elsewhere.includes(index));
  return {
    ...plan('registers', 'the PCRs that the entry lists', vouchedBy, specification),
    mismatch: (entry, evidence) => {
      for (const [index, demanded] of listed(entry)) {
        const found = evidence.pcrs.get(index);
        if (!found) return `PCR${index} demanded, and not in the evidence`;
        if (!equalBytes(found, demanded)) return `another PCR${index}`;
      }
      return null;
    },
    match: (entry) => {
      const found = `as the entry lists them: ${listed(entry)
        .map(([index]) => index)
        .join(', ')}`;
      const weakened = weakness(entry);
      return weakened === null ? found : { weakened: `${found}; ${weakened}` };
    },
  };
}

/** PCRs as claims name them: `pcr0`, `pcr1`, … */
export function pcrClaims(pcrs: ReadonlyMap<number, Bytes>): Readonly<Record<string, Bytes>> {
  return Object.fromEntries([...pcrs].map(([index, pcr]) => [`pcr${index}`, pcr]));
}
