/** A typed array that a tensor's elements live in. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** The canonical name of a datatype: that of the Open Inference Protocol. */
export type Datatype =
  | 'FP32'
  | 'FP64'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'BOOL';

/** How the elements of a datatype are held. */
export interface DatatypeLayout {
  /** Of one element. */
  readonly bytes: number;
  readonly array: TensorArray;
}

/** The class of a typed array that a tensor's elements live in. */
export type TensorArray =
  | Float32ArrayConstructor
  | Float64ArrayConstructor
  | Int8ArrayConstructor
  | Int16ArrayConstructor
  | Int32ArrayConstructor
  | BigInt64ArrayConstructor
  | Uint8ArrayConstructor
  | Uint16ArrayConstructor
  | Uint32ArrayConstructor
  | BigUint64ArrayConstructor;

/** Every datatype with its layout; BOOL is a byte of 0 or 1. */
export const datatypes: Readonly<Record<Datatype, DatatypeLayout>> = Object.freeze({
  FP32: { bytes: 4, array: Float32Array },
  FP64: { bytes: 8, array: Float64Array },
  INT8: { bytes: 1, array: Int8Array },
  INT16: { bytes: 2, array: Int16Array },
  INT32: { bytes: 4, array: Int32Array },
  INT64: { bytes: 8, array: BigInt64Array },
  UINT8: { bytes: 1, array: Uint8Array },
  UINT16: { bytes: 2, array: Uint16Array },
  UINT32: { bytes: 4, array: Uint32Array },
  UINT64: { bytes: 8, array: BigUint64Array },
  BOOL: { bytes: 1, array: Uint8Array },
});

/** Whether a text is the canonical name of a datatype. */
export function isDatatype(text: string): text is Datatype {
  return Object.hasOwn(datatypes, text);
}
