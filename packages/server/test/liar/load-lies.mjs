// Lies instead of the answer to `load`, by what they are.
import { closeSync } from 'node:fs';
import { encode } from 'cborg';
import { maxHeaderBytes } from '../../dist/inference/framing.js';
import {
  dribble,
  flag,
  frame,
  lengths,
  loaded,
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

const loadedWith = (inputs, outputs = [y]) => frame({ kind: 'loaded', inputs, outputs });
const refusal = (code, message, more = {}) => frame({ kind: 'refused', code, message, ...more });
const header = encode({ kind: 'loaded', inputs: [], outputs: [] });
const noise = Buffer.alloc(64 * 1024, 0xff);

/** Those for which a runner is killed at once. */
export const loadLies = {
  'another kind': () => send(frame({ kind: 'hello' })),
  'a kind that is no text': () => send(rawFrame(encode({ kind: 7 }))),
  'loaded before started': () => send(loaded, started),
  'ran before started': () => send(ran),
  'started twice': () => send(started, started),
  'started with a payload': () => send(rawFrame(started.subarray(8), new Uint8Array(4))),
  'ran instead of loaded': () => send(started, ran),

  'a member too many': () =>
    send(started, frame({ kind: 'loaded', inputs: [], outputs: [], path: '/etc/passwd' })),
  'a member too few': () => send(started, frame({ kind: 'loaded', inputs: [] })),
  'a member twice': () =>
    send(started, rawFrame(Buffer.from('a2646b696e646161646b696e646162', 'hex'))),
  'inputs that are no list': () => send(started, loadedWith({ 0: x })),
  '257 inputs': () =>
    send(started, loadedWith(Array.from({ length: 257 }, (_, at) => ({ ...x, name: `${at}` })))),
  'two inputs of one name': () => send(started, loadedWith([x, x])),
  'a name of 513 bytes': () => send(started, loadedWith([{ ...x, name: 'n'.repeat(513) }])),
  'a name that is bytes': () => send(started, loadedWith([{ ...x, name: new Uint8Array(4) }])),
  'a datatype of its own': () => send(started, loadedWith([{ ...x, datatype: 'FP16' }])),
  'a datatype that is a property': () =>
    send(started, loadedWith([{ ...x, datatype: 'constructor' }])),
  'a rank of nine': () => send(started, loadedWith([{ ...x, shape: Array(9).fill(1) }])),
  'a dimension below zero': () => send(started, loadedWith([{ ...x, shape: [-1] }])),
  'a dimension of a half': () => send(started, loadedWith([{ ...x, shape: [0.5] }])),
  'a dimension beyond all': () => send(started, loadedWith([{ ...x, shape: [2 ** 31] }])),
  'a dimension that is a list': () => send(started, loadedWith([{ ...x, shape: [[1]] }])),
  'outputs that are null': () => send(started, loadedWith([x], null)),
  'an input that is a text': () => send(started, loadedWith(['x'])),

  'a refusal of a run': () => send(started, refusal('bad-input', 'no')),
  'a refusal with a code of its own': () => send(started, refusal('internal', 'no')),
  'a refusal in two lines': () => send(started, refusal('model-refused', 'one\ntwo')),
  'a refusal that acts on a terminal': () => send(started, refusal('model-refused', '\u001b[2J')),
  'a refusal without words': () => send(started, refusal('model-refused', '')),
  'a refusal that is too long': () => send(started, refusal('model-refused', 'n'.repeat(401))),
  'a refusal with more': () => send(started, refusal('model-refused', 'no', { retry: true })),
  'a refusal with a payload': () =>
    send(started, frame({ kind: 'refused', code: 'model-refused', message: 'no' }, flag1())),

  'no frame': () => send(started, noise.subarray(0, 64)),
  'no CBOR': () => send(started, rawFrame(new Uint8Array(4).fill(0xff))),
  'CBOR that goes on': () => send(started, rawFrame(Buffer.concat([header, encode(0)]))),
  'a header of nothing': () => send(started, lengths(0, 0)),
  'a header beyond its limit': () => send(started, lengths(maxHeaderBytes + 1, 0)),
  'a header of four gigabytes': () => send(started, lengths(2 ** 32 - 1, 2 ** 32 - 1)),
  'a header nested without end': () =>
    send(started, rawFrame(new Uint8Array(maxHeaderBytes).fill(0x81))),
  'a header of an endless list': () =>
    // A map of one member, a list of 2^32 - 1.
    send(started, rawFrame(Buffer.from('a1646b696e649affffffff', 'hex'))),
  'a header with another prototype': () =>
    send(started, rawFrame(Buffer.from('a1695f5f70726f746f5f5fa1646b696e6466737461727465', 'hex'))),
  'a payload where none belongs': () => send(started, lengths(header.length, 2 ** 32 - 1), header),
  'noise without end': () => sendForEver(noise),
  'frames without end': () => sendForEver(started),
  'hangs up': () => {
    send(started);
    closeSync(pipe);
    for (;;) sleep(1000);
  },
};

/** Those that come to light only behind an answer that passes. */
export const doubleLoadLies = {
  'a byte more': () => send(started, loaded, new Uint8Array(1)),
  'loaded without end': () => {
    send(started);
    sendForEver(loaded);
  },
};

/** Those that are only noticed because a load may not take for ever. */
export const slowLoadLies = {
  'says nothing': () => undefined,
  'says half of two lengths': () => send(started.subarray(0, 5)),
  'says half a header': () => send(started.subarray(0, 20)),
  'says half a second frame': () => send(started, loaded.subarray(0, 20)),
  'never comes to an end': () => dribble(frame({ kind: 'x'.repeat(100_000) })),
  'stops itself': () => process.kill(process.pid, 'SIGSTOP'),
};

function flag1() {
  return new Uint8Array(flag.shape[0]);
}
