import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createAzureMachine, selectPcrs } from '../../src/index.ts';
import type {
  AzureEvidenceOptions,
  RuntimeClaims,
  SimulatedAzureMachine,
  TpmQuote,
} from '../../src/index.ts';
import { flipLastBit } from '../flip.ts';
import { judge } from '../snp/judge.ts';
import { reportFields } from '../snp/report-fields.ts';
import { allHold, judgeLinks, parseEvidence } from './evidence.ts';
import type { Links, ParsedEvidence } from './evidence.ts';

const at = new Date('2026-11-23T12:00:00Z');
const reportData = new Uint8Array(64).fill(7);
const tees = ['snp', 'tdx'] as const;

const machines = {} as Record<(typeof tees)[number], SimulatedAzureMachine>;
beforeAll(async () => {
  for (const tee of tees) machines[tee] = await createAzureMachine({ at, tee });
});

async function evidence(
  tee: (typeof tees)[number],
  options: Partial<AzureEvidenceOptions> = {},
): Promise<ParsedEvidence> {
  return parseEvidence(await machines[tee].evidence({ reportData, ...options }));
}

describe.each(tees)('over %s', (tee) => {
  const links = async (options: Partial<AzureEvidenceOptions>): Promise<Links> =>
    judgeLinks(await evidence(tee, options), reportData);

  test('good evidence has every link', async () => {
    expect(await links({})).toEqual(allHold);
    const { claimsText } = await evidence(tee);
    expect(claimsText).toBe(JSON.stringify(machines[tee].runtimeClaims));
  });

  test('evidence of one machine has the same keys, of another others', async () => {
    const other = await createAzureMachine({ at, tee });
    expect((await evidence(tee)).claimsText).toBe((await evidence(tee)).claimsText);
    expect(other.attestationKey.n).not.toBe(machines[tee].attestationKey.n);
    expect(await links({ signedBy: other.attestationKey.keys.privateKey })).toEqual({
      ...allHold,
      signature: false,
    });
    const claims = JSON.stringify(other.runtimeClaims);
    expect(await links({ tamperClaimsText: () => claims })).toEqual({
      ...allHold,
      claims: false,
      signature: false,
    });
  });

  test.each<[string, Partial<AzureEvidenceOptions>, Partial<Links>]>([
    ['the magic', { quote: { magic: 0x00544347 } }, { quote: false }],
    ['the type', { quote: { type: 0x8017 } }, { quote: false }],
    ['the PCR digest', { quote: { pcrDigest: new Uint8Array(32) } }, { pcrs: false }],
    ['what is quoted', { extraData: new Uint8Array(32) }, { reportData: false }],
    ['the signed bytes', { editQuote: (message) => message.with(0, 0) }, { quote: false }],
    ['what the hardware vouches for', { hardwareReportData: reportData }, { claims: false }],
    ['the claims after that', { tamperClaimsText: (text) => `${text} ` }, { claims: false }],
  ])('breaks the link of %s alone', async (_, options, broken) => {
    expect(await links(options)).toEqual({ ...allHold, ...broken });
  });

  test('changes claims that the hardware vouches for', async () => {
    const edited = await evidence(tee, {
      editClaims: (claims) => ({ ...claims, 'user-data': 'ff' }),
      editClaimsText: (text) => text.replace('{', '{"keys":[],'),
    });
    expect(edited.claimsText.startsWith('{"keys":[],"keys":[{')).toBe(true);
    expect((JSON.parse(edited.claimsText) as RuntimeClaims)['user-data']).toBe('ff');
    expect(judgeLinks(edited, reportData)).toEqual(allHold);
  });

  test('has every field of the quote as asked, signed', async () => {
    const quote: TpmQuote = {
      magic: 1,
      type: 2,
      qualifiedSigner: Uint8Array.of(3),
      extraData: Uint8Array.of(4),
      clock: 5n,
      resetCount: 6,
      restartCount: 7,
      safe: false,
      firmwareVersion: 8n,
      selections: [selectPcrs([9]), { hash: 4, select: Uint8Array.of(10) }],
      pcrDigest: Uint8Array.of(11),
    };
    const asked = await evidence(tee, { quote });
    expect(asked.quote).toEqual(quote);
    expect(judgeLinks(asked, reportData).signature).toBe(true);
  });

  test('has PCRs as asked, of which some are quoted', async () => {
    const pcr = new Uint8Array(32).fill(4);
    const all = await evidence(tee, { pcrs: { 4: pcr } });
    expect(all.pcrs[4]).toEqual(Buffer.from(pcr));
    expect(judgeLinks(all, reportData)).toEqual(allHold);
    const some = await evidence(tee, { selected: [4, 8] });
    expect(some.quote.selections).toEqual([
      { hash: 0x0b, select: Uint8Array.of(0x10, 0x01, 0x00) },
    ]);
    const pcrs = some.pcrs.filter((_, index) => index === 4 || index === 8);
    expect(judgeLinks({ ...some, pcrs }, reportData)).toEqual(allHold);
  });

  test('has an HCL report with other heads, or tampered with', async () => {
    const { header } = await evidence(tee);
    const hcl = { signature: 'HCLB', version: 3, reportType: 3, hashType: 2, claimsSize: 5 };
    expect((await evidence(tee, { hcl })).header).toEqual({ ...header, ...hcl });
    const tampered = await evidence(tee, { tamperHcl: flipLastBit });
    expect(tampered.hcl.at(-1)).toBe(1);
    expect(judgeLinks(tampered, reportData)).toEqual(allHold);
  });

  test('has other members, doubled ones, or none', async () => {
    const doubled = await machines[tee].evidence({
      reportData,
      edit: (members) => ({ ...members, unknown: true }),
      tamper: (text) => text.replace('{', '{"unknown":false,'),
    });
    const text = Buffer.from(doubled).toString();
    expect(text.match(/"unknown"/g)).toHaveLength(2);
    expect(JSON.parse(text)).toHaveProperty('unknown', true);
    const none = await machines[tee].evidence({ reportData, edit: () => ({}) });
    expect(Buffer.from(none).toString()).toBe('{}\n');
  });

  test('cannot have a signature of another length in front of the HCL report', async () => {
    await expect(evidence(tee, { hcl: { signature: 'HCL' } })).rejects.toThrow(
      new TypeError('signature: expected 4 bytes, found 3'),
    );
  });
});

