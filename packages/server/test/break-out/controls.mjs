// The attempts without a cage: only what works there can be stopped by it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes each attempt without a cage, as this process's user. One that ends its process is told by how.
 *
 * @param folder - Where the processes work.
 */
export async function makeControls(attacker, attempts, plan, folder) {
  const endings = attempts.map(() => ({ errno: null, call: null }));
  for (const together of batchesOf(attempts)) {
    for (let left = together; left.length > 0;) {
      const { output, how } = await runToEnd([attacker, '--control', left.join()], plan, folder);
      const lines = output.split('\n').filter((line) => line !== '');
      for (const [at, line] of lines.entries()) endings[left[at]] = JSON.parse(line);
      // Whatever was tried next ended the process.
      if (lines.length < left.length) endings[left[lines.length]] = { errno: how, call: null };
      left = left.slice(lines.length + 1);
    }
  }
  return endings;
}

/** The numbers of those that are made in one process. */
function batchesOf(attempts) {
  const batches = new Map();
  for (const [index, { apart = '', isOnlyInCage = false }] of attempts.entries()) {
    if (isOnlyInCage) continue;
    batches.set(apart, [...(batches.get(apart) ?? []), index]);
  }
  return batches.values();
}

async function runToEnd(args, input, folder) {
  // Something to find and to write to, where a runner has its model.
  const path = join(folder, 'model');
  const open = openSync(path, 'w+');
  rmSync(path);
  const stray = openSync(folder, 'r');
  const child = spawn(process.execPath, ['--jitless', '--expose-gc', ...args], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'ignore', 'pipe', open, 'pipe', stray],
    env: {},
  });
  closeSync(open);
  closeSync(stray);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stdin.on('error', () => undefined).end(input);
  const [status, signal] = await once(child, 'close');
  return { output, how: signal ?? `status ${status}` };
}
