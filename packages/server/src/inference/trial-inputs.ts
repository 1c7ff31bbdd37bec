import { datatypes } from '@blindai/protocol';
import type { ModelSignature, NamedTensorBytes, TensorSpec } from './signature.ts';

/** What a free dimension other than the first is taken to be: few models need more, and few mean less. */
const freeSize = 16;

/** The most bytes that an input is made up with. */
const mostBytes = 16 * 1024 * 1024;

/**
 * Makes inputs up to try a model out: floats between -1 and 1, everything else 0 or 1, which are indices and
 * masks for most models. Rows repeat every `period` rows, those between differ.
 *
 * @param rows - The first dimension, where it is free.
 * @returns null for inputs that would be very large.
 */
export function makeTrialInputs(
  { inputs }: ModelSignature,
  rows: number,
  period: number,
): NamedTensorBytes[] | null {
  const made = inputs.map((spec) => makeTensor(spec, rows, period));
  return made.some((tensor) => tensor === null) ? null : (made as NamedTensorBytes[]);
}

function makeTensor(
  { name, datatype, shape }: TensorSpec,
  rows: number,
  period: number,
): NamedTensorBytes | null {
  const sizes = shape.map((size, axis) =>
    typeof size === 'number' ? size : axis === 0 ? rows : freeSize,
  );
  const elements = sizes.reduce((count, size) => count * size, 1);
  const { bytes: elementBytes } = datatypes[datatype];
  if (elements * elementBytes > mostBytes) return null;
  const bytes = new Uint8Array(elements * elementBytes);
  const view = new DataView(bytes.buffer);
  const perRow = elements / (sizes[0] ?? 1) || 1;
  for (let index = 0; index < elements; index++) {
    const row = Math.floor(index / perRow) % period;
    const at = index * elementBytes;
    // The same for the same place in the same row; there is nothing random about it.
    const wave = Math.sin((index % perRow) * 12.9898 + row * 78.233);
    if (datatype === 'FP32') view.setFloat32(at, wave, true);
    else if (datatype === 'FP64') view.setFloat64(at, wave, true);
    else bytes[at] = row === 0 || wave > 0 ? 1 : 0;
  }
  return { name, datatype, shape: sizes, bytes };
}
