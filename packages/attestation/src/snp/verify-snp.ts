import { type Bytes, equalBytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import { acceptMissingCrl, type Policy, type UnmatchedPolicy } from '../policy.ts';
import { plan, type PlannedCheck, type Verdict } from '../verdict.ts';
import type { PublicKey } from '../x509/signature.ts';
import { verifySignature } from '../x509/signature.ts';
import { type EndorsedKey, readCertificates, verifyCertificates } from './certificates.ts';
import type { EkExtensions } from './ek-extensions.ts';
import { parseSnpEndorsements } from './endorsements.ts';
import { lineOfName, lineOfProcessor } from './product.ts';
import { parseSnpReport, type SnpReport } from './report.ts';
import { describeTcb, parseTcb, type SnpTcb } from './tcb.ts';

const abi = 'AMD 56860 (SEV-SNP Firmware ABI), "ATTESTATION_REPORT"';
const kds = 'AMD 57230 (VCEK Certificate and KDS Interface)';
const pinned = "AMD's pinned keys";
const rfc5280 = 'RFC 5280';

/** The checks that {@link verifySnp} makes, in order. */
export function snpEvidenceChecks(policy: Policy | UnmatchedPolicy): readonly PlannedCheck[] {
  const given = policy[acceptMissingCrl] === true ? ', if one is given' : '';
  return [
    plan('layout', 'a report of version 2, 3 or 5, and nothing after it', 'nobody yet', abi),
    plan(
      'endorsements',
      'the certificate of a VCEK or VLEK, a CRL, nothing else',
      'nobody yet',
      kds,
    ),
    plan('certificate', "X.509 v3, a P-384 key, AMD's extensions", 'nobody yet', `${kds}, §3.1`),
    plan('crl', `a complete X.509 v2 CRL${given}`, 'nobody yet', `${rfc5280} §5`),
    plan('trust-anchor', 'the pinned ASK or ASVK of a product', pinned, 'docs/trust.md'),
    plan('certificate-chain', 'issuer, purpose and signature', pinned, `${rfc5280} §6.1`),
    plan('certificate-validity', 'every certificate is valid now', pinned, `${rfc5280} §6.1.3`),
    plan(
      'crl-signature',
      `issued and signed by the ARK of this product${given}`,
      pinned,
      `${rfc5280} §6.3.3`,
    ),
    plan('crl-validity', `the CRL is current${given}`, pinned, `${rfc5280} §6.3.3`),
    plan('certificate-revoked', 'no certificate is revoked', "the ARK's CRL", `${rfc5280} §6.3`),
    plan(
      'platform-match',
      'a certificate of this machine: product, firmware versions, chip',
      'the certificate of the VCEK or VLEK',
      `${kds}, §3.1; ${abi}`,
    ),
    plan('report-signature', 'signed by the VCEK or VLEK', 'its certificate', abi),
  ];
}

/** Genuine evidence: AMD vouches for all of it, at this time. What to think of it is policy. */
export interface SnpEvidence extends EndorsedKey {
  readonly report: SnpReport;
  /** Whose key it is, in a VLEK's certificate; `null` in a VCEK's. */
  readonly cspId: string | null;
  readonly tcb: Readonly<Record<'reported' | 'committed' | 'launch' | 'current', SnpTcb>>;
  /** CHIP_ID, hex; `null` if the machine masks it. */
  readonly chipId: string | null;
}

/**
 * Verifies a report and the certificate that vouches for it: shape, AMD's signatures, validity, and that the
 * certificate is of this machine with this firmware. Policy comes after.
 *
 * @param endorsements - Foreign, in any of the forms of {@link parseSnpEndorsements}.
 * @param ekBeside - The certificate, if it came with the evidence; the one in the endorsements goes first.
 * @see trust.md, "Verifier rules"
 */
export async function verifySnp(
  evidence: Bytes,
  endorsements: unknown,
  policy: Policy | UnmatchedPolicy,
  at: Date,
  verdict: Verdict,
  ekBeside: Bytes | null = null,
): Promise<SnpEvidence> {
  const report = verdict.reading('layout', () => parseSnpReport(evidence));
  verdict.passed('layout', `SEV-SNP report of version ${report.version}`);
  const given = verdict.reading('endorsements', () => parseSnpEndorsements(endorsements, ekBeside));
  verdict.passed('endorsements', `a certificate, and ${given.crl ? 'a' : 'no'} revocation list`);
  const certificates = readCertificates(given, policy, verdict);
  const { ek, extensions } = certificates;
  const endorsed = await verifyCertificates(certificates, policy.anchors, at, verdict);
  const tcb = verifyPlatform(report, extensions, endorsed, verdict);
  await verifyReportSignature(report, ek.key, verdict);
  verdict.know({
    tcbStatus: null,
    debug: report.policy.debug,
    measurement: encodeHex(report.measurement),
    reportData: encodeHex(report.reportData),
  });
  const chipId = isMasked(report.chipId) ? null : encodeHex(report.chipId);
  return { ...endorsed, report, cspId: extensions.cspId, tcb, chipId };
}

/** A certificate is of one key, in one machine or at one provider, with one version of each part of its firmware. */
function verifyPlatform(
  report: SnpReport,
  extensions: EkExtensions,
  { product, kind }: EndorsedKey,
  verdict: Verdict,
): SnpEvidence['tcb'] {
  const flaw =
    findKeyFlaw(report, kind) ??
    findProductFlaw(report, extensions, product) ??
    (kind === 'vcek' ? findChipFlaw(report, extensions) : findProviderFlaw(extensions));
  if (flaw !== null) verdict.refuse('platform-match', flaw);
  const read = (which: SnpTcbField): SnpTcb =>
    verdict.reading('platform-match', () => parseTcb(`report.${which}`, product, report[which]));
  const tcb = {
    reported: read('reportedTcb'),
    committed: read('committedTcb'),
    launch: read('launchTcb'),
    current: read('currentTcb'),
  };
  if (!equalBytes(extensions.tcb, report.reportedTcb)) {
    const certified = verdict.reading('platform-match', () =>
      parseTcb('certificate.tcb', product, extensions.tcb),
    );
    verdict.refuse(
      'platform-match',
      `REPORTED_TCB is ${describeTcb(tcb.reported)}, the certificate is for ${describeTcb(certified)}`,
    );
  }
  const whose = kind === 'vcek' ? 'of this chip' : `of ${extensions.cspId}`;
  verdict.passed('platform-match', `${product}, ${whose}, ${describeTcb(tcb.reported)}`);
  return tcb;
}

type SnpTcbField = 'reportedTcb' | 'committedTcb' | 'launchTcb' | 'currentTcb';

function findKeyFlaw({ signingKey }: SnpReport, kind: EndorsedKey['kind']): string | null {
  if (signingKey === kind) return null;
  return `the report says that its key is ${describeKey(signingKey)}, the certificate is of a ${describeKey(kind)}`;
}

function describeKey(key: SnpReport['signingKey']): string {
  return key === 'none' ? key : key.toUpperCase();
}

function findProductFlaw(
  { cpuid }: SnpReport,
  { productName, structVersion }: EkExtensions,
  product: EndorsedKey['product'],
): string | null {
  if (lineOfName(productName) !== product) {
    return `the certificate is for ${productName}, but issued with the key of ${product}`;
  }
  if (structVersion !== (product === 'Turin' ? 1 : 0)) {
    return `the certificate has not the structure of those for ${product}`;
  }
  if (cpuid === null || lineOfProcessor(cpuid) === product) return null;
  const { family, model } = cpuid;
  return `the report is of a processor of family ${family}, model ${model}: no ${product}`;
}

function findChipFlaw({ chipId }: SnpReport, { hardwareId, cspId }: EkExtensions): string | null {
  if (!hardwareId || cspId !== null) return 'a VCEK certificate names one chip and no provider';
  if (isMasked(chipId)) return 'the chip id is masked: nothing says that the VCEK is of this chip';
  // Turin's is shorter than the field.
  const isSame =
    equalBytes(hardwareId, chipId.subarray(0, hardwareId.length)) &&
    isMasked(chipId.subarray(hardwareId.length));
  return isSame ? null : 'the certificate is of another chip';
}

function findProviderFlaw({ hardwareId, cspId }: EkExtensions): string | null {
  return hardwareId || cspId === null ? 'a VLEK certificate names a provider and no chip' : null;
}

function isMasked(chipId: Bytes): boolean {
  return chipId.every((byte) => byte === 0);
}

async function verifyReportSignature(
  { signedBytes, signature }: SnpReport,
  key: PublicKey,
  verdict: Verdict,
): Promise<void> {
  if (!(await verifySignature(key, signature, signedBytes))) {
    verdict.refuse('report-signature', 'the report is not signed by the key of the certificate');
  }
  verdict.passed('report-signature', 'the endorsement key vouches for this report');
}
