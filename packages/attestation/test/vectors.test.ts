import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  allowDebug,
  anyMeasurement,
  anyReportData,
  AttestationError,
  type Check,
  type Manifest,
  parseManifest,
  type TdxClaims,
  type UnmatchedClaims,
  vendorAnchors,
  verifyAttestation,
} from '../src/index.ts';
import { encodeHex } from '../src/encoding/hex.ts';
import { intelProfile } from '../src/dcap/certificates.ts';
import { parseCertificate } from '../src/x509/certificate.ts';
import { refusal } from './flaws.ts';
import { pemOf } from './pem-der.ts';
import { haveVectors, readCases, readTrustAnchor, type VectorCase } from './vectors.ts';

const everyStatus: Manifest = {
  ...parseManifest('version = 1'),
  intel: {
    tcbStatuses: [
      'UpToDate',
      'SWHardeningNeeded',
      'ConfigurationNeeded',
      'ConfigurationAndSWHardeningNeeded',
      'OutOfDate',
      'OutOfDateConfigurationNeeded',
      'TDRelaunchAdvised',
      'TDRelaunchAdvisedConfigurationNeeded',
    ],
    minTcbEvaluationDataNumber: null,
    maxCollateralAgeMs: null,
  },
};

/** With Intel's eyes: status and debug bit are read, not judged. */
async function judge(
  { format, quote, collateral, expected }: VectorCase,
  at = expected.verifyAt,
): Promise<UnmatchedClaims> {
  return verifyAttestation(
    { format, evidence: quote, endorsements: collateral },
    { [anyReportData]: true },
    {
      anchors: vendorAnchors,
      manifest: everyStatus,
      [anyMeasurement]: true,
      [allowDebug]: true,
    },
    new Date(at),
  );
}

/** Intel's names of what it accepts. */
const intelStatuses: Readonly<Record<string, string>> = {
  OK: 'UpToDate',
  TCB_SW_HARDENING_NEEDED: 'SWHardeningNeeded',
  TCB_CONFIGURATION_NEEDED: 'ConfigurationNeeded',
  TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED: 'ConfigurationAndSWHardeningNeeded',
  TCB_OUT_OF_DATE: 'OutOfDate',
  TCB_OUT_OF_DATE_CONFIGURATION_NEEDED: 'OutOfDateConfigurationNeeded',
  TCB_TD_RELAUNCH_ADVISED: 'TDRelaunchAdvised',
  TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED: 'TDRelaunchAdvisedConfigurationNeeded',
};

const genuine = [...readCases('dcap', 'sgx'), ...readCases('dcap', 'tdx')];

/** Each genuine case, at each time for which Intel's verdict is known. */
const oracle = genuine.flatMap((vector) =>
  (vector.expected.oracle ?? []).map(
    ({ time, intelQvl }) => [vector.name, time, vector, intelQvl] as const,
  ),
);

/** Somebody wrote "extra bytes" after this quote, for tests; Intel refuses it for another reason. */
const trailing = 'tdx-v4-tdx_prod_quote_SPR_E4-6dde5548-2025-10-21';

const expiries: readonly Check[] = [
  'certificate-validity',
  'crl-validity',
  'tcb-info-validity',
  'qe-identity-validity',
];

/** Where Intel's library tolerates what we refuse (README of the vectors), and which check refuses. */
const stricter: Readonly<Record<string, Check>> = {
  'sgx-19-trailing-byte': 'layout',
  'sgx-45-tcbinfo-whitespace-added': 'tcb-info-signature',
};

