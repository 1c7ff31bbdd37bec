import type { CborReader, Reading } from '../encoding/cbor-reader.ts';
import { readFields } from '../encoding/cbor-message.ts';
import type { CborWriter } from '../encoding/cbor-writer.ts';
import type { Datatype } from '../datatypes.ts';
import { badInput, ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';
import { checkTensorBytes, type TensorBytes } from '../tensor-bytes.ts';

/** BlindAI's datum types: its name for each, at the place that is its number (wire.md §1). */
const datumTypes: readonly (readonly [name: string, datatype: Datatype])[] = [
  ['F32', 'FP32'],
  ['F64', 'FP64'],
  ['I32', 'INT32'],
  ['I64', 'INT64'],
  ['U32', 'UINT32'],
  ['U64', 'UINT64'],
  ['U8', 'UINT8'],
  ['U16', 'UINT16'],
  ['I8', 'INT8'],
  ['I16', 'INT16'],
  ['Bool', 'BOOL'],
];

/** Writes a list of `{info: {fact, datum_type, node_name}, bytes_data}`, with the datum type by name. */
export function writeTensors(writer: CborWriter, tensors: readonly TensorBytes[]): void {
  writer.array(tensors.length);
  for (const tensor of tensors) {
    const [datumType] = datumTypes.find(([, datatype]) => datatype === tensor.datatype)!;
    writer.map(2).text('info').map(3).text('fact').array(tensor.shape.length);
    for (const dimension of tensor.shape) writer.uint(dimension);
    writer.text('datum_type').text(datumType).text('node_name');
    if (tensor.name === null) writer.null();
    else writer.text(tensor.name);
    writer.text('bytes_data').bytes(tensor.bytes);
  }
}

/** Reads such a list; the datum type may be its number or its name, and the payloads stay views. */
export function* readTensors(reader: CborReader, what: string): Reading<TensorBytes[]> {
  const count = yield* reader.array(what);
  if (count > limits.maxTensors) {
    throw new ProtocolError('too-large', `${what} must hold at most ${limits.maxTensors} tensors`);
  }
  const tensors: TensorBytes[] = [];
  for (let at = 0; at < count; at += 1) tensors.push(yield* readTensor(reader));
  return tensors;
}

const tensorKeys = { info: true, bytes_data: true } as const;
const infoKeys = { fact: true, datum_type: true, node_name: false } as const;

/** What is known of a tensor while it is read. */
type TensorSoFar = { -readonly [Member in keyof TensorBytes]: TensorBytes[Member] };

function* readTensor(reader: CborReader): Reading<TensorBytes> {
  const tensor: TensorSoFar = { name: null, datatype: 'FP32', shape: [], bytes: new Uint8Array() };
  yield* readFields(reader, 'a tensor', tensorKeys, (key) =>
    key === 'info' ? readInfo(reader, tensor) : readBytes(reader, tensor),
  );
  checkTensorBytes(tensor);
  return tensor;
}

function* readBytes(reader: CborReader, tensor: TensorSoFar): Reading<void> {
  tensor.bytes = yield* reader.bytes('bytes_data', Infinity);
}

function readInfo(reader: CborReader, tensor: TensorSoFar): Reading<void> {
  return readFields(reader, 'info', infoKeys, (key) => readInfoField(reader, key, tensor));
}

function* readInfoField(
  reader: CborReader,
  key: keyof typeof infoKeys,
  tensor: TensorSoFar,
): Reading<void> {
  if (key === 'fact') {
    tensor.shape = yield* readShape(reader);
  } else if (key === 'datum_type') {
    tensor.datatype = yield* readDatumType(reader);
  } else if (!(yield* reader.nullNext())) {
    tensor.name = yield* reader.text('node_name', limits.maxNameBytes);
  }
}

function* readShape(reader: CborReader): Reading<readonly number[]> {
  const rank = yield* reader.array('fact');
  if (rank > limits.maxRank) {
    throw badInput(`a tensor has at most ${limits.maxRank} dimensions, not ${rank}`);
  }
  const shape: number[] = [];
  for (let at = 0; at < rank; at += 1) shape.push(yield* reader.uint('a dimension'));
  return shape;
}

function* readDatumType(reader: CborReader): Reading<Datatype> {
  const found = (yield* reader.textNext())
    ? yield* findByName(reader)
    : datumTypes[yield* reader.uint('datum_type')];
  if (found === undefined) throw badInput('datum_type must be a known one');
  return found[1];
}

function* findByName(reader: CborReader): Reading<(typeof datumTypes)[number] | undefined> {
  const text = yield* reader.text('datum_type', limits.maxNameBytes);
  return datumTypes.find(([name]) => name === text);
}
