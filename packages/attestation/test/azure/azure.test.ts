import { createAzureMachine } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import {
  anyMeasurement,
  detectFormat,
  isVerified,
  parseManifest,
  type ReportRow,
  type UnmatchedClaims,
  vendorAnchors,
  verifyAttestation,
} from '../../src/index.ts';
import { sha256 } from '../../src/encoding/sha256.ts';
import { refusal } from '../flaws.ts';
import {
  at,
  floors,
  judge,
  machineOf,
  manifestOf,
  measurement,
  pcrs,
  reportData,
  type Tee,
} from './machine.ts';

const tees: readonly Tee[] = ['snp', 'tdx'];
const rowOf = ({ report }: UnmatchedClaims, name: string): ReportRow =>
  report.checks.find((row) => row.name === name)!;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe.each(tees)('claims over %s', (tee) => {
  test('say what the evidence says', async () => {
    const claims = await judge(tee, { manifest: manifestOf('name = "server 1.4"\n') });
    const { runtimeClaims } = await machineOf(tee);
    expect(isVerified(claims)).toBe(true);
    const hash = await sha256(new Uint8Array(reportData));
    expect(claims).toMatchObject({
      format: `azure-${tee}-vtpm`,
      tee: 'azure',
      anchor: 'simulation',
      measurement,
      reportData: hash,
      debug: false,
      entry: 'server 1.4',
      details: {
        vmConfiguration: runtimeClaims['vm-configuration'],
        userData: '00'.repeat(64),
      },
    });
    expect(claims.registers).toMatchObject(
      Object.fromEntries(Object.entries(pcrs).map(([index, pcr]) => [`pcr${index}`, pcr])),
    );
    expect(Object.keys(claims.registers).filter((name) => name.startsWith('pcr'))).toHaveLength(24);
    expect(claims.report).toMatchObject({
      debug: false,
      measurement: hex(measurement),
      reportData: hex(hash),
    });
  });

  test('leave out what is not plain in the configuration', async () => {
    const claims = await judge(tee, {
      evidence: {
        editClaims: (all) => ({
          ...all,
          'vm-configuration': { 'secure-boot': false, count: 1, none: null, list: [], more: {} },
          'user-data': undefined,
        }),
      },
    });
    expect(claims.details).toMatchObject({
      vmConfiguration: { 'secure-boot': false, count: 1, none: null },
      userData: null,
    });
  });

  test('end when the entry ends, if that is first', async () => {
    const claims = await judge(tee, { manifest: manifestOf('until = 2026-11-23T13:00:00Z\n') });
    expect(claims.validUntil).toEqual(new Date('2026-11-23T13:00:00Z'));
  });

  test('tell only what is verified when a check refuses', async () => {
    const before = await refusal(judge(tee, { evidence: { hardwareReportData: reportData } }));
    expect(before.report).toMatchObject({
      check: 'runtime-binding',
      debug: false,
      measurement: hex(measurement),
      reportData: null,
    });
    const after = await refusal(judge(tee, { manifest: 'version = 1' }));
    expect(after.report).toMatchObject({
      check: 'measurement',
      reportData: hex(await sha256(new Uint8Array(reportData))),
    });
  });

  test('need zeros after the hash of the runtime claims', async () => {
    const { runtimeClaims } = await machineOf(tee);
    const text = new TextEncoder().encode(JSON.stringify(runtimeClaims));
    const hash = await sha256(text);
    const padded = Uint8Array.from([...hash, ...new Uint8Array(32)]);
    expect(isVerified(await judge(tee, { evidence: { hardwareReportData: padded } }))).toBe(true);
    for (const offset of [0, 31, 32, 63]) {
      const hardwareReportData = padded.map((byte, index) => (index === offset ? byte ^ 1 : byte));
      const { check } = await refusal(judge(tee, { evidence: { hardwareReportData } }));
      expect(check, `byte ${offset}`).toBe('runtime-binding');
    }
  });
});

describe('what only one kind of hardware says', () => {
  test('SEV-SNP', async () => {
    const claims = await judge('snp');
    expect(claims.tcb).toMatchObject({ status: null, parts: { microcode: 219 } });
    expect(claims.details).toMatchObject({ hardware: { vmpl: 0, product: 'Milan' } });
    expect(claims.hardwareId).toMatch(/^[0-9a-f]{128}$/);
    const pinned = manifestOf(`chip_id = ["${claims.hardwareId!}"]\n`);
    const { chipId } = (claims.details as { hardware: { chipId: string } }).hardware;
    expect(chipId).toBe(claims.hardwareId);
    expect(rowOf(await judge('snp', { manifest: pinned }), 'platform').detail).toBe(
      'one of the machines that the entry lists',
    );
  });

  test('TDX', async () => {
    const claims = await judge('tdx');
    expect(claims.tcb).toMatchObject({ status: 'UpToDate', evaluationDataNumber: 17 });
    expect(claims.report.tcbStatus).toBe('UpToDate');
    expect(claims.details).toMatchObject({ hardware: { fmspc: 'b11da1000000' } });
    expect(Object.keys(claims.registers)).toContain('rtmr0');
    const pinned = manifestOf(`platform = ["${claims.hardwareId!}"]\n`);
    expect(rowOf(await judge('tdx', { manifest: pinned }), 'platform').detail).toBe(
      'one of the machines that the entry lists',
    );
  });
});

