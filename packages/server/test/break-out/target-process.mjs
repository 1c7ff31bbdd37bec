import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./target.mjs', import.meta.url));

/** Starts a process that holds what may be reached for: memory, a file, listening sockets. */
export async function startTarget(socketPath) {
  const child = spawn(process.execPath, [program, socketPath], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value } = await lines.next();
  if (value === undefined) throw new Error('the target did not start');
  return { ...JSON.parse(value), stop: () => child.stdin.end() };
}
