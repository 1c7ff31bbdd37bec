// A runner that lies: the "model" it is given is the name of the lie. Where the lie comes later it first does
// what an honest runner would do for a model y = x with a flag.
import { closeSync, readSync, writeSync } from 'node:fs';
import { encode } from 'cborg';
import { encodeFrame, maxHeaderBytes } from '../../../dist/inference/framing.js';
import { cageSteps } from '../../../dist/inference/messages.js';
import { readFrameStart, skipPayload } from '../../../dist/runner/channel.js';

const spec = { name: 'x', datatype: 'FP32', shape: [2] };
const y = { ...spec, name: 'y' };
const flag = { name: 'flag', datatype: 'BOOL', shape: [1] };
const outputs = new Uint8Array(9);

const started = frame({ kind: 'started', cage: cageSteps });
const loaded = frame({ kind: 'loaded', inputs: [spec], outputs: [y, flag] });
const ran = frame({ kind: 'ran', tensors: [y, flag] }, outputs);

/** Lies instead of the answer to `load`. */
const loadLies = {
  'no cage': () => send(frame({ kind: 'started', cage: [] }), loaded),
  'another kind': () => send(frame({ kind: 'hello' })),
  'started twice': () => send(started, started),
  'loaded before started': () => send(loaded, started),
  'a datatype of its own': () =>
    send(started, frame({ kind: 'loaded', inputs: [{ ...spec, datatype: 'FP16' }], outputs: [y] })),
  'a rank of nine': () =>
    send(
      started,
      frame({ kind: 'loaded', inputs: [{ ...spec, shape: Array(9).fill(1) }], outputs: [y] }),
    ),
  'a refusal of a run': () =>
    send(started, frame({ kind: 'refused', code: 'bad-input', message: 'no' })),
  'a refusal in two lines': () =>
    send(started, frame({ kind: 'refused', code: 'model-refused', message: 'one\ntwo' })),
  'no frame': () => send(started, new Uint8Array(64).fill(0xff)),
  'no CBOR': () => send(started, lengths(4, 0), new Uint8Array(4).fill(0xff)),
  'an endless header': () => send(started, lengths(maxHeaderBytes + 1, 0)),
  'a payload where none belongs': () =>
    send(
      started,
      lengths(encode({ kind: 'loaded' }).length, 2 ** 32 - 1),
      encode({ kind: 'loaded' }),
    ),
  'hangs up': () => {
    send(started);
    closeSync(3);
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  },
  'ends with a status': () => process.exit(3),
  'says nothing': () => undefined,
  'says half a frame': () => send(started, loaded.subarray(0, 20)),
};

/** Lies after an honest start, before anything is asked. */
const idleLies = {
  'an answer that nobody asked for': () => send(ran),
};

/** Lies instead of the answer to a run. */
const runLies = {
  'one output': () => send(frame({ kind: 'ran', tensors: [y] }, new Uint8Array(8))),
  'three outputs': () => send(frame({ kind: 'ran', tensors: [y, flag, flag] }, new Uint8Array(10))),
  'another name': () => send(frame({ kind: 'ran', tensors: [spec, flag] }, outputs)),
  'another datatype': () =>
    send(frame({ kind: 'ran', tensors: [{ ...y, datatype: 'INT32' }, flag] }, outputs)),
  'another shape than bytes': () =>
    send(frame({ kind: 'ran', tensors: [{ ...y, shape: [3] }, flag] }, outputs)),
  'a dimension below zero': () =>
    send(frame({ kind: 'ran', tensors: [{ ...y, shape: [-2] }, flag] }, outputs)),
  'a byte too few': () => send(frame({ kind: 'ran', tensors: [y, flag] }, outputs.subarray(1))),
  'a byte too many': () => send(frame({ kind: 'ran', tensors: [y, flag] }, new Uint8Array(10))),
  'four gigabytes': () => {
    const header = encode({ kind: 'ran', tensors: [y, flag] });
    send(lengths(header.length, 2 ** 32 - 1), header);
  },
  'a refusal of a load': () =>
    send(frame({ kind: 'refused', code: 'model-refused', message: 'no' })),
  'loaded again': () => send(loaded),
  'two answers': () => send(ran, ran),
  'half an answer': () => send(ran.subarray(0, ran.length - 1)),
  'an abort': () => process.abort(),
  'a hog': () => {
    const hoard = [];
    for (;;) hoard.push(Buffer.alloc(32 * 1024 ** 2, 1));
  },
  'a hog that aborts': () => {
    const hoard = Array.from({ length: 14 }, () => new Uint8Array(32 * 1024 ** 2));
    // Long enough for the watch to look; nothing is resident, but all of it counts.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    if (hoard.length > 0) process.abort();
  },
};

const { header } = readFrameStart();
const name = Buffer.alloc(header.modelBytes);
readSync(4, name, 0, name.length, 0);
const lie = name.toString();

if (lie in loadLies) loadLies[lie]();
else {
  send(started, loaded);
  idleLies[lie]?.();
  for (;;) {
    skipPayload(readFrameStart().payloadBytes);
    if (lie in runLies) runLies[lie]();
    else send(ran);
  }
}
// Whoever lied waits for what comes of it.
for (;;) skipPayload(readFrameStart().payloadBytes);

function frame(message, ...payload) {
  return Buffer.concat(encodeFrame(message, payload));
}

function lengths(headerBytes, payloadBytes) {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(headerBytes, 0);
  bytes.writeUInt32LE(payloadBytes, 4);
  return bytes;
}

function send(...parts) {
  for (const part of parts) {
    for (let sent = 0; sent < part.length;) sent += writeSync(3, part, sent);
  }
}
