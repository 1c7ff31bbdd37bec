import { concat, sha256 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { bigEndian, sized } from './big-endian.ts';

/** PCRs of one bank: TPMS_PCR_SELECTION. */
export interface PcrSelection {
  /** 0x000b is SHA-256. */
  readonly hash: number;
  /** A bit for each PCR, the lowest of the first byte for PCR 0. */
  readonly select: Uint8Array;
}

/** A quote as a TPM signs it: TPMS_ATTEST with TPMS_QUOTE_INFO, "TPM 2.0 Library, Part 2", section 10.12. */
export interface TpmQuote {
  /** 0xff544347: made within a TPM. */
  readonly magic: number;
  /** 0x8018 is a quote. */
  readonly type: number;
  /** 34 bytes in a SHA-256 TPM. */
  readonly qualifiedSigner: Uint8Array;
  /** What the caller wanted in the quote. */
  readonly extraData: Uint8Array;
  /** Milliseconds. */
  readonly clock: bigint;
  readonly resetCount: number;
  readonly restartCount: number;
  readonly safe: boolean;
  readonly firmwareVersion: bigint;
  readonly selections: readonly PcrSelection[];
  /** SHA-256 of the selected PCRs, lowest first. */
  readonly pcrDigest: Uint8Array;
}

/** Writes a quote, the bytes that are signed. */
export function encodeTpmQuote(quote: TpmQuote): Bytes {
  return concat(
    bigEndian(quote.magic, 4),
    bigEndian(quote.type, 2),
    sized(quote.qualifiedSigner),
    sized(quote.extraData),
    bigEndian(quote.clock, 8),
    bigEndian(quote.resetCount, 4),
    bigEndian(quote.restartCount, 4),
    Uint8Array.of(quote.safe ? 1 : 0),
    bigEndian(quote.firmwareVersion, 8),
    bigEndian(quote.selections.length, 4),
    ...quote.selections.map(({ hash, select }) =>
      concat(bigEndian(hash, 2), bigEndian(select.length, 1), select),
    ),
    sized(quote.pcrDigest),
  );
}

/** Selects PCRs of the SHA-256 bank by index, 24 at most. */
export function selectPcrs(indices: readonly number[]): PcrSelection {
  const select = new Uint8Array(3);
  for (const index of indices) select[index >> 3] = (select[index >> 3] ?? 0) | (1 << (index & 7));
  return { hash: 0x000b, select };
}

/** The digest over PCRs of which all are selected, lowest first. */
export async function digestPcrs(pcrs: readonly Uint8Array[]): Promise<Bytes> {
  return sha256(concat(...pcrs));
}
