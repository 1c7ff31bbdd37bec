import { derOf } from '../pem-der.ts';

const authData = 48 + 384 + 4;
const qeAuthDataLength = authData + 64 + 64 + 384 + 64;

/**
 * What evidence and collateral say, whatever the way in which they are written: without padding, line ends,
 * the case of hex digits, white space around signed documents, or the form of the collateral.
 *
 * A verifier may accept a change that leaves this as it is; it must refuse every other one. Meant for what a
 * verifier accepted: it makes no checks of its own.
 */
export function meaningOf(quote: Uint8Array, members: Readonly<Record<string, unknown>>): string {
  const text = (name: string): string => String(members[name]);
  const chain = (name: string): string[] => derOf(text(name)).map(hex);
  const crl = (name: string): string =>
    text(name).includes('BEGIN') ? chain(name).join() : text(name).toLowerCase();
  const document = (name: string, inner: string): string[] => {
    if (members[`${name}_signature`] !== undefined)
      return [text(name), text(`${name}_signature`).toLowerCase()];
    const wrapped = text(name);
    const parsed = JSON.parse(wrapped) as Record<string, unknown>;
    // The exact text, if it still is what the parsed value says: the original has no white space.
    const exact = JSON.stringify(parsed[inner]);
    return [wrapped.includes(exact) ? exact : wrapped, String(parsed['signature']).toLowerCase()];
  };
  return JSON.stringify([
    quoteMeaning(quote),
    ['pck_crl_issuer_chain', 'tcb_info_issuer_chain', 'qe_identity_issuer_chain'].map(chain),
    ['root_ca_crl', 'pck_crl'].map(crl),
    document('tcb_info', 'tcbInfo'),
    document('qe_identity', 'enclaveIdentity'),
  ]);
}

function quoteMeaning(quote: Uint8Array): unknown {
  const view = new DataView(quote.buffer, quote.byteOffset, quote.byteLength);
  const certification = qeAuthDataLength + 2 + view.getUint16(qeAuthDataLength, true);
  const end = certification + 6 + view.getUint32(certification + 2, true);
  const pem = Buffer.from(quote.subarray(certification + 6, end)).toString('latin1');
  return [
    hex(quote.subarray(0, authData - 4)),
    hex(quote.subarray(authData, certification + 2)),
    derOf(pem).map(hex),
  ];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
