/**
 * Writes the test vectors: one JSON file a case, made by the simulator and not judged here.
 *
 *     npm run vectors              all of them
 *     npm run vectors -- sgx-dcap  those of one format
 *
 * Keys are fresh each time, so every file changes: make them again only where their cases change.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { azureSnpCases, azureTdxCases } from './azure.ts';
import { makeCases } from './case.ts';
import { makeRoots, type Roots } from './roots.ts';
import { sgxCases } from './sgx.ts';
import { nitroCases } from './nitro.ts';
import { snpCases } from './snp.ts';
import { tdxCases } from './tdx.ts';
import type { Vector } from './vector.ts';

const folder = fileURLToPath(
  new URL('../../../packages/attestation/test/vectors/', import.meta.url),
);

/** What can be asked for, by name: the trust anchors, and the cases of each format. */
const parts: Readonly<Record<string, () => Promise<readonly Vector[] | Roots>>> = {
  roots: makeRoots,
  'sgx-dcap': async () => makeCases(sgxCases()),
  'tdx-dcap': async () => makeCases(tdxCases()),
  'sev-snp': async () => makeCases(snpCases),
  'aws-nitro': async () => makeCases(nitroCases),
  'azure-snp-vtpm': async () => makeCases(azureSnpCases()),
  'azure-tdx-vtpm': async () => makeCases(azureTdxCases()),
};

function write(name: string, content: unknown): void {
  const file = join(folder, `${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(content, null, 1)}\n`);
}

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in parts));
if (unknown !== undefined) {
  process.stderr.write(`${unknown}: one of ${Object.keys(parts).join(', ')} expected\n`);
  process.exit(1);
}
for (const [name, make] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const made = await make();
  if (!Array.isArray(made)) {
    write(name, made);
    continue;
  }
  rmSync(join(folder, name), { recursive: true, force: true });
  for (const vector of made as readonly Vector[]) write(vector.name, vector);
  process.stdout.write(`${name}: ${made.length} cases\n`);
}
