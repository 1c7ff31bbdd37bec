import { createNitroEnclave } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import {
  acceptBootEvidence,
  allowDebug,
  anyMeasurement,
  anyReportData,
  isVerified,
  parseManifest,
  type ReportRow,
  type UnmatchedClaims,
  vendorAnchors,
  verifyAttestation,
} from '../../src/index.ts';
import { parseNitroDocument } from '../../src/nitro/document.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { simulationAnchors } from '../../src/simulation.ts';
import { refusal } from '../flaws.ts';
import { at, instanceId, judge, manifestOf, pcrs, reportData } from './enclave.ts';

const rowOf = ({ report }: UnmatchedClaims, name: string): ReportRow =>
  report.checks.find((row) => row.name === name)!;

describe('claims', () => {
  test('say what the document says', async () => {
    const publicKey = new Uint8Array(91).fill(1);
    const nonce = new Uint8Array(10).fill(2);
    const claims = await judge({
      enclave: { enclaveId: '0123456789abcdef' },
      document: { publicKey, nonce },
      manifest: manifestOf({}, 'name = "server 1.4"\n'),
    });
    expect(isVerified(claims)).toBe(true);
    expect(claims).toMatchObject({
      format: 'aws-nitro',
      tee: 'nitro',
      anchor: 'simulation',
      measurement: pcrs[0],
      reportData,
      debug: false,
      entry: 'server 1.4',
      tcb: { status: null, advisories: [], evaluationDataNumber: null, date: null, parts: {} },
      details: {
        moduleId: `${instanceId}-enc0123456789abcdef`,
        timestamp: at,
        publicKey,
        userData: reportData,
        nonce,
      },
      validUntil: new Date('2026-11-23T14:00:00Z'),
    });
    expect(Object.keys(claims.registers)).toEqual(
      Array.from({ length: 16 }, (_, index) => `pcr${index}`),
    );
    expect(claims.registers['pcr8']).toEqual(pcrs[8]);
    expect(claims.hardwareId).toBe(Buffer.from(claims.registers['pcr4']!).toString('hex'));
    expect(claims.report).toMatchObject({
      tcbStatus: null,
      debug: false,
      measurement: Buffer.from(pcrs[0]!).toString('hex'),
      reportData: Buffer.from(reportData).toString('hex'),
    });
  });

  test.each([0, 1024])(
    'hold %i bytes of each thing that the enclave gives along',
    async (length) => {
      const data = new Uint8Array(length).fill(7);
      const enclave = await createNitroEnclave({ at });
      const claims = await verifyAttestation(
        {
          format: 'aws-nitro',
          evidence: await enclave.document({ publicKey: data, userData: data, nonce: data }),
          endorsements: undefined,
        },
        { [anyReportData]: true },
        { anchors: simulationAnchors },
        at,
      );
      expect(claims.details).toMatchObject({ publicKey: data, userData: data, nonce: data });
    },
  );

  test('have no hardware id and no report data where the document says nothing of them', async () => {
    const enclave = await createNitroEnclave({ at });
    const claims = await verifyAttestation(
      {
        format: 'aws-nitro',
        evidence: await enclave.document({ pcrs: { 4: new Uint8Array(48) } }),
        endorsements: null,
      },
      { [anyReportData]: true },
      { anchors: simulationAnchors },
      at,
    );
    expect(claims).toMatchObject({ hardwareId: null, reportData: new Uint8Array() });
    expect(claims.report.reportData).toBeNull();
    expect(isVerified(claims)).toBe(false);
  });

  test('end when the entry ends, if that is first', async () => {
    const claims = await judge({ manifest: manifestOf({}, 'until = 2026-11-23T13:00:00Z\n') });
    expect(claims.validUntil).toEqual(new Date('2026-11-23T13:00:00Z'));
    expect(rowOf(claims, 'entry').detail).toBe('as demanded: until 2026-11-23T13:00:00Z');
  });
});

