import { plan, type PlannedCheck } from '../verdict.ts';

const profile = 'Intel SGX PCK Certificate and CRL Profile Specification';
const rfc5280 = 'RFC 5280';
const pcs = 'Intel SGX and TDX PCS API';
const quoting =
  'Intel SGX ECDSA QuoteLibReference, "Quote Format"; Intel TDX DCAP Quoting Library API, A.3, A.4';
const pinned = 'the pinned key of Intel SGX Root CA';
const tcbSigner = "Intel's TCB signing key";

/** The checks that every quote of an Intel platform takes after its layout, SGX and TDX alike. */
export const quoteChecks: readonly PlannedCheck[] = [
  plan('endorsements', 'each member of the collateral once, and no other', 'nobody yet', pcs),
  plan('certificate', 'X.509 v3 certificates with ECDSA P-256', 'nobody yet', profile),
  plan('crl', 'complete X.509 v2 CRLs: of the root, and for this PCK', 'nobody yet', profile),
  plan('trust-anchor', 'every chain ends in the pinned root key', pinned, 'docs/trust.md'),
  plan('certificate-chain', 'issuers, CA constraints and signatures', pinned, `${rfc5280} §6.1`),
  plan('certificate-validity', 'every certificate is valid now', pinned, `${rfc5280} §6.1.3`),
  plan('crl-signature', 'issued and signed by the CAs they are for', pinned, `${rfc5280} §6.3.3`),
  plan('crl-validity', 'every CRL is current', pinned, `${rfc5280} §6.3.3`),
  plan('certificate-revoked', 'no certificate is revoked', "the issuers' CRLs", `${rfc5280} §6.3`),
  plan('tcb-info-signature', 'the exact bytes are signed', tcbSigner, `${pcs}, "Get TCB Info"`),
  plan('tcb-info', 'TCB info for this kind of TEE', tcbSigner, `${pcs}, "Get TCB Info"`),
  plan('tcb-info-validity', 'current', tcbSigner, `${pcs}, "Get TCB Info"`),
  plan(
    'qe-identity-signature',
    'the exact bytes are signed',
    tcbSigner,
    `${pcs}, "Enclave Identity"`,
  ),
  plan('qe-identity-document', 'of this quoting enclave', tcbSigner, `${pcs}, "Enclave Identity"`),
  plan('qe-identity-validity', 'current', tcbSigner, `${pcs}, "Enclave Identity"`),
  plan('platform-match', "TCB info for the PCK's FMSPC and PCEID", 'the PCK certificate', pcs),
  plan('qe-vendor', "Intel's quoting enclave", 'the quote', quoting),
  plan('qe-report-signature', 'signed by the PCK', 'the PCK certificate', quoting),
  plan('qe-report-binding', 'names this attestation key', 'the quoting enclave', quoting),
  plan(
    'qe-identity',
    'the quoting enclave of the QE identity',
    tcbSigner,
    `${pcs}, "Enclave Identity"`,
  ),
  plan('quote-signature', 'signed by the attestation key', 'the attestation key', quoting),
];
