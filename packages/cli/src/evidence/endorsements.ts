import type { Format } from '@blindai/attestation';
import { decodeBase64url, decodeCollateral, type Endorsements } from '@blindai/protocol';
import { UsageError } from '../exit-codes.ts';
import { mapForm, type RecordedEvidence } from './recorded-evidence.ts';

/** The files that the user gives besides the evidence. */
export interface GivenEndorsements {
  /** Intel: the collateral. AMD: the certificate of the chip's key, VCEK or VLEK. */
  readonly endorsements?: Uint8Array;
  /** AMD: the revocation list, DER or PEM. */
  readonly crl?: Uint8Array;
}

/** Formats whose vendor is AMD: the revocation list is a file of its own. */
export function isAmd(format: Format | null): boolean {
  return format === 'sev-snp' || format === 'azure-snp-vtpm';
}

/**
 * What the verifier is given besides the evidence: the user's own files, or else what the reply brings.
 *
 * @throws {UsageError} for a revocation list where the format takes none, or has its own.
 */
export function endorsementsOf(
  { reply }: RecordedEvidence,
  format: Format | null,
  given: GivenEndorsements,
): unknown {
  if (isAmd(format)) {
    const brought = reply === null ? {} : withBytes(reply.endorsements);
    const { endorsements: ek, crl } = given;
    if (crl === undefined) return ek ?? (reply === null ? undefined : brought);
    return { ...(ek === undefined ? brought : { ek }), crl };
  }
  if (given.crl !== undefined && format !== null) {
    throw new UsageError(
      format === 'aws-nitro'
        ? '--crl is for evidence of AMD: AWS publishes no revocation list for Nitro'
        : "--crl is for evidence of AMD: Intel's collateral brings its revocation lists",
    );
  }
  if (given.endorsements === undefined) return reply?.endorsements;
  return format === 'aws-nitro' ? given.endorsements : parseCollateral(given.endorsements);
}

/** JSON goes to the verifier as it is, so that doubled members are seen; a CBOR map is decoded strictly here. */
function parseCollateral(bytes: Uint8Array): unknown {
  if (mapForm(bytes) !== 'cbor') return bytes;
  try {
    return decodeCollateral(bytes);
  } catch {
    return bytes; // the verifier refuses it under its own check
  }
}

/** In a JSON reply byte strings are base64url; PEM is told by how it begins. */
function withBytes(endorsements: Endorsements): Endorsements {
  return Object.fromEntries(
    Object.entries(endorsements).map(([name, value]) => [
      name,
      typeof value === 'string' && !value.startsWith('-----BEGIN') ? bytesOf(name, value) : value,
    ]),
  );
}

function bytesOf(name: string, text: string): Uint8Array | string {
  try {
    return decodeBase64url(name, text);
  } catch {
    return text; // the verifier refuses it under its own check
  }
}
