/** The kinds of evidence that have a name on the wire. */
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
  /** The bytes that the hardware signed, e.g. an SGX quote; for Azure a JSON text in UTF-8. */
  readonly evidence: Uint8Array;
  /**
   * What the vendor signed about the hardware. For DCAP the map of `/collateral` or the members of a
   * `collateral.json`, as a plain object or a `Map`; or either of them as JSON text (a string, or its
   * UTF-8 bytes), in which doubled members are then seen and refused. For SEV-SNP `{ ek, crl }`, or the
   * certificate `ek` alone. For Nitro none. For Azure those of the hardware, without `ek`, which is in the evidence.
   */
  readonly endorsements: unknown;
}

const teeTypes: Readonly<Record<number, Format>> = { 0x00: 'sgx-dcap', 0x81: 'tdx-dcap' };

/**
 * Recognises evidence by its first bytes, or returns `null`. A guess about the format, not a verdict: the
 * verifier judges every field again.
 *
 * DCAP quotes are version 3, 4 or 5 with an ECDSA P-256 attestation key and a known TEE type; an SEV-SNP
 * report is version 2, 3 or 5 and 1184 bytes; a Nitro document is a COSE_Sign1 array, with or without its tag;
 * evidence of Azure is a JSON object with the members of one of its two forms.
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
  if (evidence[evidence[0] === 0xd2 ? 1 : 0] === 0x84) return 'aws-nitro';
  return evidence[0] === 0x7b ? detectAzure(evidence) : null;
}

const azureMembers = {
  'azure-snp-vtpm': ['quote', 'report'],
  'azure-tdx-vtpm': ['tpm_quote', 'hcl_report'],
} as const;

function detectAzure(json: Uint8Array): Format | null {
  try {
    const value = JSON.parse(new TextDecoder().decode(json)) as object;
    const matching = Object.entries(azureMembers).find(([, members]) =>
      members.every((member) => Object.hasOwn(value, member)),
    );
    return (matching?.[0] ?? null) as Format | null;
  } catch {
    return null;
  }
}
