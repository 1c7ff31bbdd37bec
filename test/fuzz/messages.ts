import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { encodeDelete, encodeRun, encodeUpload } from '@blindai/protocol';
import { identity } from '../../packages/server/test/onnx/models.ts';
import { floats } from '../../packages/server/test/onnx/tensors.ts';
import { sharedFolder } from '../support/optional.ts';
import type { Chance } from './chance.ts';

/** A body, and whether it is certain that no server may take it. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly isBad: boolean;
}

/** The routes that take a message. */
export type MessageRoute = '/upload' | '/run' | '/delete';

/** What fits the model that the fuzzed server holds: `y = x`. */
export const fuzzedModel: Uint8Array = identity();

const unknownId = '5f0c2f0e-51a1-4f7c-9a51-6f9dd3a4b111';

/** One CBOR item by its initial byte's two parts, with an argument of a stated width (RFC 8949 §3). */
function item(major: number, argument: number, width: 0 | 1 | 2 | 4 | 8 = 0): Buffer {
  if (width === 0) return Buffer.from([(major << 5) | argument]);
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = (major << 5) | (24 + Math.log2(width));
  if (width === 8) bytes.writeBigUInt64BE(BigInt(argument), 1);
  else bytes.writeUIntBE(argument, 1, width);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([item(3, bytes.length, 2), bytes]);
}

/** In the shortest form, as a key has to be. */
function key(value: string): Buffer {
  return Buffer.concat([item(3, value.length), Buffer.from(value)]);
}

const shortText = (value: string): Buffer =>
  value.length < 24 ? key(value) : Buffer.concat([item(3, value.length, 1), Buffer.from(value)]);

type Pairs = readonly (readonly [string, Buffer])[];

function map(pairs: Pairs): Buffer {
  return Buffer.concat([
    item(5, pairs.length),
    ...pairs.flatMap(([name, held]) => [key(name), held]),
  ]);
}

function without(pairs: Pairs, name: string): Pairs {
  return pairs.filter(([known]) => known !== name);
}

function withValue(pairs: Pairs, name: string, held: Buffer): Pairs {
  return [...without(pairs, name), [name, held]];
}

const none = Buffer.from([0xf6]);
const yes = Buffer.from([0xf5]);

function tensor(changes: Record<string, Buffer> = {}): Buffer {
  const info: Pairs = [
    ['fact', changes['fact'] ?? Buffer.from([0x81, 0x01])],
    ['datum_type', changes['datum_type'] ?? key('F32')],
    ['node_name', changes['node_name'] ?? key('x')],
  ];
  return map([
    ['info', map(info)],
    ['bytes_data', changes['bytes_data'] ?? Buffer.from([0x44, 0, 0, 0x80, 0x3f])],
  ]);
}

/** Every message in its parts, so that each part can be put wrong. */
const partsOf: Record<MessageRoute, (modelId: string) => Pairs> = {
  '/upload': () => [
    ['model', Buffer.concat([item(2, fuzzedModel.length, 1), fuzzedModel])],
    ['length', item(0, fuzzedModel.length, 1)],
    ['model_name', key('fuzz')],
    ['optimize', yes],
  ],
  '/run': (modelId) => [
    ['model_id', shortText(modelId)],
    ['model_hash', key('')],
    ['inputs', Buffer.concat([item(4, 1), tensor()])],
  ],
  '/delete': () => [['model_id', shortText(unknownId)]],
};

const deep = (times: number): Buffer => Buffer.alloc(times, 0x81);
const inputs = (changes: Record<string, Buffer>): Buffer =>
  Buffer.concat([item(4, 1), tensor(changes)]);

