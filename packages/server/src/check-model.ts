import { bytesOfFile } from './runner/inspection/byte-source.ts';
import {
  inspectModel,
  type InspectionOptions,
  type ModelSummary,
} from './runner/inspection/inspect-model.ts';
import { Refusal } from './runner/refusal.ts';

export type { InspectionOptions, ModelSummary } from './runner/inspection/inspect-model.ts';

/** Whether a runner would hand a model on to its engine; `message` says what it refuses, and where. */
export type ModelCheck =
  | ({ readonly accepted: true; readonly bytes: number } & ModelSummary)
  | {
      readonly accepted: false;
      readonly bytes: number;
      readonly code: 'model-refused';
      readonly message: string;
    };

/**
 * Reads a model through as a runner does before it loads it, and no further: the engine may still refuse what
 * this takes. Holds 64 KiB of the file at a time. Throws Node's error where it cannot be read.
 *
 * @param descriptor - An open file that holds the model.
 * @param bytes - Its length.
 */
export function checkModel(
  descriptor: number,
  bytes: number,
  options: InspectionOptions,
): ModelCheck {
  try {
    return { accepted: true, bytes, ...inspectModel(bytesOfFile(descriptor, bytes), options) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { accepted: false, bytes, code: 'model-refused', message: error.message };
  }
}
