import { type Datatype, Tensor } from '@blindai/client';

/**
 * A file of nothing but elements: little-endian, row-major.
 *
 * @throws {ProtocolError} `bad-input` if it has more or fewer bytes than the shape says.
 */
export function parseRaw(bytes: Uint8Array, datatype: Datatype, shape: readonly number[]): Tensor {
  return Tensor.fromBytes({ name: null, datatype, shape, bytes });
}