describe('rows', () => {
  test.each<[Tee, string]>([
    ['snp', manifestOf(floors)],
    ['tdx', manifestOf()],
  ])('over %s: only the simulation weakens the strictest demand', async (tee, manifest) => {
    const { report } = await judge(tee, { manifest });
    expect(report.checks.filter(({ result }) => result !== 'passed')).toMatchObject([
      { name: 'trust-anchor', result: 'weakened', detail: expect.stringContaining('SIMULATION') },
    ]);
  });

  test.each(tees)('over %s: all say what they are about', async (tee) => {
    const { report } = await judge(tee);
    for (const row of report.checks) {
      for (const text of [row.demanded, row.vouchedBy, row.specification, row.detail]) {
        expect(text, row.name).not.toBe('');
      }
    }
  });

  test('without a floor the one for it is weakened', async () => {
    expect(rowOf(await judge('snp'), 'minimum-tcb')).toMatchObject({
      result: 'weakened',
      detail: expect.stringContaining('no floor demanded'),
    });
  });

  test.each(tees)('over %s: PCRs that cover too little weaken', async (tee) => {
    const demanded = { ...pcrs, 8: new Uint8Array(32) };
    const claims = await judge(tee, {
      evidence: { pcrs: demanded },
      manifest: manifestOf('', demanded),
    });
    expect(rowOf(claims, 'registers')).toMatchObject({
      result: 'weakened',
      detail: expect.stringMatching(/^as the entry lists them: 4, 7, 8, 9; zero where/),
    });
  });

  test.each<[Tee, readonly string[]]>([
    ['snp', ['measurement', 'vmpl', 'report-data']],
    ['tdx', ['measurement', 'report-data']],
  ])('over %s, compared with no entry: %j end the report', async (tee, names) => {
    const claims = await judge(tee, { policy: { [anyMeasurement]: true } });
    expect(claims.report.checks.slice(-names.length).map(({ name }) => name)).toEqual(names);
    expect(rowOf(claims, 'measurement').result).toBe('weakened');
    expect(isVerified(claims)).toBe(false);
  });

  test('of entries that are tuples: values of two of them never mix', async () => {
    const other = { ...pcrs, 4: new Uint8Array(32).fill(0x99) };
    const firmware = manifestOf('', other);
    const entries = manifestOf().replace('11'.repeat(48), '22'.repeat(48));
    const { check } = await refusal(
      judge('snp', { manifest: firmware + entries.slice(entries.indexOf('[[azure]]')) }),
    );
    expect(check).toBe('registers');
  });
});

describe.each(tees)('evidence over %s', (tee) => {
  test('is recognised by its members', async () => {
    const evidence = await (await machineOf(tee)).evidence({ reportData });
    expect(detectFormat(evidence)).toBe(`azure-${tee}-vtpm`);
    expect(detectFormat(evidence.slice(0, -2))).toBeNull();
  });

  test('of a simulation is refused under the keys of the vendors', async () => {
    const machine = await createAzureMachine({ at, tee });
    const { check } = await refusal(
      verifyAttestation(
        {
          format: `azure-${tee}-vtpm`,
          evidence: await machine.evidence({ reportData, measurement, pcrs }),
          endorsements: machine.endorsements,
        },
        { reportData },
        { anchors: vendorAnchors, manifest: parseManifest(manifestOf()) },
        at,
      ),
    );
    expect(['trust-anchor', 'certificate-chain']).toContain(check);
  });

  test('of one machine with the quote of another is refused', async () => {
    const other = await createAzureMachine({ at, tee });
    const name = tee === 'snp' ? 'quote' : 'tpm_quote';
    const text = new TextDecoder().decode(await other.evidence({ reportData, measurement, pcrs }));
    const quote = (JSON.parse(text) as Record<string, unknown>)[name];
    const { check } = await refusal(
      judge(tee, { evidence: { edit: (members) => ({ ...members, [name]: quote }) } }),
    );
    expect(check).toBe('tpm-quote-signature');
  });
});
