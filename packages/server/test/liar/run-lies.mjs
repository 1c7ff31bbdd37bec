// Lies instead of the answer to a run, by what they are. Each is called before the inputs are read.
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encode } from 'cborg';
import {
  dribble,
  flag,
  frame,
  lengths,
  loaded,
  outputs,
  pipe,
  ran,
  rawFrame,
  send,
  sendForEver,
  sleep,
  started,
  x,
  y,
} from './frames.mjs';

const answer = (tensors, bytes = outputs) => frame({ kind: 'ran', tensors }, bytes);
const refusal = (code, message) => frame({ kind: 'refused', code, message });
const ranHeader = encode({ kind: 'ran', tensors: [y, flag] });

/** Those for which a runner is killed at once. */
export const runLies = {
  'no outputs': () => send(answer([], new Uint8Array())),
  'one output': () => send(answer([y], new Uint8Array(8))),
  'three outputs': () => send(answer([y, flag, flag], new Uint8Array(10))),
  '257 outputs': () => send(answer(Array(257).fill(y))),
  'the outputs in another order': () => send(answer([flag, y])),
  'another name': () => send(answer([x, flag])),
  'another datatype': () => send(answer([{ ...y, datatype: 'INT32' }, flag])),
  'a datatype that does not exist': () => send(answer([{ ...y, datatype: 'FP8' }, flag])),
  'another shape than bytes': () => send(answer([{ ...y, shape: [3] }, flag])),
  'a shape that is a text': () => send(answer([{ ...y, shape: '2' }, flag])),
  'a free dimension': () => send(answer([{ ...y, shape: ['n'] }, flag])),
  'a dimension below zero': () => send(answer([{ ...y, shape: [-2] }, flag])),
  'a dimension of a half': () => send(answer([{ ...y, shape: [0.5] }, flag])),
  'dimensions beyond all': () => send(answer([{ ...y, shape: Array(8).fill(2 ** 31 - 1) }, flag])),
  'a rank of nine': () => send(answer([{ ...y, shape: [...Array(8).fill(1), 2] }, flag])),
  'a byte too few': () => send(answer([y, flag], outputs.subarray(1))),
  'a byte too many': () => send(answer([y, flag], new Uint8Array(10))),
  'no bytes': () => send(answer([y, flag], new Uint8Array())),
  'four gigabytes': () => send(lengths(ranHeader.length, 2 ** 32 - 1), ranHeader),
  'more than a reply may have': () => {
    // Honest but for its size, which the server has set.
    const header = encode({ kind: 'ran', tensors: [{ ...y, shape: [2 ** 28] }, flag] });
    send(lengths(header.length, 4 * 2 ** 28 + 1), header);
  },
  'a member too many': () => send(frame({ kind: 'ran', tensors: [y, flag], log: 'x' }, outputs)),
  'a refusal of a load': () => send(refusal('model-refused', 'no')),
  'a refusal in two lines': () => send(refusal('bad-input', 'one\ntwo')),
  'started again': () => send(started),
  'loaded again': () => send(loaded),
  'noise without end': () => sendForEver(Buffer.alloc(64 * 1024, 0xff)),
  'no CBOR': () => send(rawFrame(Buffer.alloc(16, 0xff))),
  'hangs up': () => {
    closeSync(pipe);
    for (;;) sleep(1000);
  },
};

/** Those that come to light only behind an answer that passes. */
export const doubleLies = {
  'two answers': () => send(ran, ran),
  'an answer and a byte': () => send(ran, new Uint8Array(1)),
  'answers without end': () => sendForEver(ran),
  'an answer within an answer': () => {
    const half = ran.length - outputs.length + 4;
    send(ran.subarray(0, half), ran, ran.subarray(half));
  },
};

/** Those that are only noticed because a run may not take for ever. */
export const slowRunLies = {
  'says nothing': () => undefined,
  'half of two lengths': () => send(ran.subarray(0, 4)),
  'half a header': () => send(ran.subarray(0, 20)),
  'half an answer': () => send(ran.subarray(0, ran.length - 1)),
  'a large answer that never comes': () => {
    const header = encode({ kind: 'ran', tensors: [{ ...y, shape: [2 ** 22] }, flag] });
    send(lengths(header.length, 4 * 2 ** 22 + 1), header);
  },
  'an answer that never comes to an end': () => {
    const header = encode({ kind: 'ran', tensors: [{ ...y, shape: [2 ** 20] }, flag] });
    send(lengths(header.length, 4 * 2 ** 20 + 1), header);
    dribble(new Uint8Array(8));
  },
  'stops itself': () => process.kill(process.pid, 'SIGSTOP'),
  // The process is killed; another one that it started has the pipe, and goes on.
  'an accomplice': () => {
    const program = fileURLToPath(new URL('accomplice.mjs', import.meta.url));
    spawn(process.execPath, [program, String(process.pid)], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', pipe],
    });
  },
};

/** Ends that are no lies. */
export const ends = {
  'an abort': () => process.abort(),
  'a hog': () => {
    const hoard = [];
    for (;;) hoard.push(Buffer.alloc(32 * 1024 ** 2, 1));
  },
  'a hog that aborts': () => {
    const hoard = Array.from({ length: 14 }, () => new Uint8Array(32 * 1024 ** 2));
    // Long enough for the watch to look; nothing is resident, but all of it counts.
    sleep(500);
    if (hoard.length > 0) process.abort();
  },
};
