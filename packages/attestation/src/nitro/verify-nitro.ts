import type { Bytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import type { TrustAnchors } from '../roots/trust-anchors.ts';
import { plan, type PlannedCheck, type Verdict } from '../verdict.ts';
import { verifySignature } from '../x509/signature.ts';
import { readCertificates, verifyCertificates } from './certificates.ts';
import { type NitroDocument, parseNitroDocument } from './document.ts';

const procedure = 'AWS Nitro Enclaves, "Verifying the root of trust"';
const pinned = 'the pinned key of AWS Nitro Enclaves Root G1';

/** The checks that {@link verifyNitro} makes, in order. */
export const nitroEvidenceChecks: readonly PlannedCheck[] = [
  plan(
    'layout',
    'an attestation document in COSE_Sign1, and nothing after it',
    'nobody yet',
    `${procedure}; RFC 8949; RFC 9052 §4.2`,
  ),
  plan('endorsements', 'none: the document has its certificates in it', 'nobody yet', procedure),
  plan('certificate', 'X.509 v3 certificates with ECDSA P-384', 'nobody yet', 'RFC 5280 §4.1'),
  plan('trust-anchor', 'the chain ends in the pinned root key', pinned, 'docs/trust.md'),
  plan('certificate-chain', 'issuers, CA constraints and signatures', pinned, 'RFC 5280 §6.1'),
  plan(
    'certificate-validity',
    'all are valid now, and the one of the enclave was when the document was made',
    pinned,
    `${procedure}; RFC 5280 §6.1.3`,
  ),
  plan(
    'document-signature',
    "signed by the key of the enclave's certificate",
    "the enclave's certificate",
    'RFC 9052 §4.4; RFC 9053 §2.1',
  ),
];

/** A genuine document: AWS vouches for all of it, at this time. What to think of it is policy. */
export interface NitroEvidence {
  readonly document: NitroDocument;
  readonly pcrs: NitroDocument['pcrs'];
  /** The enclave has a console on its parent instance, and no measurements. */
  readonly isDebug: boolean;
  /** When the first certificate ends. */
  readonly validUntil: Date;
}

/**
 * Verifies an attestation document: shape, the chain from AWS's root, validity, and the signature. Policy comes
 * after.
 *
 * @see trust.md, "Verifier rules"; AWS Nitro Enclaves user guide, "Verifying the root of trust"
 */
export async function verifyNitro(
  evidence: Bytes,
  endorsements: unknown,
  anchors: TrustAnchors,
  at: Date,
  verdict: Verdict,
): Promise<NitroEvidence> {
  const document = verdict.reading('layout', () => parseNitroDocument(evidence));
  const { pcrs, signature, signedBytes, timestamp } = document;
  verdict.passed('layout', `document of ${timestamp.toISOString()}, ${pcrs.size} PCRs`);
  if (!isEmpty(endorsements)) verdict.refuse('endorsements', 'none expected');
  verdict.passed('endorsements', 'none');
  const chain = readCertificates(document, verdict);
  const validUntil = await verifyCertificates(chain, document, anchors, at, verdict);
  if (!(await verifySignature(chain[0]!.key, signature, signedBytes))) {
    verdict.refuse('document-signature', "the document is not signed by the enclave's key");
  }
  verdict.passed('document-signature', "the enclave's key vouches for this document");

  // AWS writes zeros into all three of a debug enclave; one that is zero measures nothing either.
  const isDebug = [0, 1, 2].some((index) => pcrs.get(index)!.every((byte) => byte === 0));
  verdict.know({
    tcbStatus: null,
    debug: isDebug,
    measurement: encodeHex(pcrs.get(0)!),
    reportData: document.userData && encodeHex(document.userData),
  });
  return { document, pcrs, isDebug, validUntil };
}

/** Nothing, or a map or an object without members. */
function isEmpty(endorsements: unknown): boolean {
  if (endorsements === undefined || endorsements === null) return true;
  if (endorsements instanceof Map) return endorsements.size === 0;
  return typeof endorsements === 'object' && Object.keys(endorsements).length === 0;
}
