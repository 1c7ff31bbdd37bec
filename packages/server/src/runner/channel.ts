import { readSync, writeSync } from 'node:fs';
import {
  decodeHeader,
  decodePrefix,
  encodeFrame,
  prefixBytes,
  type FrameHeader,
} from '../inference/framing.ts';
import type { RunnerMessage } from '../inference/messages.ts';

/** The descriptor of the pipe to the server. */
const pipe = 3;

/** The server hung up: there is nothing left to do. */
export class HungUp extends Error {
  override readonly name = 'HungUp';
}

/*
 * Reads and writes block: a runner does one thing at a time, and the engine blocks its thread anyway. That
 * the server ended is noticed here between two runs, and by the kernel within one.
 */

/**
 * Waits for a frame and reads its header; the payload is read afterwards.
 *
 * @throws {HungUp}
 */
export function readFrameStart(): { header: FrameHeader; payloadBytes: number } {
  const { headerBytes, payloadBytes } = decodePrefix(readInto(new Uint8Array(prefixBytes)));
  return { header: decodeHeader(readInto(new Uint8Array(headerBytes))), payloadBytes };
}

/**
 * Fills the bytes from the pipe.
 *
 * @throws {HungUp}
 */
export function readInto(bytes: Uint8Array): Uint8Array {
  for (let filled = 0; filled < bytes.length;) {
    const read = readSync(pipe, bytes, filled, bytes.length - filled, null);
    if (read === 0) throw new HungUp();
    filled += read;
  }
  return bytes;
}

/**
 * Reads past a payload in constant memory.
 *
 * @throws {HungUp}
 */
export function skipPayload(payloadBytes: number): void {
  const scratch = new Uint8Array(64 * 1024);
  for (let left = payloadBytes; left > 0; left -= scratch.length) {
    readInto(scratch.subarray(0, Math.min(left, scratch.length)));
  }
}

/** Sends one frame. */
export function send(message: RunnerMessage, payload: readonly Uint8Array[] = []): void {
  for (const part of encodeFrame(message, payload)) {
    for (let sent = 0; sent < part.length;) {
      sent += writeSync(pipe, part, sent, part.length - sent);
    }
  }
}