/** Ways to put one part of a message wrong. */
const wrongValues: Record<MessageRoute, readonly (readonly [string, Buffer])[]> = {
  '/upload': [
    ['model', none],
    ['model', Buffer.from([0x81, 0x19, 0x01, 0x00])],
    ['model', Buffer.from([0x82, 0x18, 0x01, 0x01])],
    ['model', Buffer.from([0x5f, 0x5f, 0xff, 0xff])],
    ['model', item(2, 2 ** 52, 8)],
    ['model', item(4, 2 ** 40, 8)],
    ['length', item(0, fuzzedModel.length + 1, 1)],
    ['length', item(0, 5, 1)],
    ['length', item(0, 2 ** 52, 8)],
    ['length', Buffer.from([0x20])],
    ['model_name', text('n'.repeat(600))],
    ['model_name', Buffer.from([0x62, 0xc3, 0x28])],
    ['optimize', item(0, 1)],
    ['sha256', Buffer.concat([item(2, 32, 1), Buffer.alloc(32)])],
    ['sha256', Buffer.concat([item(2, 31, 1), Buffer.alloc(31)])],
    ['runner', key('root')],
    ['batch_across_callers', item(0, 0)],
    ['client_info', Buffer.concat([deep(40), yes])],
    ['client_info', Buffer.concat([item(2, 20_000, 2), Buffer.alloc(20_000)])],
  ],
  '/run': [
    ['model_hash', shortText('ab'.repeat(32))],
    ['model_id', key('')],
    ['model_id', shortText(unknownId)],
    ['model_id', text('n'.repeat(600))],
    ['inputs', none],
    ['inputs', item(4, 0)],
    ['inputs', Buffer.concat([item(4, 257, 2), ...Array<Buffer>(257).fill(tensor())])],
    ['inputs', item(4, 2 ** 52, 8)],
    ['inputs', Buffer.concat([item(4, 2), tensor(), tensor()])],
    ['inputs', Buffer.concat([item(4, 2), tensor(), tensor({ node_name: none })])],
    ['inputs', inputs({ fact: Buffer.concat([item(4, 9), Buffer.alloc(9, 1)]) })],
    ['inputs', inputs({ fact: Buffer.from([0x81, 0x02]) })],
    ['inputs', inputs({ fact: Buffer.from([0x81, 0x20]) })],
    ['inputs', inputs({ fact: Buffer.concat([item(4, 1), item(0, 2 ** 52, 8)]) })],
    [
      'inputs',
      inputs({ fact: Buffer.concat([item(4, 8), ...Array<Buffer>(8).fill(item(0, 2 ** 31, 4))]) }),
    ],
    ['inputs', inputs({ datum_type: key('F128') })],
    ['inputs', inputs({ datum_type: item(0, 11) })],
    ['inputs', inputs({ datum_type: item(0, 3) })],
    ['inputs', inputs({ node_name: key('__proto__') })],
    ['inputs', inputs({ node_name: text('n'.repeat(600)) })],
    ['inputs', inputs({ bytes_data: Buffer.from([0x43, 0, 0, 0]) })],
    ['inputs', inputs({ bytes_data: item(2, 2 ** 52, 8) })],
    ['inputs', inputs({ bytes_data: Buffer.from([0x84, 0, 0, 0, 0]) })],
    ['client_info', Buffer.concat([deep(40), yes])],
  ],
  '/delete': [
    ['model_id', none],
    ['model_id', text('n'.repeat(600))],
    ['model_id', Buffer.from([0x7f, 0x61, 0x61, 0xff])],
    ['model_id', deep(40)],
  ],
};

/** Ways to put a whole message wrong. */
const spoilers: readonly ((message: Buffer, pairs: Pairs, chance: Chance) => Buffer)[] = [
  // Truncated.
  (message, _pairs, chance) => message.subarray(0, chance.below(message.length)),
  // Followed by something.
  (message, _pairs, chance) => Buffer.concat([message, chance.bytes(1 + chance.below(9))]),
  // A key twice.
  (_message, pairs, chance) => map([...pairs, chance.of(pairs)]),
  // An unknown key.
  (_message, pairs) => map([...pairs, ['constructor', yes]]),
  // A key too few; those that may be missing are not among them.
  (_message, pairs) => map(pairs.slice(0, -1)),
  // A length that is not in its shortest form.
  (message) => Buffer.concat([item(5, message[0]! & 0x1f, 1), message.subarray(1)]),
  (message) => Buffer.concat([item(5, message[0]! & 0x1f, 8), message.subarray(1)]),
  // Of indefinite length.
  (message) => Buffer.concat([Buffer.from([0xbf]), message.subarray(1), Buffer.from([0xff])]),
  // Tagged as CBOR, in a list, nested without end.
  (message) => Buffer.concat([Buffer.from([0xd9, 0xd9, 0xf7]), message]),
  (message) => Buffer.concat([deep(1), message]),
  (_message, _pairs, chance) => deep(1 + chance.below(60_000)),
  (_message, _pairs, chance) => Buffer.alloc(1 + chance.below(60_000), 0xbf),
  // Announced and never sent.
  (_message, _pairs, chance) => item(chance.below(8), 2 ** 52, 8),
  // Other bytes.
  () => Buffer.from('{"inputs": []}'),
  () => Buffer.alloc(0),
];

