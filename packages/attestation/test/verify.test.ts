import type { SimulatedCollateral } from '@blindai/simulator';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  allowDebug,
  anyMeasurement,
  anyReportData,
  AttestationError,
  BlindAIError,
  checks,
  detectFormat,
  type Check,
  type Format,
  isVerified,
  type Policy,
  type SgxClaims,
  vendorAnchors,
  verifyAttestation,
} from '../src/index.ts';
import { sgxDcap } from '../src/dcap/sgx.ts';
import { simulationAnchors } from '../src/simulation.ts';
import { parseSigned } from '../src/x509/signed.ts';
import { derOf, pemOf } from './pem-der.ts';
import {
  at,
  flipBit,
  judge,
  manifest,
  measurement,
  policy,
  reportData,
  simulate,
  type Simulated,
  verdictOf,
} from './simulated.ts';
import { readCases } from './vectors.ts';

let genuine: Simulated;
beforeAll(async () => {
  genuine = await simulate();
});

/** Position of the last byte of the signed body of a certificate or CRL: it is in no length or tag. */
function lastOfBody(der: Uint8Array<ArrayBuffer>): number {
  const { bodyBytes } = parseSigned('signed', der);
  return bodyBytes.byteOffset + bodyBytes.length - der.byteOffset - 1;
}

const seconds = (time: Date, offset: number): Date => new Date(time.getTime() + offset * 1000);

describe('evidence that holds', () => {
  it('is accepted, with a row for every check in the order of the table', async () => {
    const claims = await judge(genuine);
    const judged = claims.report.checks.map((row) => row.name);
    expect(judged).toEqual([...sgxDcap.plan(policy).map(({ name }) => name), 'report-data']);
    expect(judged).toEqual(Object.keys(checks).filter((name) => judged.includes(name as Check)));
    for (const { name, demanded, vouchedBy, specification } of claims.report.checks) {
      expect([demanded, vouchedBy, specification], name).not.toContain('');
    }
    const weakened = claims.report.checks.filter((row) => row.result !== 'passed');
    expect(weakened.map((row) => row.name)).toEqual(['trust-anchor']);
    expect(claims.report).toMatchObject({
      verdict: 'accept',
      check: null,
      format: 'sgx-dcap',
      anchor: 'simulation',
      tcbStatus: 'UpToDate',
      debug: false,
      measurement: '5a'.repeat(32),
      reportData: Buffer.from(reportData).toString('hex'),
    });
  });

  it('becomes claims', async () => {
    const claims = await judge(genuine);
    expect(claims).toMatchObject({
      format: 'sgx-dcap',
      tee: 'sgx',
      anchor: 'simulation',
      measurement,
      registers: {},
      reportData,
      debug: false,
      entry: 'test',
      tcb: { status: 'UpToDate', advisories: [], evaluationDataNumber: 17 },
      details: { mrEnclave: measurement, fmspc: 'b11da1000000', isvSvn: 0 },
    });
    expect(claims.hardwareId).toBe((claims.details as SgxClaims).platformInstanceId);
    expect(claims.tcb.date).toEqual(new Date('2024-03-13T00:00:00Z'));
    expect(claims.validUntil).toEqual(new Date('2026-02-14T12:00:00Z'));
  });

  it('is judged as it was when the call was made', async () => {
    const evidence = genuine.evidence.slice();
    const judged = judge({ ...genuine, evidence });
    evidence.fill(0);
    await expect(judged).resolves.toMatchObject({ measurement });
  });

  it('may be padded with zeros up to 16 KiB, which the report says', async () => {
    const evidence = new Uint8Array(16 * 1024);
    evidence.set(genuine.evidence);
    const { report } = await judge({ ...genuine, evidence });
    const padding = evidence.length - genuine.evidence.length;
    expect(report.checks[0]?.detail).toContain(`${padding} zero bytes of padding`);
  });
});

describe('claims', () => {
  it('count as verified only if the verifier made them', async () => {
    const claims = await judge(genuine);
    expect(isVerified(claims)).toBe(true);
    expect(isVerified({ ...claims })).toBe(false);
    expect(isVerified(Object.create(claims) as typeof claims)).toBe(false);
  });

  it('do not count without a measurement, or without report data', async () => {
    const { anchors } = policy;
    const unmatched = await verifyAttestation(
      genuine,
      { reportData },
      { anchors, [anyMeasurement]: true },
      at,
    );
    const unbound = await verifyAttestation(genuine, { [anyReportData]: true }, policy, at);
    expect([isVerified(unmatched), isVerified(unbound)]).toEqual([false, false]);
    const weakened = (claims: typeof unbound): string[] =>
      claims.report.checks.filter((row) => row.result === 'weakened').map((row) => row.name);
    expect(weakened(unbound)).toEqual(['trust-anchor', 'report-data']);
    expect(weakened(unmatched)).toEqual(['trust-anchor', 'tcb-evaluation-number', 'measurement']);
  });
});

