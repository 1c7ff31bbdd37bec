import type { PcrSelection, TpmQuote } from '../../src/index.ts';

/** The fields of a quote: "TPM 2.0 Library, Part 2: Structures", section 10.12. */
export function quoteFields(message: Uint8Array): TpmQuote {
  const bytes = Buffer.from(message);
  let offset = 0;
  const take = (length: number): Buffer => {
    if (offset + length > bytes.length) throw new RangeError('truncated quote');
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  const number = (length: number): number => take(length).readUIntBE(0, length);
  const sized = (): Uint8Array => Uint8Array.from(take(number(2)));
  const quote: TpmQuote = {
    magic: number(4),
    type: number(2),
    qualifiedSigner: sized(),
    extraData: sized(),
    clock: take(8).readBigUInt64BE(),
    resetCount: number(4),
    restartCount: number(4),
    safe: number(1) === 1,
    firmwareVersion: take(8).readBigUInt64BE(),
    selections: Array.from({ length: number(4) }, (): PcrSelection => ({
      hash: number(2),
      select: Uint8Array.from(take(number(1))),
    })),
    pcrDigest: sized(),
  };
  if (offset !== bytes.length) throw new RangeError('bytes after the quote');
  return quote;
}