describe('over snp', () => {
  test('has a report under the VCEK in the evidence, and the CRL beside it', async () => {
    const platformMachine = await createAzureMachine({ at, tee: 'snp', product: 'Genoa' });
    const parsed = parseEvidence(
      await platformMachine.evidence({ reportData, report: { vmpl: 1, debug: true } }),
    );
    const { vmpl, guestPolicy, cpuid, measurement } = reportFields(parsed.hardwareReport);
    expect([vmpl, guestPolicy, cpuid.model]).toEqual([1, 0xb001fn, 0x11]);
    expect(measurement.some((byte) => byte !== 0)).toBe(true);
    const { endorsements } = platformMachine;
    expect(Object.keys(endorsements)).toEqual(['crl']);
    const certificate = new X509Certificate(parsed.vcek);
    expect(certificate.issuer).toContain('CN=SEV-Genoa');
    const { report } = judge(parsed.hardwareReport, [parsed.vcek, parsed.vcek, parsed.vcek]);
    expect(report).toBe(true);
  });

  test('has a measurement as asked', async () => {
    const measurement = new Uint8Array(48).fill(5);
    const parsed = await evidence('snp', { measurement });
    expect(reportFields(parsed.hardwareReport).measurement).toEqual(measurement);
  });
});

describe('over tdx', () => {
  test('has a quote of a TD, zeros after it, and the collateral beside it', async () => {
    const measurement = new Uint8Array(48).fill(5);
    const { tdQuote, hardwareReport } = await evidence('tdx', { measurement });
    const length = 636 + tdQuote.readUInt32LE(632);
    expect(tdQuote.length - length).toBe(70);
    expect(tdQuote.subarray(length).every((byte) => byte === 0)).toBe(true);
    expect(tdQuote.subarray(184, 232)).toEqual(Buffer.from(measurement));
    expect(hardwareReport.subarray(528, 576)).toEqual(Buffer.from(measurement));
    expect(machines.tdx.endorsements).toHaveProperty('tcb_info');
  });

  test('has a quote of version 5 as well', async () => {
    const measurement = new Uint8Array(48).fill(6);
    const { tdQuote, hardwareReport } = await evidence('tdx', {
      measurement,
      tdQuote: { version: 5 },
    });
    expect(tdQuote.readUInt16LE(0)).toBe(5);
    expect(tdQuote.subarray(190, 238)).toEqual(Buffer.from(measurement));
    expect(hardwareReport.subarray(528, 576)).toEqual(Buffer.from(measurement));
  });
});
