import type { TensorBytes } from '@blindai/protocol';

/** How far the last digits of an answer out of a batch may lie from the same alone, by their size and at least. */
const mostRelative = 1e-4;
const mostAbsolute = 1e-5;

/**
 * Compares outputs with the expected ones, bit for bit. Where the engine may add up in another order, since it
 * computed several runs as one, elements of 32-bit floats may differ in their last digits.
 */
export function compareOutputs(
  found: readonly TensorBytes[],
  expected: readonly Uint8Array[],
  mayBeRounded: boolean,
): 'equal' | 'rounded' | 'different' {
  if (found.length !== expected.length) return 'different';
  const areEqual = found.every(({ bytes }, at) => Buffer.compare(bytes, expected[at]!) === 0);
  if (areEqual) return 'equal';
  const areClose = found.every((output, at) => isClose(output, expected[at]!));
  return mayBeRounded && areClose ? 'rounded' : 'different';
}

function isClose({ datatype, bytes }: TensorBytes, expected: Uint8Array): boolean {
  if (bytes.length !== expected.length) return false;
  if (datatype !== 'FP32') return Buffer.compare(bytes, expected) === 0;
  const [a, b] = [floatsOf(bytes), floatsOf(expected)];
  return a.every(
    (value, at) => Math.abs(value - b[at]!) <= mostAbsolute + mostRelative * Math.abs(b[at]!),
  );
}

function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
