import { encodeValue } from '../models/onnx.ts';
import { Message } from '../models/protobuf.ts';
import { RandomNumbers } from '../models/random-numbers.ts';

/** A model of a given size in pieces, made while it is sent. */
export interface LargeModel {
  readonly bytes: number;
  pieces(): AsyncGenerator<Uint8Array>;
}

const pieceBytes = 1024 * 1024;
const columns = 1024;

/**
 * A model that looks up rows of one large table, so that loading it is hardly more than reading it. Its bytes
 * repeat from one piece to the next, which neither the wire nor the server makes use of.
 *
 * @param mebibytes - Of the table; with it the model is a little larger.
 */
export function createLargeModel(mebibytes: number): LargeModel {
  const tableBytes = mebibytes * pieceBytes;
  const rows = tableBytes / (4 * columns);
  const piece = new Uint8Array(new RandomNumbers(5).floats(pieceBytes / 4).buffer);
  // The table is written last, so that everything else goes before it; what it is part of is only announced.
  const table = new Message().varint(1, rows).varint(1, columns).varint(2, 1).text(8, 'table');
  const dataHead = headOf(9, tableBytes);
  const tableLength = table.length + dataHead.length + tableBytes;
  const graph = new Message()
    .message(1, new Message().text(1, 'table').text(1, 'row').text(2, 'values').text(4, 'Gather'))
    .text(2, 'bench')
    .message(11, encodeValue({ name: 'row', type: 'INT64', shape: [1] }))
    .message(12, encodeValue({ name: 'values', type: 'FP32', shape: [1, columns] }));
  const constantHead = headOf(5, tableLength);
  const graphLength = graph.length + constantHead.length + tableLength;
  const head = Buffer.concat([
    ...new Message().varint(1, 8).message(8, new Message().varint(2, 13)).parts,
    headOf(7, graphLength),
    ...graph.parts,
    constantHead,
    ...table.parts,
    dataHead,
  ]);
  return {
    bytes: head.length + tableBytes,
    async *pieces() {
      yield head;
      for (let sent = 0; sent < tableBytes; sent += pieceBytes) yield piece;
    },
  };
}

/** What stands before bytes of a known length. */
function headOf(field: number, length: number): Uint8Array {
  const empty = new Message().varint(field, length).encode();
  // The tag of a varint field, made that of one with a length.
  empty[0]! |= 2;
  return empty;
}