describe('rows', () => {
  test('of a document that is as strictly demanded as can be: only the simulation weakens', async () => {
    const { report } = await judge();
    expect(report.checks.filter(({ result }) => result !== 'passed')).toMatchObject([
      { name: 'trust-anchor', result: 'weakened', detail: expect.stringContaining('SIMULATION') },
    ]);
  });

  test('say what was demanded, who vouches for it, and where it is specified', async () => {
    const { report } = await judge();
    for (const row of report.checks) {
      for (const text of [row.demanded, row.vouchedBy, row.specification, row.detail]) {
        expect(text, row.name).not.toBe('');
      }
    }
  });

  test('of an entry that says less than everything of what it covers', async () => {
    const claims = await judge({ manifest: manifestOf({}, 'covers = ["kernel"]\n') });
    expect(rowOf(claims, 'measurement')).toMatchObject({
      result: 'weakened',
      detail: expect.stringContaining('does not cover firmware, initrd, cmdline, rootfs'),
    });
  });

  test('of a debug enclave that is accepted by name; its zeros match no entry', async () => {
    const enclave = await createNitroEnclave({ at });
    const input = {
      format: 'aws-nitro',
      evidence: await enclave.document({ debug: true, userData: reportData }),
      endorsements: undefined,
    } as const;
    const policy = { anchors: simulationAnchors, [allowDebug]: true } as const;
    const claims = await verifyAttestation(
      input,
      { reportData },
      { ...policy, [anyMeasurement]: true },
      at,
    );
    expect(claims).toMatchObject({ debug: true, report: { verdict: 'accept', debug: true } });
    expect(rowOf(claims, 'debug').result).toBe('weakened');
    const manifest = parseManifest(manifestOf());
    const { check } = await refusal(
      verifyAttestation(input, { reportData }, { ...policy, manifest }, at),
    );
    expect(check).toBe('measurement');
  });

  test('of a simulation under the keys of the vendors', async () => {
    const enclave = await createNitroEnclave({ at });
    const evidence = await enclave.document({ userData: reportData });
    const { check, message } = await refusal(
      verifyAttestation(
        { format: 'aws-nitro', evidence, endorsements: undefined },
        { reportData },
        { anchors: vendorAnchors, manifest: parseManifest(manifestOf()) },
        at,
      ),
    );
    expect(check).toBe('trust-anchor');
    expect(message).toContain('This is a simulation and protects nothing');
  });
});

async function sha256(...bytes: readonly number[]): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes)));
}

describe('evidence made at boot', () => {
  const boot = { certificate: Uint8Array.of(1), keyset: Uint8Array.of(2) };
  const demanded = { ...boot, [acceptBootEvidence]: true } as const;

  async function bootData(): Promise<Uint8Array> {
    const label = new TextEncoder().encode('blindai boot v1\0');
    return Uint8Array.from([
      ...(await sha256(...boot.certificate)),
      ...(await sha256(...label, ...(await sha256(...boot.keyset)))),
    ]);
  }

  test('has no nonce', async () => {
    const claims = await judge({ document: { userData: await bootData() }, expected: demanded });
    expect(rowOf(claims, 'report-data').result).toBe('weakened');
  });

  test('is none with one', async () => {
    const document = { userData: await bootData(), nonce: new Uint8Array(32) };
    const { check } = await refusal(judge({ document, expected: demanded }));
    expect(check).toBe('report-data');
  });
});

describe('a document that somebody damaged', async () => {
  const enclave = await createNitroEnclave({ at, instanceId });
  const genuine = await enclave.document({ userData: reportData, pcrs });

  test('is no document at any shorter length', () => {
    for (let length = 0; length < genuine.length; length++) {
      expect(() => parseNitroDocument(genuine.slice(0, length)), `${length} bytes`).toThrow(
        FormatError,
      );
    }
  });

  test('is refused with any bit flipped', async () => {
    const input = { format: 'aws-nitro', endorsements: undefined } as const;
    const policy = { anchors: simulationAnchors, manifest: parseManifest(manifestOf()) };
    for (let offset = 0; offset < genuine.length; offset += 41) {
      const evidence = genuine.slice();
      evidence[offset]! ^= 1 << (offset % 8);
      const refused = await refusal(
        verifyAttestation({ ...input, evidence }, { reportData }, policy, at),
      );
      expect(refused.report.verdict, `byte ${offset}`).toBe('refuse');
    }
  });
});
