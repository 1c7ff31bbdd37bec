import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { concat, splice } from '../mutate/bytes.ts';
import { signBytes } from '../sign.ts';
import { sha256 } from '../x509-objection.ts';
import { layOut, type QuoteLayout } from './quote-layout.ts';

const signatureLength = 64;
const sgxReportLength = 384;
const reportDataOffset = 320;

/** Keys that sign what is in a quote. */
export interface QuotingKeys {
  readonly attestation: CryptoKeyPair;
  /** Private half of the PCK. */
  readonly pck: CryptoKey;
}

/** The quote with another attestation key, for which its quoting enclave vouches. */
export async function withAttestationKey(quote: Bytes, keys: QuotingKeys): Promise<Bytes> {
  const { authLength, qeReport, qeAuthLength, pckCertification } = layOut(quote)!;
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', keys.attestation.publicKey));
  const key = point.slice(1);
  const authData = quote.subarray(qeAuthLength + 2, pckCertification);
  const keyed = splice(quote, authLength + 4 + signatureLength, key.length, key);
  const bound = splice(keyed, qeReport + reportDataOffset, 32, sha256(key, authData));
  return resignQuote(bound, keys);
}

/** Signs again both reports in a quote; one in which they are not found stays as it is. */
export async function resignQuote(quote: Bytes, { attestation, pck }: QuotingKeys): Promise<Bytes> {
  const layout = layOut(quote);
  if (!layout) return quote;
  const certified = await signQeReport(quote, layout, pck);
  const signed = certified.slice(0, layout.authLength);
  const signature = await signBytes(attestation.privateKey, signed);
  return splice(certified, layout.authLength + 4, signatureLength, signature);
}

async function signQeReport(
  quote: Bytes,
  { qeReport }: QuoteLayout,
  pck: CryptoKey,
): Promise<Bytes> {
  const end = qeReport + sgxReportLength;
  const signature = await signBytes(pck, quote.slice(qeReport, end));
  return concat(quote.subarray(0, end), signature, quote.subarray(end + signatureLength));
}
