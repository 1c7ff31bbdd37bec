import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A quote with its collateral in the form of the vectors' files. */
export interface Evidence {
  readonly quote: Uint8Array;
  readonly collateral: Record<string, string>;
}

const vectors = new URL('../../../../shared/vectors/dcap/', import.meta.url);

/** Whether genuine evidence is at hand to compare with; says so if not. */
export function hasGenuineEvidence(): boolean {
  const found = existsSync(fileURLToPath(vectors));
  if (!found) process.stderr.write('skipped: no genuine evidence at hand to compare with\n');
  return found;
}

/** Genuine evidence, as the vendor's hardware and service made it. */
export function genuineEvidence(name: string): Evidence {
  const folder = new URL(`${name}/`, vectors);
  return {
    quote: readFileSync(fileURLToPath(new URL('quote.bin', folder))),
    collateral: JSON.parse(
      readFileSync(fileURLToPath(new URL('collateral.json', folder)), 'utf8'),
    ) as Record<string, string>,
  };
}
