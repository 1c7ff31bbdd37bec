// What a liar says, byte by byte: honest frames to begin with, and the means to write other ones.
import { writeSync } from 'node:fs';
import { encodeFrame } from '../../dist/inference/framing.js';
import { leastDemanded } from '../../dist/inference/runner-cage.js';

/** The pipe to the server. */
export const pipe = 3;

export const x = { name: 'x', datatype: 'FP32', shape: [2] };
export const y = { ...x, name: 'y' };
export const flag = { name: 'flag', datatype: 'BOOL', shape: [1] };
export const outputs = new Uint8Array(9);

/** No more than has to be in force: what is said beyond that is looked for. */
const cage = leastDemanded.map((mechanism) => ({ mechanism, inForce: true, detail: 'a lie' }));

export const started = frame({ kind: 'started', cage });
export const loaded = frame({ kind: 'loaded', inputs: [x], outputs: [y, flag] });
export const ran = frame({ kind: 'ran', tensors: [y, flag] }, outputs);

export function frame(message, ...payload) {
  return Buffer.concat(encodeFrame(message, payload));
}

/** A frame whose header is any bytes. */
export function rawFrame(header, payload = new Uint8Array()) {
  return Buffer.concat([lengths(header.length, payload.length), header, payload]);
}

export function lengths(headerBytes, payloadBytes) {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(headerBytes, 0);
  bytes.writeUInt32LE(payloadBytes, 4);
  return bytes;
}

export function send(...parts) {
  for (const part of parts) {
    for (let sent = 0; sent < part.length;) sent += writeSync(pipe, part, sent);
  }
}

/** Says the same until nobody listens. */
export function sendForEver(bytes) {
  for (;;) send(bytes);
}

/** Says it so slowly that it never ends. */
export function dribble(bytes) {
  for (let at = 0; ; at = (at + 1) % bytes.length) {
    send(bytes.subarray(at, at + 1));
    sleep(20);
  }
}

export function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
