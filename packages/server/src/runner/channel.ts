import { readSync, writeSync } from 'node:fs';
import {
  decodePrefix,
  encodeFrame,
  HeaderDecoder,
  prefixBytes,
  type FrameHeader,
} from '../inference/framing.ts';
import type { RunnerMessage } from '../inference/messages.ts';
import type { ProberMessage, TargetMessage } from './probes/probes.ts';

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

/** A small frame is read, and written, at one stroke: each call costs more than a few kilobytes. */
const incoming = new Uint8Array(64 * 1024);
const outgoing = new Uint8Array(64 * 1024);
/** What was read of {@link incoming} and is not used yet. */
let at = 0;
let end = 0;

const headers = new HeaderDecoder();

/**
 * Waits for a frame and reads its header; the payload is read afterwards.
 *
 * @throws {HungUp}
 */
export function readFrameStart(): { header: FrameHeader; payloadBytes: number } {
  const { headerBytes, payloadBytes } = decodePrefix(readInto(new Uint8Array(prefixBytes)));
  return { header: headers.decode(readInto(new Uint8Array(headerBytes))), payloadBytes };
}

/**
 * Fills the bytes from the pipe.
 *
 * @throws {HungUp}
 */
export function readInto(bytes: Uint8Array): Uint8Array {
  for (let filled = 0; filled < bytes.length;) {
    const left = bytes.length - filled;
    if (at === end && left >= incoming.length) {
      filled += read(bytes, filled);
      continue;
    }
    if (at === end) {
      at = 0;
      end = read(incoming, 0);
    }
    const part = incoming.subarray(at, Math.min(end, at + left));
    bytes.set(part, filled);
    filled += part.length;
    at += part.length;
  }
  return bytes;
}

function read(bytes: Uint8Array, from: number): number {
  const count = readSync(pipe, bytes, from, bytes.length - from, null);
  if (count === 0) throw new HungUp();
  return count;
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
export function send(
  message: RunnerMessage | ProberMessage | TargetMessage,
  payload: readonly Uint8Array[] = [],
): void {
  const parts = encodeFrame(message, payload);
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  if (bytes > outgoing.length) {
    for (const part of parts) write(part);
    return;
  }
  let filled = 0;
  for (const part of parts) {
    outgoing.set(part, filled);
    filled += part.length;
  }
  write(outgoing.subarray(0, filled));
}

function write(bytes: Uint8Array): void {
  for (let sent = 0; sent < bytes.length;) {
    sent += writeSync(pipe, bytes, sent, bytes.length - sent);
  }
}
