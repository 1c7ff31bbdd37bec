import { sha256, utf8 } from './bytes.ts';
import { base64 } from './case.ts';

/** What stands in for a TLS certificate and a keyset: verifiers of evidence only hash them. */
const certificate = utf8('BlindAI SIMULATION TLS certificate');
const keyset = utf8('BlindAI SIMULATION keyset');
const nonce = new Uint8Array(32).fill(0x4e);

/** What a client demands of the connection for which it sent a nonce. */
export const connection: { certificate: string; keyset: string; nonce: string } = {
  certificate: base64(certificate),
  keyset: base64(keyset),
  nonce: base64(nonce),
};

/** The same without a nonce. */
export const boot: { certificate: string; keyset: string } = {
  certificate: base64(certificate),
  keyset: base64(keyset),
};

/** Something that another connection has. */
export const another: string = base64(new Uint8Array(32).fill(0x41));

/** The report data of evidence that answers the nonce of {@link connection} (trust.md, "Report data"). */
export const nonceReportData: Uint8Array = bind('blindai keyset v1', nonce);

/** The report data of evidence made at boot, before there was a nonce. */
export const bootReportData: Uint8Array = bind('blindai boot v1', new Uint8Array());

function bind(label: string, answered: Uint8Array): Uint8Array {
  return Uint8Array.from([
    ...sha256(certificate),
    ...sha256(utf8(`${label}\0`), sha256(keyset), answered),
  ]);
}
