import type { TensorHeader } from './messages.ts';
import type { ModelSignature, NamedTensorBytes } from './signature.ts';

/*
 * A row is one step along the first dimension, in which many models compute several items at once. Tensors are
 * row-major, so that the rows of one run follow those of another without any copying.
 */

/** How many rows all of the tensors have; null if one has none, or they do not agree. */
export function rowsOf(tensors: readonly { readonly shape: readonly number[] }[]): number | null {
  const rows = tensors[0]?.shape[0];
  return rows !== undefined && rows > 0 && tensors.every(({ shape }) => shape[0] === rows)
    ? rows
    : null;
}

/**
 * Whether a model declares that it takes any number of rows and answers as many: the first dimension of each
 * input is free, of one name where there are several, and that of each output is free. Whether it means it, a
 * measurement shows.
 */
export function declaresRows({ inputs, outputs }: ModelSignature): boolean {
  const first = inputs[0]?.shape[0];
  return (
    inputs.length > 0 &&
    outputs.length > 0 &&
    inputs.every(
      ({ shape }) =>
        shape.length > 0 &&
        typeof shape[0] !== 'number' &&
        (inputs.length === 1 || (shape[0] !== null && shape[0] === first)),
    ) &&
    outputs.every(({ shape }) => shape.length > 0 && typeof shape[0] !== 'number')
  );
}

/** Whether the inputs of two runs differ in nothing but their rows. Both are in the model's order. */
export function areAlike(
  some: readonly NamedTensorBytes[],
  others: readonly NamedTensorBytes[],
): boolean {
  return some.every(({ shape }, position) => {
    const other = others[position]!.shape;
    return (
      shape.length === other.length &&
      shape.every((size, axis) => axis === 0 || size === other[axis])
    );
  });
}

/** The inputs of several runs as those of one: what stands in its header, and its payload in parts. */
export interface JoinedInputs {
  readonly tensors: readonly TensorHeader[];
  readonly payload: readonly Uint8Array[];
}

/** Puts the rows of each input one after the other. */
export function joinInputs(runs: readonly (readonly NamedTensorBytes[])[]): JoinedInputs {
  const first = runs[0]!;
  return {
    tensors: first.map(({ name, datatype, shape }, position) => ({
      name,
      datatype,
      shape:
        runs.length === 1
          ? shape
          : [runs.reduce((sum, run) => sum + run[position]!.shape[0]!, 0), ...shape.slice(1)],
    })),
    payload: first.flatMap((_, position) => runs.map((run) => run[position]!.bytes)),
  };
}

/**
 * Cuts outputs into those of each run, as copies, so that none keeps the others' bytes.
 *
 * @param counts - Rows of each run.
 * @returns null if an output has not as many rows as all runs together.
 */
export function splitOutputs(
  outputs: readonly NamedTensorBytes[],
  counts: readonly number[],
): NamedTensorBytes[][] | null {
  const all = counts.reduce((sum, rows) => sum + rows, 0);
  if (rowsOf(outputs) !== all) return null;
  let start = 0;
  return counts.map((rows) => {
    const end = start + rows;
    const own = outputs.map(({ name, datatype, shape, bytes }) => {
      const rowBytes = bytes.length / all;
      return {
        name,
        datatype,
        shape: [rows, ...shape.slice(1)],
        bytes: bytes.slice(start * rowBytes, end * rowBytes),
      };
    });
    start = end;
    return own;
  });
}
