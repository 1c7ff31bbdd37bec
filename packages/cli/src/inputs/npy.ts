import { Tensor } from '@blindai/client';
import { countElements, datatypes, type TensorData } from '@blindai/protocol';
import { UsageError } from '../exit-codes.ts';
import { parseDescr } from '../npy-descr.ts';
import { parseNpyHeader } from './npy-header.ts';

/** As long as NumPy itself takes a header to be. */
const maxHeaderBytes = 10_000;

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

/** Whether bytes begin as those of a .npy file do. */
export function isNpy(bytes: Uint8Array): boolean {
  return magic.every((byte, at) => bytes[at] === byte);
}

/**
 * Reads an array as `numpy.save` writes it: versions 1.0 to 3.0, row- or column-major, either byte order,
 * of the datatypes that tensors have. Pickled objects are never read.
 *
 * @throws {UsageError} if the bytes are anything else, too few, or too many.
 * @throws {ProtocolError} `bad-input` if the array cannot be a tensor: its rank, or a boolean other than 0 and 1.
 * @see NumPy Enhancement Proposal 1, "Format Specification"
 */
export function parseNpy(bytes: Uint8Array): Tensor {
  const { headerText, body } = splitNpy(bytes);
  const { descr, fortranOrder, shape } = parseNpyHeader(headerText);
  const layout = parseDescr(descr);
  if (layout === null)
    throw new UsageError(
      `the array has elements of type ${JSON.stringify(descr)}, which no tensor has: convert it, as with .astype(numpy.float32)`,
    );
  const { datatype, bigEndian } = layout;
  const elementBytes = datatypes[datatype].bytes;
  const expectedBytes = countElements(shape) * elementBytes;
  if (body.length !== expectedBytes)
    throw new UsageError(
      `an array of ${datatype} and shape [${shape.join(', ')}] has ${expectedBytes} bytes, and the .npy file ${body.length}`,
    );
  const elements = new Uint8Array(body);
  if (bigEndian) reverseEach(elements, elementBytes);
  const tensor = Tensor.fromBytes({ name: null, datatype, shape, bytes: elements });
  return fortranOrder ? Tensor.from({ datatype, shape, data: rowMajor(tensor) }) : tensor;
}

function splitNpy(bytes: Uint8Array): { headerText: string; body: Uint8Array } {
  if (!isNpy(bytes)) throw new UsageError('the bytes do not begin as those of a .npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthBytes = bytes[6] === 1 ? 2 : 4;
  const headerStart = 8 + lengthBytes;
  if (bytes.length < headerStart) throw truncated();
  const [major, minor] = [bytes[6]!, bytes[7]!];
  if (major < 1 || major > 3 || minor !== 0)
    throw new UsageError(
      `the .npy file is of version ${major}.${minor}; 1.0, 2.0 and 3.0 can be read`,
    );
  const headerBytes = lengthBytes === 2 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (headerBytes > maxHeaderBytes)
    throw new UsageError(
      `the header of the .npy file has ${headerBytes} bytes, of at most ${maxHeaderBytes}`,
    );
  const bodyStart = headerStart + headerBytes;
  if (bytes.length < bodyStart) throw truncated();
  return {
    // Names of fields alone may be beyond ASCII, and no tensor has fields.
    headerText: Buffer.from(bytes.subarray(headerStart, bodyStart)).toString('latin1'),
    body: bytes.subarray(bodyStart),
  };
}

function truncated(): UsageError {
  return new UsageError('the .npy file ends within its header');
}

/** Reverses the bytes of each element in place. */
function reverseEach(bytes: Uint8Array, elementBytes: number): void {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (elementBytes === 2) view.swap16();
  else if (elementBytes === 4) view.swap32();
  else if (elementBytes === 8) view.swap64();
}

/** The elements of a column-major array (first dimension fastest) with the last dimension fastest. */
function rowMajor({ datatype, shape, data }: Tensor): TensorData {
  const ordered: TensorData & { [at: number]: number | bigint } = new datatypes[datatype].array(
    data.length,
  );
  let stride = 1;
  const strides = shape.map((length) => {
    const own = stride;
    stride *= length;
    return own;
  });
  const place = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < ordered.length; to += 1) {
    ordered[to] = data[from]!;
    for (let dimension = shape.length - 1; dimension >= 0; dimension -= 1) {
      from += strides[dimension]!;
      place[dimension]! += 1;
      if (place[dimension]! < shape[dimension]!) break;
      from -= strides[dimension]! * shape[dimension]!;
      place[dimension] = 0;
    }
  }
  return ordered;
}
