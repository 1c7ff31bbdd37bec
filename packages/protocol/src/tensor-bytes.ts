import { datatypes, type Datatype } from './datatypes.ts';
import { badInput } from './errors.ts';
import { limits } from './limits.ts';

/** A tensor as it travels: elements little-endian, row-major. */
export interface TensorBytes {
  /** Null where the sender names none; inputs are then positional. */
  readonly name: string | null;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** May be a view into a larger message, at any alignment. */
  readonly bytes: Uint8Array;
}

/**
 * The number of elements of a shape; 1 for the empty shape of a scalar.
 *
 * @throws {ProtocolError} `bad-input` when a dimension is no natural number, the rank exceeds the limit, or
 * the product exceeds what a tensor can hold.
 */
export function countElements(shape: readonly number[]): number {
  if (shape.length > limits.maxRank) {
    throw badInput(`a tensor has at most ${limits.maxRank} dimensions, not ${shape.length}`);
  }
  let count = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) {
      throw badInput('a dimension must be a natural number');
    }
    count *= dimension;
    // Judged at each step: a product that left the safe integers never comes back as a plausible one.
    if (count > Number.MAX_SAFE_INTEGER / 8) {
      throw badInput('a shape must have fewer elements');
    }
  }
  return count;
}

/**
 * Checks that a tensor's bytes are as many as its shape and datatype say, and that booleans are 0 or 1.
 *
 * @throws {ProtocolError} `bad-input`.
 */
export function checkTensorBytes(tensor: TensorBytes): void {
  const expected = countElements(tensor.shape) * datatypes[tensor.datatype].bytes;
  if (tensor.bytes.length !== expected) {
    throw badInput(
      `a ${tensor.datatype} tensor of shape [${tensor.shape.join(', ')}] has ${expected} bytes, not ${tensor.bytes.length}`,
    );
  }
  if (tensor.datatype === 'BOOL' && tensor.bytes.some((byte) => byte > 1)) {
    throw badInput('a BOOL tensor holds bytes of 0 and 1 only');
  }
}
