import type { Datatype, TensorBytes } from '@blindai/protocol';

/** A tensor from a typed array; one-dimensional unless a shape is given. */
export function tensor(
  name: string | null,
  datatype: Datatype,
  data: ArrayBufferView & { readonly length: number },
  shape: readonly number[] = [data.length],
): TensorBytes {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, datatype, shape, bytes };
}

export function floats(name: string | null, ...values: number[]): TensorBytes {
  return tensor(name, 'FP32', Float32Array.from(values));
}

/** The input of the loop model. */
export function rounds(count: bigint): TensorBytes {
  return tensor('rounds', 'INT64', BigInt64Array.of(count), []);
}

/** The elements of a FP32 tensor, whatever its bytes are aligned to. */
export function asFloats({ bytes }: TensorBytes): number[] {
  return [...new Float32Array(Uint8Array.from(bytes).buffer)];
}
