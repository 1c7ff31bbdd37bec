import type { Datatype } from '@blindai/client';

/** NumPy's `descr` of each datatype, without its byte order. */
const descrOf: Readonly<Record<Datatype, string>> = {
  FP32: 'f4',
  FP64: 'f8',
  INT8: 'i1',
  INT16: 'i2',
  INT32: 'i4',
  INT64: 'i8',
  UINT8: 'u1',
  UINT16: 'u2',
  UINT32: 'u4',
  UINT64: 'u8',
  BOOL: 'b1',
};

/** The `descr` that NumPy writes for a little-endian array of a datatype. */
export function encodeDescr(datatype: Datatype): string {
  const descr = descrOf[datatype];
  return `${descr.endsWith('1') ? '|' : '<'}${descr}`;
}

/** What a `descr` says; `null` where it is none of a datatype that tensors have. */
export function parseDescr(descr: string): { datatype: Datatype; bigEndian: boolean } | null {
  const match = /^([<>|])([fiub][1248])$/.exec(descr);
  if (match === null) return null;
  const [, order, kind] = match;
  const found = Object.entries(descrOf).find(([, each]) => each === kind);
  // Only a single byte may leave its order open.
  if (found === undefined || (order === '|' && !kind!.endsWith('1'))) return null;
  return { datatype: found[0] as Datatype, bigEndian: order === '>' };
}