describe('a refusal', () => {
  it('names the check, keeps the rows above and does not reach those below', async () => {
    const error = await judge({ ...genuine, evidence: flipBit(genuine.evidence, 200) }).catch(
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof AttestationError)) throw error;
    expect(error).toBeInstanceOf(BlindAIError);
    expect(error).toMatchObject({
      name: 'AttestationError',
      code: 'attestation-refused',
      check: 'quote-signature',
      message: expect.stringContaining('not signed by the attestation key'),
    });
    const { report } = error;
    expect(report).toMatchObject({
      verdict: 'refuse',
      check: 'quote-signature',
      measurement: null,
    });
    const results = report.checks.map((row) => row.result);
    const refused = results.indexOf('refused');
    expect(results.slice(0, refused)).not.toContain('not-reached');
    expect(new Set(results.slice(refused + 1))).toEqual(new Set(['not-reached']));
    expect(report.checks.at(-1)).toMatchObject({
      name: 'report-data',
      result: 'not-reached',
      detail: '',
    });
  });

  it('for policy tells what is known of the genuine evidence', async () => {
    const debug = await simulate({ quote: { debug: true }, platform: { tcbStatus: 'OutOfDate' } });
    await expect(judge(debug)).rejects.toMatchObject({
      check: 'debug',
      report: { tcbStatus: 'OutOfDate', debug: true, measurement: '5a'.repeat(32) },
    });
  });

  it('of a simulation under vendor anchors says that it is one', async () => {
    const production: Policy = { anchors: vendorAnchors, manifest };
    await expect(judge(genuine, { policy: production })).rejects.toMatchObject({
      check: 'trust-anchor',
      message: expect.stringMatching(/simulation and protects nothing.*--simulation/),
      report: { anchor: 'vendor' },
    });
  });

  it.skipIf(readCases('dcap').length === 0)(
    'of real evidence under simulation anchors says so (skipped without ../shared/vectors)',
    async () => {
      const [{ quote, collateral, expected }] = readCases('dcap') as [
        ReturnType<typeof readCases>[number],
      ];
      const input = { format: 'sgx-dcap', evidence: quote, endorsements: collateral } as const;
      await expect(judge(input, { at: new Date(expected.verifyAt) })).rejects.toMatchObject({
        check: 'trust-anchor',
        message: expect.stringContaining("the vendor's own root"),
      });
    },
  );

  it('of a format that nobody recognised has no format', async () => {
    await expect(judge({ ...genuine, format: null })).rejects.toMatchObject({
      check: 'layout',
      report: { format: null },
    });
  });
});

describe('an incomplete demand', () => {
  const vendor = { anchors: vendorAnchors };
  it.each<[string, () => Promise<unknown>]>([
    ['no manifest under vendor anchors', async () => judge(genuine, { policy: vendor })],
    [
      'anchors that are none of the two sets',
      async () => judge(genuine, { policy: { manifest, anchors: { ...vendorAnchors } } }),
    ],
    ['no time', async () => judge(genuine, { at: new Date(Number.NaN) })],
  ])('%s is a TypeError', async (_, judged) => {
    await expect(judged()).rejects.toBeInstanceOf(TypeError);
  });

  it('is none under simulation anchors: then no entry is compared', async () => {
    const claims = await judge(genuine, { policy: { anchors: simulationAnchors } });
    expect(isVerified(claims)).toBe(true);
    const row = claims.report.checks.find(({ name }) => name === 'measurement');
    expect(row).toMatchObject({
      result: 'weakened',
      detail: expect.stringContaining('SIMULATION'),
    });
  });
});

