import { type Bytes, ByteReader } from '../encoding/byte-reader.ts';

const what = 'TPMS_ATTEST';
/** TPM_GENERATED_VALUE: no key of a TPM that is restricted signs these bytes unless the TPM made what follows. */
const generated = 0xff54_4347;
/** TPM_ST_ATTEST_QUOTE. */
const quoteType = 0x8018;
/** TPM_ALG_SHA256. */
const sha256 = 0x000b;
const hashLength = 32;
/** TPM2B_NAME and TPM2B_DATA: an algorithm and its hash, SHA-512 at most. */
const maxNameLength = 2 + 64;
/** 24 PCRs, a bit each. */
const selectionLength = 3;

/** What a TPM says when it is asked for its PCRs. Nothing in it is verified yet. */
export interface TpmQuote {
  /** What whoever asked for the quote put into it. */
  readonly extraData: Bytes;
  /** Numbers of the quoted PCRs of the SHA-256 bank, ascending. */
  readonly selected: readonly number[];
  /** SHA-256 of these PCRs, one after the other. */
  readonly pcrDigest: Bytes;
}

/**
 * Reads TPMS_ATTEST with TPMS_QUOTE_INFO, of one bank, SHA-256.
 *
 * @throws {FormatError} for another magic, type or bank, a length beyond its limit, or bytes left over.
 * @see TCG TPM 2.0 Library, Part 2: Structures, "TPMS_ATTEST", "TPMS_QUOTE_INFO", "TPMS_PCR_SELECTION"
 */
export function parseTpmQuote(bytes: Bytes): TpmQuote {
  const read = new ByteReader(what, bytes, 'big-endian');
  read.exactly('magic', 'u32', generated);
  read.exactly('type', 'u16', quoteType);
  readSized(read, 'qualifiedSigner', maxNameLength);
  const extraData = readSized(read, 'extraData', maxNameLength);
  read.u64('clockInfo.clock');
  read.u32('clockInfo.resetCount');
  read.u32('clockInfo.restartCount');
  if (read.u8('clockInfo.safe') > 1) read.fail('clockInfo.safe', '0 or 1 expected');
  read.u64('firmwareVersion');
  read.exactly('pcrSelect.count', 'u32', 1);
  read.exactly('pcrSelect.hash', 'u16', sha256);
  if (read.u8('pcrSelect.sizeofSelect') !== selectionLength) {
    read.fail('pcrSelect.sizeofSelect', `${selectionLength} expected`);
  }
  const selection = read.bytes('pcrSelect.pcrSelect', selectionLength);
  read.exactly('pcrDigest.size', 'u16', hashLength);
  const pcrDigest = read.bytes('pcrDigest', hashLength);
  read.end();
  const selected = [...Array(8 * selectionLength).keys()].filter(
    (index) => (selection[index >> 3]! & (1 << (index & 7))) !== 0,
  );
  return { extraData, selected, pcrDigest };
}

/** A TPM2B: a length of two bytes, and as many bytes. */
function readSized(read: ByteReader, field: string, max: number): Bytes {
  const length = read.u16(`${field}.size`);
  if (length > max) read.fail(field, `at most ${max} bytes expected, ${length} found`);
  return read.bytes(field, length);
}
