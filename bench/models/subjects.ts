import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Datatype } from '@blindai/protocol';
import { encodeMlp } from './mlp.ts';
import { encodeMobilenet } from './mobilenet.ts';
import { RandomNumbers } from './random-numbers.ts';
import { encodeTransformer } from './transformer.ts';

/** An input as the client takes it. */
export interface SubjectInput {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
}

/** A model that is measured, with what it is run on. */
export interface Subject {
  readonly name: string;
  readonly model: Uint8Array;
  /** By name. */
  readonly inputs: Readonly<Record<string, SubjectInput>>;
  /** Of all inputs together. */
  readonly inputBytes: number;
}

/** Of the checkout; this runs from `bench/dist/bench/models`. */
const root = new URL('../../../../', import.meta.url);
const shared = new URL('../shared/models/', root);

type Inputs = Readonly<Record<string, SubjectInput>>;

function floats(shape: readonly number[]): SubjectInput {
  const count = shape.reduce((product, size) => product * size, 1);
  return { datatype: 'FP32', shape, data: new RandomNumbers(7).floats(count, 0.5) };
}

function tokens(length: number): SubjectInput {
  const random = new RandomNumbers(7);
  const data = BigInt64Array.from({ length }, () => BigInt(Math.floor((random.next() + 1) * 2000)));
  return { datatype: 'INT64', shape: [1, length], data };
}

function createSubject(name: string, model: Uint8Array, inputs: Inputs): Subject {
  const sizes = Object.values(inputs).map(({ data }) => data.byteLength);
  return { name, model, inputs, inputBytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** A model in a file of the checkout or beside it; null where it is absent. */
function readSubject(name: string, file: URL, inputs: () => Inputs): Subject | null {
  if (!existsSync(file)) return null;
  return createSubject(name, readFileSync(fileURLToPath(file)), inputs());
}

/** Under a millisecond, and inputs under 4 KB. */
export function smallSubject(): Subject {
  return (
    readSubject('mnist-8', new URL('mnist-8.onnx', shared), () => ({
      Input3: floats([1, 1, 28, 28]),
    })) ?? generatedMlp()
  );
}

/** A perceptron whose first dimension is free, so that runs of it can be put together. */
export function generatedMlp(): Subject {
  return createSubject('mlp', encodeMlp(), { pixels: floats([1, 784]) });
}

/** MobileNetV2 on a picture of 602 KB. */
export function pictureSubject(): Subject {
  return (
    readSubject('mobilenetv2', new URL('rand_mobilenetv2_224.onnx', shared), () => ({
      input: floats([1, 3, 224, 224]),
    })) ?? generatedMobilenet()
  );
}

function generatedMobilenet(): Subject {
  return createSubject('mobilenet-like', encodeMobilenet(), { input: floats([1, 3, 224, 224]) });
}

/** Over 20 ms on a core, inputs of half a kilobyte. */
export function largeSubject(): Subject {
  return createSubject('transformer-like', encodeTransformer(), { tokens: tokens(64) });
}

/** The same model on a few words. */
export function shortSubject(): Subject {
  return createSubject('transformer, 8 tokens', encodeTransformer(), { tokens: tokens(8) });
}

/** Small ones, whose runs gain from being put together where their first dimension is free: silero's is not. */
export function batchSubjects(): readonly Subject[] {
  const voice = readSubject('silero_vad_v5', new URL('silero_vad_v5.onnx', shared), () => ({
    input: floats([1, 512]),
    state: floats([2, 1, 128]),
    sr: { datatype: 'INT64', shape: [], data: BigInt64Array.of(16_000n) },
  }));
  return [generatedMlp(), shortSubject(), readMagika(), voice].filter((each) => each !== null);
}

/** Larger ones, and one that computes a step after the other. */
export function otherBatchSubjects(): readonly Subject[] {
  return [readLstm(), largeSubject(), pictureSubject()].filter((each) => each !== null);
}

function readMagika(): Subject | null {
  return readSubject('magika_v3_3', new URL('magika_v3_3.onnx', shared), () => ({
    bytes: { datatype: 'INT32', shape: [1, 2048], data: new Int32Array(2048).fill(65) },
  }));
}

function readLstm(): Subject | null {
  return readSubject('byte_sb_bidi_lstm', new URL('byte_sb_bidi_lstm.onnx', shared), () => ({
    input: { datatype: 'UINT8', shape: [1, 64], data: new Uint8Array(64).fill(65) },
  }));
}

/** One of each kind. */
export function mainSubjects(): readonly Subject[] {
  return [smallSubject(), pictureSubject(), largeSubject()];
}

/** All there are. */
export function allSubjects(): readonly Subject[] {
  const others = [
    readSubject(
      'breast-cancer',
      new URL('examples/breast-cancer/breast-cancer.onnx', root),
      () => ({ measurements: floats([1, 30]) }),
    ),
    readSubject('covid_cxr_cnn', new URL('covid_cxr_cnn.onnx', shared), () => ({
      'input.1': floats([1, 3, 128, 128]),
    })),
    readSubject('ultraface_rfb320', new URL('ultraface_rfb320.onnx', shared), () => ({
      input: floats([1, 3, 240, 320]),
    })),
    readMagika(),
    readLstm(),
  ];
  const generated = [generatedMlp(), generatedMobilenet()];
  const all = [...mainSubjects(), ...generated, ...others].filter((each) => each !== null);
  return all.filter(({ name }, at) => all.findIndex((other) => other.name === name) === at);
}
