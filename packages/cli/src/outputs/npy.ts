import type { Tensor } from '@blindai/client';
import { encodeDescr } from '../npy-descr.ts';

/** Where the elements begin is a multiple of this, so that readers can map the file into memory. */
const alignment = 64;

/** A tensor as `numpy.save` writes it: version 1.0, row-major, little-endian. Its name is not kept. */
export function encodeNpy(tensor: Tensor): Uint8Array {
  const { shape, datatype } = tensor;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '${encodeDescr(datatype)}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const fixedBytes = 10;
  const bodyStart = Math.ceil((fixedBytes + dict.length + 1) / alignment) * alignment;
  const header = `${dict.padEnd(bodyStart - fixedBytes - 1)}\n`;
  const { bytes } = tensor.toBytes();
  const file = Buffer.alloc(bodyStart + bytes.length);
  file.write('\u0093NUMPY\u0001\u0000', 'latin1');
  file.writeUInt16LE(header.length, 8);
  file.write(header, fixedBytes, 'latin1');
  file.set(bytes, bodyStart);
  return new Uint8Array(file.buffer, file.byteOffset, file.length);
}
