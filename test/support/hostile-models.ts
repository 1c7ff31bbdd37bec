import { readdirSync, readFileSync } from 'node:fs';
import type { TensorInput } from '@blindai/protocol';
import { constant, model, node, value } from '../../packages/server/test/onnx/build.ts';
import { identity, loop, zeros } from '../../packages/server/test/onnx/models.ts';
import { zerosFor } from './onnx-inputs.ts';
import { sharedAvailable, sharedFolder } from './optional.ts';

/** A model that attacks, and the inputs that it attacks with. */
export interface HostileModel {
  readonly bytes: Uint8Array;
  readonly inputs: Record<string, TensorInput>;
  readonly phase: 'upload' | 'run' | 'either';
  readonly codes: readonly string[];
}

const whole = (number: bigint, shape: number[] = []): TensorInput => ({
  data: BigInt64Array.of(number),
  shape,
});

/** The engine follows an input that is not there. */
export const crashing: Uint8Array = model({
  nodes: [node('Max', ['x', ''], ['y'])],
  inputs: [value('x', 'UINT64', [3])],
  outputs: [value('y', 'UINT64', [3])],
});

/** The engine computes this constant, 35 · 10¹² operations, when it loads the model. */
const endlessFolding = model({
  nodes: [
    node('Expand', ['one', 'pixels'], ['image']),
    node('Expand', ['one', 'weights'], ['kernel']),
    node('Conv', ['image', 'kernel'], ['sums']),
    node('ReduceMax', ['sums'], ['largest']),
    node('Add', ['x', 'largest'], ['y']),
  ],
  inputs: [value('x', 'FP32', [1])],
  outputs: [value('y', 'FP32', [1, 1, 1, 1])],
  constants: [
    constant('one', 'FP32', [1], new Uint8Array(Float32Array.of(1).buffer)),
    constant('pixels', 'INT64', [4], sizes(1n, 1n, 4096n, 4096n)),
    constant('weights', 'INT64', [4], sizes(1n, 1n, 2048n, 2048n)),
  ],
});

function sizes(...values: bigint[]): Uint8Array {
  return new Uint8Array(BigInt64Array.from(values).buffer);
}

/** At least one of each ending, made here: none of them needs a file from elsewhere. */
export const ownHostileModels: Record<string, HostileModel> = {
  'no model': {
    bytes: new TextEncoder().encode('this is no model'),
    inputs: {},
    phase: 'upload',
    codes: ['model-refused'],
  },
  'unknown operator': {
    bytes: model({
      nodes: [node('Exfiltrate', ['x'], ['y'])],
      inputs: [value('x', 'FP32', [1])],
      outputs: [value('y', 'FP32', [1])],
    }),
    inputs: {},
    phase: 'upload',
    codes: ['model-refused'],
  },
  'endless folding': {
    bytes: endlessFolding,
    inputs: {},
    phase: 'upload',
    codes: ['model-timeout'],
  },
  'data in another file': {
    bytes: model({
      nodes: [node('Add', ['x', 'w'], ['y'])],
      inputs: [value('x', 'FP32', [1])],
      outputs: [value('y', 'FP32', [1])],
      constants: [constant('w', 'FP32', [1], new Uint8Array()).varint(14, 1)],
    }),
    inputs: {},
    phase: 'upload',
    codes: ['model-refused'],
  },
  'dimension of 2^62': {
    bytes: identity('FP32', [2 ** 62]),
    inputs: {},
    phase: 'upload',
    codes: ['model-refused'],
  },
  'missing input': {
    bytes: crashing,
    inputs: { x: { data: BigUint64Array.of(1n, 2n, 3n), shape: [3] } },
    phase: 'run',
    codes: ['model-crashed'],
  },
  'endless loop': {
    bytes: loop(),
    inputs: { rounds: whole(2n ** 62n) },
    phase: 'run',
    codes: ['model-timeout'],
  },
  'too many zeros': {
    bytes: zeros(),
    inputs: { count: whole(2n ** 33n, [1]) },
    phase: 'run',
    codes: ['model-memory'],
  },
};

/** How the files beside this checkout end, by what their names say that they do. */
const codesOfKind: Record<string, readonly string[]> = {
  segv: ['model-crashed'],
  abort: ['model-crashed'],
  fpe: ['model-crashed'],
  hang: ['model-timeout', 'model-memory'],
  bomb: ['model-timeout', 'model-memory'],
  external: ['model-refused'],
};

/** Those that the inspection refuses, before the engine can come to harm. */
const refusedByInspection = new Set(['fpe-run-ultraface.onnx', 'hang-load-layernorm.onnx']);

const areShared = sharedAvailable('models/hostile');
export const sharedHostileModels: Record<string, HostileModel> = Object.fromEntries(
  (areShared ? readdirSync(`${sharedFolder}/models/hostile`) : []).map((name) => {
    const [kind, phase] = name.split('-');
    const bytes = readFileSync(`${sharedFolder}/models/hostile/${name}`);
    const inputs = zerosFor(bytes);
    if (refusedByInspection.has(name)) {
      return [name, { bytes, inputs, phase: 'upload', codes: ['model-refused'] }];
    }
    return [
      name,
      {
        bytes,
        inputs,
        phase: phase === 'load' ? 'upload' : phase === 'run' ? 'run' : 'either',
        codes: codesOfKind[kind!]!,
      },
    ];
  }),
);
