import type { Datatype } from '@blindai/protocol';
import { encodeMlp } from '../../bench/models/mlp.ts';
import { encodeTransformer } from '../../bench/models/transformer.ts';
import { classifier, identity } from '../../packages/server/test/onnx/models.ts';
import type { Chance } from '../fuzz/chance.ts';

/** An input of a run, for the client and for the bare engine. */
export interface Input {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A model that behaves, and inputs that nobody else has. */
export interface GoodModel {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly inputs: (chance: Chance) => Readonly<Record<string, Input>>;
  /** Whether the last digits of an answer depend on what else is computed with it. */
  readonly isRounded: boolean;
}

function floats(chance: Chance, shape: readonly number[]): Input {
  const count = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length: count }, () => chance.below(2 ** 20) / 2 ** 20 - 0.5);
  return { datatype: 'FP32', shape, bytes: new Uint8Array(data.buffer) };
}

/** Bytes that nobody else sends, quickly made. */
function noise(chance: Chance, length: number): Input {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = chance.below(2 ** 31 - 1) + 1;
  for (let at = 0; at < words.length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return { datatype: 'UINT8', shape: [length], bytes: new Uint8Array(words.buffer, 0, length) };
}

/** Small and large bodies, fast and slow runs. */
export const goodModels: readonly GoodModel[] = [
  {
    // Whatever bytes it is given come back: it shows at once whose they were.
    name: 'echo',
    isRounded: false,
    bytes: identity('UINT8', ['n']),
    inputs: (chance) => ({
      x: noise(chance, 1 + chance.below(chance.oneIn(3) ? 2_000_000 : 2000)),
    }),
  },
  {
    name: 'classifier',
    isRounded: true,
    bytes: classifier(),
    inputs: (chance) => ({ x: floats(chance, [1 + chance.below(500), 2]) }),
  },
  {
    name: 'perceptron',
    isRounded: true,
    bytes: encodeMlp(),
    inputs: (chance) => ({ pixels: floats(chance, [1 + chance.below(20), 784]) }),
  },
  {
    name: 'transformer',
    isRounded: true,
    bytes: encodeTransformer(),
    inputs: (chance) => {
      const length = 1 + chance.below(48);
      const data = BigInt64Array.from({ length }, () => BigInt(chance.below(4096)));
      const bytes = new Uint8Array(data.buffer);
      return { tokens: { datatype: 'INT64', shape: [1, length], bytes } };
    },
  },
];
