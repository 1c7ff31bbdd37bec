import { concatenate } from './encoding/bytes.ts';
import { sha256 } from './encoding/sha256.ts';

/** What 64 bytes of report data vouch for (trust.md, "Report data"). */
export interface ReportDataInput {
  /** The TLS certificate, DER. */
  readonly certificate: Uint8Array;
  /** The encoded keyset. */
  readonly keyset: Uint8Array;
  /** Exactly 32 bytes that the client chose. Absent: the quote made at boot, for BlindAI's old clients. */
  readonly nonce?: Uint8Array;
}

/**
 * The 64 bytes that evidence must carry: SHA-256(certificate), then
 * SHA-256(label ‖ 0x00 ‖ SHA-256(keyset) ‖ nonce).
 *
 * @throws {TypeError} when the nonce is not 32 bytes.
 */
export async function computeReportData(input: ReportDataInput): Promise<Uint8Array> {
  const { certificate, keyset, nonce } = input;
  if (nonce !== undefined && nonce.length !== 32) throw new TypeError('a nonce has 32 bytes');
  const label = new TextEncoder().encode(
    nonce === undefined ? 'blindai boot v1\0' : 'blindai keyset v1\0',
  );
  return concatenate([
    await sha256(certificate),
    await sha256(label, await sha256(keyset), nonce ?? new Uint8Array()),
  ]);
}
