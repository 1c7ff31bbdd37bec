import type { Certificate } from './certificate.ts';
import type { Crl } from './crl.ts';
import { equalNames } from './name.ts';
import { verifySignature } from './signature.ts';

/** Certificates, each issued by the one after it; the last one is the root. */
export type Chain = readonly Certificate[];

/** Why a chain or CRL is not what its issuer would have made; `null` if it is. */
export type Flaw = string | null;

/**
 * Verifies issuers, CA constraints (RFC 5280 §4.2.1.9 and §6.1) and signatures of a chain, its root's own
 * signature included. Whether the root is trusted, validity and revocation are judged elsewhere.
 *
 * @param verified - Links that were verified before, for other chains of the same evidence; added to.
 */
export async function verifyChain(
  chain: Chain,
  verified: Map<Certificate, Certificate>,
): Promise<Flaw> {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1] ?? certificate; // the root signs itself
    const flaw = findIssuerFlaw(certificate, issuer, issuer === certificate ? 0 : index);
    if (flaw !== null) return flaw;
    if (verified.get(certificate) === issuer) continue;
    if (!(await isSignedBy(certificate, issuer))) {
      return `the ${certificate.what} is not signed by the ${issuer.what}`;
    }
    verified.set(certificate, issuer);
  }
  return null;
}

/** @param casBelow - How many CA certificates stand between the issuer and the end of the chain. */
function findIssuerFlaw(certificate: Certificate, issuer: Certificate, casBelow: number): Flaw {
  if (
    !equalNames(certificate.issuer, issuer.subject) ||
    (certificate.authorityKeyId !== null && certificate.authorityKeyId !== issuer.subjectKeyId)
  ) {
    return `the ${certificate.what} names another issuer than the ${issuer.what}`;
  }
  if (issuer.pathLength === null || !issuer.usage.keyCertSign) {
    return `the ${issuer.what} may not sign certificates`;
  }
  if (casBelow > issuer.pathLength) {
    return `the ${issuer.what} allows ${issuer.pathLength} CAs below it, ${casBelow} found`;
  }
  return null;
}

/** Verifies that a CA issued and signed a CRL (RFC 5280 §6.3.3). */
export async function verifyCrl(crl: Crl, issuer: Certificate): Promise<Flaw> {
  if (!equalNames(crl.issuer, issuer.subject) || crl.authorityKeyId !== issuer.subjectKeyId) {
    return `the ${crl.what} names another issuer than the ${issuer.what}`;
  }
  if (!issuer.usage.crlSign) return `the ${issuer.what} may not sign CRLs`;
  if (!(await isSignedBy(crl, issuer))) {
    return `the ${crl.what} is not signed by the ${issuer.what}`;
  }
  return null;
}

async function isSignedBy(
  { signedWith, signature, bodyBytes }: Certificate | Crl,
  { key }: Certificate,
): Promise<boolean> {
  return signedWith === key.kind && verifySignature(key, signature, bodyBytes);
}