/** The step that must refuse each tampered case. */
const refusals: Readonly<Record<string, Check>> = {
  'sgx-01-header-version-9': 'layout',
  'sgx-02-header-att-key-type-3': 'layout',
  'sgx-03-header-tee-type-swapped': 'layout',
  'sgx-04-header-qe-vendor-flip': 'qe-vendor',
  'sgx-05-header-userdata-flip': 'quote-signature',
  'sgx-06-body-measurement-flip': 'quote-signature',
  'sgx-07-body-reportdata-flip': 'quote-signature',
  'sgx-08-body-attributes-debug-set': 'quote-signature',
  'sgx-09-quote-signature-flip': 'quote-signature',
  'sgx-10-quote-signature-zero': 'quote-signature',
  'sgx-11-attestation-key-flip': 'qe-report-binding',
  'sgx-12-attestation-key-zero': 'qe-report-binding',
  'sgx-13-qe-report-flip-mrsigner': 'qe-report-signature',
  'sgx-14-qe-report-signature-flip': 'qe-report-signature',
  'sgx-15-qe-auth-data-flip': 'qe-report-binding',
  'sgx-16-qe-auth-size-zero': 'layout',
  'sgx-17-truncated-100': 'layout',
  'sgx-18-truncated-header-only': 'layout',
  'sgx-20-sig-len-plus-1': 'layout',
  'sgx-20b-sig-len-0': 'layout',
  'sgx-20c-sig-len-ffffffff': 'layout',
  'sgx-21-pck-leaf-sig-flip': 'certificate-chain',
  'sgx-30-pck-crl-sig-flip': 'crl-signature',
  'sgx-31-root-crl-sig-flip': 'crl-signature',
  'sgx-32-pck-crl-garbage': 'crl',
  'sgx-33-root-crl-garbage': 'crl',
  'sgx-34-both-crls-empty': 'crl',
  'sgx-35-pck-crl-replaced-by-root-crl': 'crl-signature',
  'sgx-36-pck-crl-of-other-ca': 'crl-signature',
  'sgx-37-pck-crl-expired-rest-valid': 'crl-validity',
  'sgx-38-root-crl-expired-rest-valid': 'crl-validity',
  'sgx-40-tcbinfo-signature-flip': 'tcb-info-signature',
  'sgx-41-tcbinfo-status-upgraded': 'tcb-info-signature',
  'sgx-42-tcbinfo-nextupdate-extended': 'tcb-info-signature',
  'sgx-43-tcbinfo-wrong-fmspc-genuine': 'tcb-info',
  'sgx-44-tcbinfo-of-other-tee-type': 'tcb-info',
  'sgx-46-tcb-signing-cert-flip': 'certificate-chain',
  'sgx-47-tcb-signed-by-pck-leaf-chain': 'endorsements',
  'sgx-48-tcb-chain-root-only': 'endorsements',
  'sgx-50-qeid-signature-flip': 'qe-identity-signature',
  'sgx-51-qeid-of-other-tee': 'qe-identity-document',
  'sgx-52-qeid-tampered-isvsvn': 'qe-identity-signature',
  'sgx-53-qeid-mrsigner-tampered': 'qe-identity-signature',
  'sgx-60-before-collateral': 'crl-validity',
  'sgx-61-after-nextupdate': 'crl-validity',
  'sgx-62-2035': 'certificate-validity',
  'sgx-63-1970': 'certificate-validity',
  ...stricter,
};

/** With the line ends of BlindAI's server. */
function crlPem(hex: string): string {
  return pemOf('X509 CRL', Buffer.from(hex, 'hex')).replaceAll('\n', '\r\n');
}