describe('a truncated quote', () => {
  it('is refused at every length', async () => {
    for (let length = 0; length < genuine.evidence.length; length++) {
      const evidence = genuine.evidence.subarray(0, length);
      expect([length, await verdictOf(judge({ ...genuine, evidence }))]).toEqual([
        length,
        'layout',
      ]);
    }
  });

  it.each(readCases('dcap').map((vector) => [vector.name, vector] as const))(
    'is refused at every length: %s',
    async (_, { quote, collateral }) => {
      for (let length = 0; length < quote.length; length++) {
        const evidence = quote.subarray(0, length);
        const input = { format: 'sgx-dcap', evidence, endorsements: collateral } as const;
        expect([length, await verdictOf(judge(input))]).toEqual([length, 'layout']);
      }
    },
  );
});

describe('one flipped bit', () => {
  const authData = 48 + 384 + 4;
  it.each([
    ['the header', 30, 'quote-signature'],
    ['the measurement', 48 + 64, 'quote-signature'],
    ['the report data', 48 + 320, 'quote-signature'],
    ['the quote signature', authData + 5, 'quote-signature'],
    ['the attestation key', authData + 64, 'qe-report-binding'],
    ["the quoting enclave's report", authData + 128, 'qe-report-signature'],
    ["the quoting enclave's report data", authData + 128 + 320, 'qe-report-signature'],
    ["the quoting enclave's report signature", authData + 128 + 384, 'qe-report-signature'],
    ["the quoting enclave's data", authData + 128 + 384 + 64 + 2, 'qe-report-binding'],
  ])('in %s is refused', async (_, offset, check) => {
    for (let bit = 0; bit < 8; bit++) {
      const evidence = flipBit(genuine.evidence, offset, bit);
      expect(await verdictOf(judge({ ...genuine, evidence }))).toBe(check);
    }
  });

  it.each([
    ['PCK certificate', 'pck_certificate'],
    ['PCK CA certificate', 'pck_signing_chain'],
  ] as const)('in the %s of the quote is refused', async (_, member) => {
    const text = Buffer.from(genuine.evidence).toString('latin1');
    const [der] = derOf(genuine.endorsements[member]);
    const flipped = pemOf('CERTIFICATE', flipBit(der!, lastOfBody(der!)));
    const evidence = Uint8Array.from(
      Buffer.from(text.replace(pemOf('CERTIFICATE', der!), flipped), 'latin1'),
    );
    const endorsements = {
      ...genuine.endorsements,
      [member]: genuine.endorsements[member].replace(pemOf('CERTIFICATE', der!), flipped),
    };
    expect(evidence).not.toEqual(genuine.evidence);
    const check = await verdictOf(judge({ ...genuine, evidence, endorsements }));
    expect(['certificate', 'certificate-chain']).toContain(check);
  });

  it.each([
    ['pck_crl_issuer_chain', 0],
    ['pck_crl_issuer_chain', 1],
    ['tcb_info_issuer_chain', 0],
    ['tcb_info_issuer_chain', 1],
    ['qe_identity_issuer_chain', 0],
    ['qe_identity_issuer_chain', 1],
  ] as const)('in the signature of %s[%i] is refused', async (member, index) => {
    const chain = derOf(genuine.endorsements[member]);
    chain[index] = flipBit(chain[index]!, chain[index]!.length - 1);
    const endorsements = { ...genuine.endorsements, [member]: pemOf('CERTIFICATE', ...chain) };
    expect(await verdictOf(judge({ ...genuine, endorsements }))).toBe('certificate-chain');
  });

  it.each(['root_ca_crl', 'pck_crl'] as const)(
    'in body or signature of %s is refused',
    async (member) => {
      const [der] = derOf(genuine.endorsements[member]);
      for (const offset of [lastOfBody(der!), der!.length - 1]) {
        const crl = pemOf('X509 CRL', flipBit(der!, offset));
        const endorsements = { ...genuine.endorsements, [member]: crl };
        expect(await verdictOf(judge({ ...genuine, endorsements }))).toBe('crl-signature');
      }
    },
  );

  it.each([
    [
      'tcb_info',
      '"tcbEvaluationDataNumber":17',
      '"tcbEvaluationDataNumber":16',
      'tcb-info-signature',
    ],
    ['tcb_info', /"signature":"./, '"signature":"', 'endorsements'],
    ['qe_identity', '"isvprodid":1', '"isvprodid":0', 'qe-identity-signature'],
    ['qe_identity', /"signature":"./, '"signature":"', 'endorsements'],
  ] as const)('in %s, at %s, is refused', async (member, from, to, check) => {
    const changed = genuine.endorsements[member].replace(from, to);
    expect(changed).not.toBe(genuine.endorsements[member]);
    const endorsements = { ...genuine.endorsements, [member]: changed };
    expect(await verdictOf(judge({ ...genuine, endorsements }))).toBe(check);
  });

  it.each([
    ['tcb_info', 'tcb-info-signature'],
    ['qe_identity', 'qe-identity-signature'],
  ] as const)('in the signature of %s is refused', async (member, check) => {
    const changed = genuine.endorsements[member].replace(/(?<="signature":")./, (digit) =>
      ((Number.parseInt(digit, 16) ^ 1) & 15).toString(16),
    );
    const endorsements: SimulatedCollateral = { ...genuine.endorsements, [member]: changed };
    expect(await verdictOf(judge({ ...genuine, endorsements }))).toBe(check);
  });
});

describe('the clock', () => {
  const window = { from: new Date('2026-01-15T11:00:00Z'), to: new Date('2026-01-15T13:00:00Z') };

  it.each([
    [
      'the root CA certificate',
      { certificates: { root: { validity: window } } },
      'certificate-validity',
    ],
    [
      'the PCK CA certificate',
      { certificates: { intermediate: { validity: window } } },
      'certificate-validity',
    ],
    [
      'the PCK certificate',
      { certificates: { pck: { validity: window } } },
      'certificate-validity',
    ],
    [
      'the TCB signing certificate',
      { certificates: { tcbSigning: { validity: window } } },
      'certificate-validity',
    ],
    ['the root CA CRL', { crls: { root: { validity: window } } }, 'crl-validity'],
    ['the PCK CRL', { crls: { pck: { validity: window } } }, 'crl-validity'],
    ['TCB info', { documents: { tcbInfo: { validity: window } } }, 'tcb-info-validity'],
    ['QE identity', { documents: { qeIdentity: { validity: window } } }, 'qe-identity-validity'],
  ] as const)('is judged at both ends of %s, to the second', async (_, platform, check) => {
    const simulated = await simulate({ platform });
    const verdicts = [seconds(window.from, -1), window.from, window.to, seconds(window.to, 1)].map(
      async (time) => verdictOf(judge(simulated, { at: time })),
    );
    expect(await Promise.all(verdicts)).toEqual([check, 'accepted', 'accepted', check]);
    expect((await judge(simulated)).validUntil).toEqual(window.to);
  });
});

describe('detectFormat', () => {
  it('recognises an SGX quote', () => {
    expect(detectFormat(genuine.evidence)).toBe('sgx-dcap');
  });

  it('recognises the others by their first bytes', () => {
    const tdx = new Uint8Array(636);
    tdx.set([4, 0, 2, 0, 0x81]);
    const snp = new Uint8Array(1184);
    snp.set([5]);
    const nitro = new Uint8Array(5000);
    nitro.set([0x84, 0x44, 0xa1]);
    const tagged = Uint8Array.from([0xd2, ...nitro]);
    const found = [tdx, snp, nitro, tagged].map(detectFormat);
    expect(found).toEqual(['tdx-dcap', 'sev-snp', 'aws-nitro', 'aws-nitro']);
  });

  it.each<[string, Format | null]>([
    ['{"quote": {}, "report": [], "vcek": ""}', 'azure-snp-vtpm'],
    ['{"vcek": "", "report": [], "quote": {}, "more": 1}', 'azure-snp-vtpm'],
    ['{"tpm_quote": {}, "hcl_report": [], "td_quote": []}', 'azure-tdx-vtpm'],
    ['{"quote": {}}', null],
    ['{"toString": 1}', null],
    ['{"quote": {}, "report": []', null],
    ['[{"quote": {}, "report": []}]', null],
  ])('recognises Azure by the members of its JSON: %s', (text, format) => {
    expect(detectFormat(new TextEncoder().encode(text.padEnd(60)))).toBe(format);
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('{"format":"sgx-dcap"}'.repeat(10))],
    ['zeros', new Uint8Array(1184)],
    ['another TEE', Uint8Array.from({ length: 100 }, (_, i) => [3, 0, 2, 0, 7][i] ?? 0)],
  ])('does not recognise %s', (_, bytes) => {
    expect(detectFormat(bytes)).toBeNull();
  });
});

it('accepts debug only by its symbol, as a weakened row', async () => {
  const debug = await simulate({ quote: { debug: true } });
  expect(await verdictOf(judge(debug))).toBe('debug');
  const { report } = await judge(debug, { policy: { ...policy, [allowDebug]: true } });
  expect(report.checks.find((row) => row.name === 'debug')?.result).toBe('weakened');
  expect(report.debug).toBe(true);
});
