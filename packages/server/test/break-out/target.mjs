// A process to reach for: it holds bytes of no meaning, listens, and has a file open.
import { openSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { addressOf } from '../../dist/platform/c-library.js';
import { callKernel } from '../../dist/platform/kernel.js';

const [socketPath] = process.argv.slice(2);
const canary = new Uint8Array(4096).fill(0x2a);
const abstractName = `break-out-target-${process.pid}`;

const listen = (where) =>
  new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy()).listen(where, () => resolve(server));
  });

const tcp = await listen({ port: 0, host: '127.0.0.1' });
await listen({ path: socketPath });
listenAtAbstract();
const report = {
  pid: process.pid,
  thread: process.pid,
  canaryAddress: String(addressOf(canary)),
  descriptor: openSync('/proc/self/status'),
  sockets: { tcpPort: tcp.address().port, abstractName, path: socketPath },
};
writeSync(1, `${JSON.stringify(report)}\n`);
// Ends when whoever started it does.
process.stdin.resume().on('end', () => process.exit(0));
setInterval(() => canary.fill(0x2a), 60_000);

/** Past Node, which pads such names. */
function listenAtAbstract() {
  const name = new TextEncoder().encode(abstractName);
  const address = Uint8Array.from([1, 0, 0, ...name]);
  const socket = callKernel('socket', 1, 1, 0);
  callKernel('bind', socket, address, address.length);
  callKernel('listen', socket, 16);
}
