/** The bytes with their last bit, of a signature mostly, the other way round. */
export function flipLastBit(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1);
}
