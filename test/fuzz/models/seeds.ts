import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { classifier, loop, subtraction, zeros } from '../../../packages/server/test/onnx/models.ts';
import { sharedAvailable, sharedFolder } from '../../support/optional.ts';

/** A model to make mutants of. */
export interface SeedModel {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Real models that load fast enough for thousands of times. */
const shared = [
  'mnist-8.onnx',
  'covid_cxr_cnn.onnx',
  'ppocr_cls.onnx',
  'silero_vad_v5.onnx',
  'byte_sb_bidi_lstm.onnx',
  'ultraface_rfb320.onnx',
  'magika_v3_3.onnx',
];

const example = fileURLToPath(
  new URL('../../../examples/breast-cancer/breast-cancer.onnx', import.meta.url),
);

/** Real models first, where they are; our own besides, so that there are always some. */
export const seedModels: readonly SeedModel[] = [
  ...(sharedAvailable('models') ? shared : []).map((name) => ({
    name,
    bytes: new Uint8Array(readFileSync(`${sharedFolder}/models/${name}`)),
  })),
  { name: 'breast-cancer.onnx', bytes: new Uint8Array(readFileSync(example)) },
  { name: 'classifier', bytes: classifier() },
  { name: 'subtraction', bytes: subtraction() },
  { name: 'loop', bytes: loop() },
  { name: 'zeros', bytes: zeros() },
];
