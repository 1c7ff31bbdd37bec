import { closeSync } from 'node:fs';
import { callKernel } from '../../platform/kernel.ts';
import type { Way } from './attempt.ts';
import type { TargetSockets } from './probes.ts';

// socket(2), on x86-64 and arm64.
const AF_UNIX = 1;
const AF_INET = 2;
const AF_NETLINK = 16;
const AF_ALG = 38;
const AF_VSOCK = 40;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_SEQPACKET = 5;

/** A connection to a port. */
export function connectTcp({ tcpPort }: TargetSockets): readonly Way[] {
  return [connect(AF_INET, internetAddress(tcpPort))];
}

/** A connection to a name that no folder holds. */
export function connectAbstract({ abstractName }: TargetSockets): readonly Way[] {
  return [connect(AF_UNIX, abstractAddress(abstractName))];
}

/** A datagram to a port. */
export function sendUdp({ udpPort }: TargetSockets): readonly Way[] {
  const address = internetAddress(udpPort);
  return [
    () =>
      withSocket(AF_INET, SOCK_DGRAM, (socket) => {
        callKernel('sendto', socket, new Uint8Array(1), 1, 0, address, address.length);
      }),
  ];
}

/** Sockets to the host of a virtual machine, to the kernel's tables, and to its cryptography. */
export function openOtherSockets(): readonly Way[] {
  const kinds = [
    [AF_VSOCK, SOCK_STREAM],
    [AF_NETLINK, SOCK_RAW],
    [AF_ALG, SOCK_SEQPACKET],
  ] as const;
  return kinds.map(
    ([family, type]) =>
      () =>
        withSocket(family, type, () => undefined),
  );
}

/** `struct sockaddr_in` of 127.0.0.1. */
export function internetAddress(port: number): Uint8Array {
  const address = new Uint8Array(16);
  const write = new DataView(address.buffer);
  write.setUint16(0, AF_INET, true);
  write.setUint16(2, port);
  address.set([127, 0, 0, 1], 4);
  return address;
}

/** `struct sockaddr_un` of a name in the abstract namespace. */
export function abstractAddress(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  const address = new Uint8Array(3 + bytes.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(bytes, 3);
  return address;
}

function connect(family: number, address: Uint8Array): Way {
  return () =>
    withSocket(family, SOCK_STREAM, (socket) => {
      callKernel('connect', socket, address, address.length);
    });
}

function withSocket(family: number, type: number, use: (socket: number) => void): void {
  const socket = callKernel('socket', family, type, 0);
  try {
    use(socket);
  } finally {
    closeSync(socket);
  }
}
