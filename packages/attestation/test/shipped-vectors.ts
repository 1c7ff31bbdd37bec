import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Roots } from '../../../tools/vectors/roots.ts';
import type { Vector } from '../../../tools/vectors/vector.ts';

const folder = fileURLToPath(new URL('vectors/', import.meta.url));

/** Paths of every file in the folder of the vectors. */
export const vectorFiles: readonly string[] = readdirSync(folder, {
  recursive: true,
  encoding: 'utf8',
})
  .filter((file) => statSync(folder + file).isFile())
  .sort();

/** Bytes of all files together. */
export const vectorBytes: number = vectorFiles.reduce(
  (sum, file) => sum + statSync(folder + file).size,
  0,
);

/** The trust anchors that the vectors name. */
export function readRoots(): Roots {
  return JSON.parse(readFileSync(`${folder}roots.json`, 'utf8')) as Roots;
}

/** Every test vector that the repository ships. */
export function readVectors(): readonly Vector[] {
  return vectorFiles
    .filter((file) => file !== 'roots.json')
    .map((file) => JSON.parse(readFileSync(folder + file, 'utf8')) as Vector);
}