/** A message that no server may take. */
function spoiled(route: MessageRoute, modelId: string, chance: Chance): Buffer {
  const pairs = partsOf[route](modelId);
  if (chance.oneIn(2)) {
    const [name, held] = chance.of(wrongValues[route]);
    return map(withValue(pairs, name, held));
  }
  return chance.of(spoilers)(map(pairs), pairs, chance);
}

/** Messages that a server takes, as they were recorded from the original client. */
const recorded = recordedMessages();

function recordedMessages(): Record<MessageRoute, readonly Buffer[]> {
  const folder = `${sharedFolder}/interop/blindai-client`;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const of = (route: string): Buffer[] =>
    names
      .filter((name) => name.includes(`-${route}`) && name.endsWith('.request.cbor'))
      .map((name) => readFileSync(`${folder}/${name}`));
  return { '/upload': of('upload'), '/run': of('run'), '/delete': of('delete') };
}

/** The same as our client sends them. */
const taken: Record<MessageRoute, (modelId: string, chance: Chance) => Uint8Array> = {
  '/upload': (_modelId, chance) => {
    const { head, tail } = encodeUpload({
      length: fuzzedModel.length,
      modelName: 'fuzz',
      optimize: chance.oneIn(2),
      sha256: null,
      batchAcrossCallers: chance.oneIn(2),
      runner: 'shared',
    });
    return Buffer.concat([head, fuzzedModel, tail]);
  },
  '/run': (modelId, chance) =>
    Buffer.concat(
      encodeRun({ modelId, modelHash: null, inputs: [floats('x', chance.below(100))] }),
    ),
  '/delete': () => encodeDelete({ modelId: unknownId }),
};

function takenMessage(route: MessageRoute, modelId: string, chance: Chance): Uint8Array {
  const isRecorded = recorded[route].length > 0 && chance.oneIn(2);
  return isRecorded ? chance.of(recorded[route]) : taken[route](modelId, chance);
}

/** A number that parsers get wrong, as bytes. */
const edges = [
  0x00, 0x17, 0x18, 0x19, 0x1b, 0x1f, 0x5f, 0x7f, 0x80, 0x9f, 0xbf, 0xc0, 0xf6, 0xfb, 0xff,
];

/** Changes a few bytes anywhere, and may well leave a message that is taken. */
export function mutated(bytes: Uint8Array, chance: Chance): Uint8Array {
  let changed = Buffer.from(bytes);
  for (let times = 1 + chance.below(4); times > 0; times--) {
    const at = chance.below(changed.length + 1);
    const end = at + chance.below(9);
    const [before, after] = [changed.subarray(0, at), changed.subarray(at)];
    switch (chance.below(5)) {
      case 0:
        if (at < changed.length) changed[at]! ^= 1 << chance.below(8);
        break;
      case 1:
        if (at < changed.length) changed[at] = chance.of(edges);
        break;
      case 2:
        changed = Buffer.concat([before, chance.bytes(1 + chance.below(9)), after]);
        break;
      case 3:
        changed = Buffer.concat([before, changed.subarray(end)]);
        break;
      case 4:
        changed = Buffer.concat([before, changed.subarray(at, end), after]);
        break;
    }
  }
  return changed;
}

/** A message for a route: for certain a bad one, one with a few bytes changed, or a good one. */
export function fuzzedMessage(route: MessageRoute, modelId: string, chance: Chance): Body {
  // A model that is taken costs a process: of those there are fewer.
  const isCostly = route === '/upload' && !chance.oneIn(6);
  if (isCostly || chance.oneIn(2)) return { bytes: spoiled(route, modelId, chance), isBad: true };
  const message = takenMessage(route, modelId, chance);
  return { bytes: chance.oneIn(8) ? message : mutated(message, chance), isBad: false };
}
