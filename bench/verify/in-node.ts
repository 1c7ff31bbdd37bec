import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Judgeable } from '../../packages/attestation/test/judge-vector.ts';
import type { Runs, Times } from './times.ts';

const program = fileURLToPath(new URL('node-process.js', import.meta.url));

/** Measures in a process of its own, so that the first verification is one. */
export async function timeInNode(vector: Judgeable, runs: Runs): Promise<Times> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [program], (error, stdout) => {
      if (error) reject(error);
      else resolve(JSON.parse(stdout) as Times);
    });
    child.stdin!.end(JSON.stringify({ vector, runs }));
  });
}
