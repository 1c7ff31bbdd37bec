import { randomBytes } from 'node:crypto';
import { readdirSync, writeSync } from 'node:fs';
import { addressOf } from '../../platform/c-library.ts';
import { callKernel } from '../../platform/kernel.ts';
import { createMemfd } from '../../platform/memfd.ts';
import { dieWithParent, endProcess } from '../../platform/process-control.ts';
import { HungUp, readFrameStart, send, skipPayload } from '../channel.ts';
import type { TargetProcess, TargetSockets } from './probes.ts';
import { abstractAddress, internetAddress } from './sockets.ts';

/*
 * Stands in for the server, and for another runner: a process of the server's user, started as runners are,
 * with nothing around it. It holds what attempts are aimed at, and none of it means anything.
 */

const AF_UNIX = 1;
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;

/** Held for as long as this process lives. */
const canary = randomBytes(32);

function makeTarget(): TargetProcess {
  const descriptor = createMemfd('canary');
  writeSync(descriptor, canary);
  const threads = readdirSync('/proc/self/task').map(Number);
  return {
    pid: process.pid,
    threads: [process.pid, ...threads.filter((thread) => thread !== process.pid)],
    canaryAddress: String(addressOf(canary)),
    canaryBytes: canary.length,
    descriptor,
  };
}

function listen(): TargetSockets {
  const abstractName = `blindai-probe-${randomBytes(8).toString('hex')}`;
  open(AF_UNIX, SOCK_STREAM, abstractAddress(abstractName));
  return {
    abstractName,
    tcpPort: portOf(open(AF_INET, SOCK_STREAM, internetAddress(0))),
    udpPort: portOf(open(AF_INET, SOCK_DGRAM, internetAddress(0))),
  };
}

/** The kernel takes connections for us: nobody has to accept them. */
function open(family: number, type: number, address: Uint8Array): number {
  const socket = callKernel('socket', family, type, 0);
  callKernel('bind', socket, address, address.length);
  if (type === SOCK_STREAM) callKernel('listen', socket, 16);
  return socket;
}

function portOf(socket: number): number {
  const address = internetAddress(0);
  const length = Uint8Array.of(address.length, 0, 0, 0);
  callKernel('getsockname', socket, address, length);
  return new DataView(address.buffer).getUint16(2);
}

try {
  dieWithParent();
  send({ kind: 'target', target: makeTarget(), sockets: listen() });
  for (;;) skipPayload(readFrameStart().payloadBytes);
} catch (error) {
  endProcess(error instanceof HungUp ? 0 : 1);
}