describe.skipIf(!haveVectors)('real evidence (skipped where ../shared/vectors is absent)', () => {
  it('is all there', () => {
    expect(readCases('dcap', 'sgx')).toHaveLength(4);
    expect(readCases('dcap', 'tdx')).toHaveLength(12);
    expect(oracle).toHaveLength(3 * genuine.length);
  });

  it.each(oracle)('finds what Intel finds: %s at %s', async (name, time, vector, intel) => {
    const current = [intel.pck, intel.tcb, intel.qe].every((status) => status === 'OK');
    const status = intelStatuses[intel.quote];
    const judged = judge(vector, time);
    if (current && status !== undefined) {
      expect((await judged).tcb.status).toBe(status);
      return;
    }
    const { check, report } = await refusal(judged);
    if (name === trailing) expect(check).toBe('layout');
    else if (current) {
      expect(intel.quote).toBe('TCB_NOT_SUPPORTED');
      expect([check, report.tcbStatus]).toEqual(['tcb-status', null]);
    } else expect(expiries).toContain(check);
  });

  it.each(genuine.map((vector) => [vector.name, vector] as const))(
    'judges %s by default as its status and debug bit demand',
    async (name, { format, quote, collateral, expected }) => {
      const judged = verifyAttestation(
        { format, evidence: quote, endorsements: collateral },
        { [anyReportData]: true },
        { anchors: vendorAnchors, [anyMeasurement]: true },
        new Date(expected.verifyAt),
      );
      const { tcbStatus, debug, defaultPolicy } = expected.expect!;
      if (defaultPolicy === 'accept') {
        const claims = await judged;
        expect([claims.tcb.status, claims.debug]).toEqual([tcbStatus, debug]);
        return;
      }
      const error = await refusal(judged);
      if (name === trailing) {
        expect(error.check).toBe('layout');
        return;
      }
      expect(error.check).toBe(debug ? 'debug' : 'tcb-status');
      expect(error.report).toMatchObject({ tcbStatus, debug });
    },
  );

  it.each(
    readCases('dcap', 'tdx')
      .filter(({ name, expected }) => expected.expect?.tcbStatus !== null && name !== trailing)
      .map((vector) => [vector.name, vector] as const),
  )('reads the TD of %s', async (_, vector) => {
    const { tdAttributes, teeTcbSvn } = vector.expected.expect!;
    const { details, registers } = await judge(vector);
    const found = details as TdxClaims;
    const attributes = new DataView(Uint8Array.from(Buffer.from(tdAttributes!, 'hex')).buffer);
    expect(found.tdAttributes).toBe(attributes.getBigUint64(0, true));
    expect(encodeHex(found.teeTcbSvn)).toBe(teeTcbSvn);
    expect(Object.keys(registers)).toEqual(['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3']);
  });

  it.each(readCases('dcap-mutated').map((vector) => [vector.name, vector] as const))(
    'agrees with Intel on %s, or is stricter',
    async (name, vector) => {
      const { accept } = vector.expected;
      if (name in refusals) {
        expect(accept).toBe(name in stricter);
        await expect(judge(vector)).rejects.toBeInstanceOf(AttestationError);
        await expect(judge(vector)).rejects.toMatchObject({ check: refusals[name] });
      } else {
        expect(accept).toBe(true);
        expect((await judge(vector)).report.verdict).toBe('accept');
      }
    },
  );

  it('accepts the same collateral in the form of /collateral', async () => {
    const [vector] = readCases('dcap');
    const file = JSON.parse(vector!.collateral) as Record<string, string>;
    const quoteText = Buffer.from(vector!.quote).toString('latin1');
    const certificates = quoteText.match(/-----BEGIN CERT[^]*?-----END CERTIFICATE-----/g) ?? [];
    const endorsements = {
      version: 3,
      pck_crl_issuer_chain: file['pck_crl_issuer_chain'],
      root_ca_crl: crlPem(file['root_ca_crl']!),
      pck_crl: crlPem(file['pck_crl']!),
      tcb_info_issuer_chain: file['tcb_info_issuer_chain'],
      tcb_info: `{"tcbInfo":${file['tcb_info']},"signature":"${file['tcb_info_signature']}"}`,
      qe_identity_issuer_chain: file['qe_identity_issuer_chain'],
      qe_identity: `{"enclaveIdentity":${file['qe_identity']},"signature":"${file['qe_identity_signature']}"}`,
      pck_certificate: certificates[0],
      pck_signing_chain: certificates.slice(1).join('\n\n'),
    };
    const claims = await judge({ ...vector!, collateral: JSON.stringify(endorsements) });
    expect(claims.report.verdict).toBe('accept');
  });

  it('pins the key of the root that Intel publishes', () => {
    const der = new Uint8Array(readTrustAnchor('intel/IntelSGXRootCA.der'));
    const root = parseCertificate('root', der, intelProfile);
    expect(encodeHex(root.publicKeyInfo)).toBe(vendorAnchors.intelRootKey);
    expect(createHash('sha256').update(der).digest('hex')).toBe(
      '44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3',
    );
  });
});
