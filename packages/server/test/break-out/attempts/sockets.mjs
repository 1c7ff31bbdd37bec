// Networks, and other ways to talk to whoever listens.
import { closeSync } from 'node:fs';
import { addressOf } from '../../../dist/platform/c-library.js';
import { structure } from './attempt.mjs';
import { callKernel } from './kernel-calls.mjs';

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const AF_PACKET = 17;
const AF_ALG = 38;
const AF_VSOCK = 40;
const AF_XDP = 44;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_SEQPACKET = 5;
const loopback = 0x0100_007f;

function withSocket(family, kind, protocol, use = () => undefined) {
  const socket = callKernel('socket', family, kind, protocol);
  try {
    use(socket);
  } finally {
    closeSync(socket);
  }
}

/** `struct sockaddr_in` of this machine. */
function here(port) {
  const address = structure(16, [0, 2, AF_INET], [4, 4, loopback]);
  new DataView(address.buffer).setUint16(2, port);
  return address;
}

/** `struct sockaddr_un` without a file, which begins with a zero. */
function abstract(name) {
  const bytes = new TextEncoder().encode(name);
  const address = structure(3 + bytes.length, [0, 2, AF_UNIX]);
  address.set(bytes, 3);
  return address;
}

function path(name) {
  const bytes = new TextEncoder().encode(`${name}\0`);
  const address = structure(2 + bytes.length, [0, 2, AF_UNIX]);
  address.set(bytes, 2);
  return address;
}

const connectTo = (family, kind, address) =>
  withSocket(family, kind, 0, (socket) => callKernel('connect', socket, address, address.length));

const justOpen =
  (family, kind, protocol = 0) =>
  () =>
    withSocket(family, kind, protocol);

export const group = 'networks and sockets';
export const attempts = [
  {
    name: 'connect by TCP',
    run: ({ sockets }) => connectTo(AF_INET, SOCK_STREAM, here(sockets.tcpPort)),
  },
  {
    name: 'send by UDP',
    run: ({ sockets }) =>
      withSocket(AF_INET, SOCK_DGRAM, 0, (socket) => {
        const address = here(sockets.tcpPort);
        callKernel('sendto', socket, new Uint8Array(1), 1, 0, address, address.length);
      }),
  },
  {
    name: 'listen',
    run: () =>
      withSocket(AF_INET, SOCK_STREAM, 0, (socket) => {
        callKernel('bind', socket, here(0), 16);
        callKernel('listen', socket, 1);
      }),
  },
  {
    name: 'connect to an abstract socket',
    run: ({ sockets }) => connectTo(AF_UNIX, SOCK_STREAM, abstract(sockets.abstractName)),
  },
  {
    name: 'connect to a socket in a folder',
    run: ({ sockets }) => connectTo(AF_UNIX, SOCK_STREAM, path(sockets.path)),
  },
  {
    name: 'wait at an abstract socket',
    run: () =>
      withSocket(AF_UNIX, SOCK_STREAM, 0, (socket) => {
        const address = abstract(`break-out-${process.pid}`);
        callKernel('bind', socket, address, address.length);
      }),
  },
  { name: 'open a socket of IPv6', run: justOpen(AF_INET6, SOCK_STREAM) },
  { name: 'open a raw socket', run: justOpen(AF_INET, SOCK_RAW, 1) },
  { name: 'open a socket of packets', run: justOpen(AF_PACKET, SOCK_RAW) },
  { name: 'talk to the kernel by netlink', run: justOpen(AF_NETLINK, SOCK_RAW) },
  { name: "use the kernel's ciphers", run: justOpen(AF_ALG, SOCK_SEQPACKET) },
  { name: 'talk to the host by vsock', run: justOpen(AF_VSOCK, SOCK_STREAM) },
  { name: 'open a socket of XDP', run: justOpen(AF_XDP, SOCK_RAW) },
  {
    name: 'open a pair of sockets',
    run: () => callKernel('socketpair', AF_UNIX, SOCK_STREAM, 0, new Uint8Array(8)),
  },
  {
    name: 'hand out a descriptor',
    run: () => {
      const pair = new Uint8Array(8);
      callKernel('socketpair', AF_UNIX, SOCK_STREAM, 0, pair);
      const [end] = new Int32Array(pair.buffer);
      const content = new Uint8Array(1);
      const vector = structure(16, [0, 8, addressOf(content)], [8, 8, 1]);
      // SOL_SOCKET, SCM_RIGHTS, and the standard input.
      const control = structure(24, [0, 8, 20], [8, 4, 1], [12, 4, 1], [16, 4, 0]);
      const message = structure(
        56,
        [16, 8, addressOf(vector)],
        [24, 8, 1],
        [32, 8, addressOf(control)],
        [40, 8, control.length],
      );
      callKernel('sendmsg', end, message, 0);
    },
  },
  { name: 'io_uring', run: () => closeSync(callKernel('io_uring_setup', 1, new Uint8Array(120))) },
];
