/** The kinds of evidence that have a name on the wire; those that are not judged yet are refused. */
export const formats = [
  'sgx-dcap',
  'tdx-dcap',
  'sev-snp',
  'aws-nitro',
  'azure-snp-vtpm',
  'azure-tdx-vtpm',
] as const;

/** One of {@link formats}. */
export type Format = (typeof formats)[number];

/** What a verifier is given. All of it is foreign: nothing in it is believed before it is verified. */
export interface AttestationInput {
  /** `null`: nobody recognised it, and it is refused (`layout`). */
  readonly format: Format | null;
  /** The bytes that the hardware signed, e.g. an SGX quote. */
  readonly evidence: Uint8Array;
  /**
   * What the vendor signed about the hardware. For DCAP the map of `/collateral` or the members of a
   * `collateral.json`, as a plain object or a `Map`; or either of them as JSON text (a string, or its
   * UTF-8 bytes), in which doubled members are then seen and refused.
   */
  readonly endorsements: unknown;
}

const teeTypes: Readonly<Record<number, Format>> = { 0x00: 'sgx-dcap', 0x81: 'tdx-dcap' };

/**
 * Recognises evidence by its first bytes, or returns `null`. A guess about the format, not a verdict: the
 * verifier judges every field again.
 *
 * DCAP quotes are version 3, 4 or 5 with an ECDSA P-256 attestation key and a known TEE type; an SEV-SNP
 * report is version 2, 3 or 5 and 1184 bytes; a Nitro document is a COSE_Sign1 array.
 */
export function detectFormat(evidence: Uint8Array): Format | null {
  if (evidence.length < 48) return null;
  const view = new DataView(evidence.buffer, evidence.byteOffset, evidence.byteLength);
  const version = view.getUint16(0, true);
  const keyType = view.getUint16(2, true);
  if (version >= 3 && version <= 5 && keyType === 2) {
    return teeTypes[view.getUint32(4, true)] ?? null;
  }
  if (evidence.length === 1184 && [2, 3, 5].includes(view.getUint32(0, true))) return 'sev-snp';
  if ((evidence[0] === 0x84 || evidence[0] === 0xd2) && !isText(evidence)) return 'aws-nitro';
  return null;
}

function isText(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7b || bytes[0] === 0x5b;
}
