import { readFileSync } from 'node:fs';

/** A patient whom the model has not seen in training. See examples/breast-cancer/README.md. */
export interface Patient {
  readonly patient: number;
  readonly diagnosis: 'malignant' | 'benign';
  /** P(malignant) as the training script found it, outside of BlindAI. */
  readonly probability: number;
  /** Raw, in the order of the data set. */
  readonly measurements: readonly number[];
}

const folder = new URL('../../breast-cancer/', import.meta.url);

export const modelFile: URL = new URL('breast-cancer.onnx', folder);

/** All 114 patients that were held out. */
export const patients: readonly Patient[] = JSON.parse(
  readFileSync(new URL('patients.json', folder), 'utf8'),
) as Patient[];

interface Figures {
  readonly model: { readonly sha256: string };
  readonly heldOut: { readonly malignantMissed: number; readonly benignAlarmed: number };
}

/** What the training script wrote about the model. */
export const figures: Figures = JSON.parse(
  readFileSync(new URL('figures.json', folder), 'utf8'),
) as Figures;
