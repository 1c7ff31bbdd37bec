import { addressOf } from './c-library.ts';
import { callKernel } from './kernel.ts';

// On x86-64 and arm64 (socket(2), unix(7)).
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x4000_0000;

/** `struct cmsghdr` (size_t length, int level, int type) with one descriptor, padded. */
const controlBytes = 24;
const controlLength = 20;

/**
 * Two ends of a connection over which descriptors can be handed to another process. The caller closes both.
 *
 * @throws {SystemCallError}
 */
export function createSocketPair(): readonly [number, number] {
  const pair = new Uint8Array(8);
  callKernel('socketpair', AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
  const read = new DataView(pair.buffer);
  return [read.getInt32(0, true), read.getInt32(4, true)];
}

/**
 * Hands over a descriptor, with one byte; it stays open here.
 *
 * @throws {SystemCallError}
 */
export function sendDescriptor(socket: number, descriptor: number): void {
  const control = new Uint8Array(controlBytes);
  const write = new DataView(control.buffer);
  write.setBigUint64(0, BigInt(controlLength), true);
  write.setInt32(8, SOL_SOCKET, true);
  write.setInt32(12, SCM_RIGHTS, true);
  write.setInt32(16, descriptor, true);
  callKernel('sendmsg', socket, new Message(control).header, 0);
}

/**
 * Takes over a descriptor that was sent, without waiting; null if none came with what was sent.
 *
 * @throws {SystemCallError} `EAGAIN` if nothing was sent.
 */
export function receiveDescriptor(socket: number): number | null {
  const control = new Uint8Array(controlBytes);
  const { header } = new Message(control);
  const received = callKernel('recvmsg', socket, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  const read = new DataView(control.buffer);
  const isRight =
    received === 1 &&
    read.getBigUint64(0, true) === BigInt(controlLength) &&
    read.getInt32(8, true) === SOL_SOCKET &&
    read.getInt32(12, true) === SCM_RIGHTS;
  return isRight ? read.getInt32(16, true) : null;
}

/** `struct msghdr` with one byte of content; it keeps what it points to. */
class Message {
  readonly header = new Uint8Array(56);
  readonly #content = new Uint8Array(1);
  readonly #vector = new Uint8Array(16);
  readonly #control: Uint8Array;

  constructor(control: Uint8Array) {
    this.#control = control;
    const vector = new DataView(this.#vector.buffer);
    vector.setBigUint64(0, addressOf(this.#content), true);
    vector.setBigUint64(8, BigInt(this.#content.length), true);
    // name, its length, vectors, their count, control, its length, flags: each in 8 bytes.
    const header = new DataView(this.header.buffer);
    header.setBigUint64(16, addressOf(this.#vector), true);
    header.setBigUint64(24, 1n, true);
    header.setBigUint64(32, addressOf(this.#control), true);
    header.setBigUint64(40, BigInt(this.#control.length), true);
  }
}
