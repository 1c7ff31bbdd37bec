import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { emit, rootPem } from '../src/index.ts';
import { X509Crl } from '../src/x509.ts';

const at = new Date('2026-11-23T12:00:00Z');

/** MRENCLAVE, DEBUG bit and report data of a quote. */
function read(quote: Uint8Array): { mrEnclave: Buffer; debug: boolean; reportData: Buffer } {
  const bytes = Buffer.from(quote);
  return {
    mrEnclave: bytes.subarray(112, 144),
    debug: (bytes.readUInt8(96) & 0x02) !== 0,
    reportData: bytes.subarray(368, 432),
  };
}

test('writes the three files of a good platform where nothing else is asked for', async () => {
  const emitted = await emit({ at });
  const label = 'BlindAI SIMULATION workload';
  expect(read(emitted.quote)).toEqual({
    mrEnclave: createHash('sha256').update(label).digest(),
    debug: false,
    reportData: Buffer.alloc(64),
  });
  expect(emitted.rootPem).toBe(rootPem);
  const collateral = JSON.parse(emitted.collateralJson) as Record<string, string>;
  expect(Object.keys(collateral)).toEqual([
    'pck_crl_issuer_chain',
    'root_ca_crl',
    'pck_crl',
    'tcb_info_issuer_chain',
    'tcb_info',
    'tcb_info_signature',
    'qe_identity_issuer_chain',
    'qe_identity',
    'qe_identity_signature',
  ]);
  expect(collateral['tcb_info']).toMatch(/^\{"id":"SGX","version":3,"issueDate":"2026-11-22T12/);
  expect(collateral['qe_identity']).toMatch(/^\{"id":"QE","version":2,/);
  expect(collateral['tcb_info_signature']).toMatch(/^[0-9a-f]{128}$/);
  expect(new X509Crl(Buffer.from(collateral['pck_crl'] ?? '', 'hex')).entries).toEqual([]);
});

test('writes what it is asked for', async () => {
  const { quote, collateralJson } = await emit({
    at,
    measurement: new Uint8Array(32).fill(1),
    reportData: new Uint8Array(64).fill(2),
    debug: true,
    revoked: true,
    tcbStatus: 'OutOfDate',
  });
  expect(read(quote)).toEqual({
    mrEnclave: Buffer.alloc(32, 1),
    debug: true,
    reportData: Buffer.alloc(64, 2),
  });
  const { pck_crl: crl = '' } = JSON.parse(collateralJson) as Record<string, string>;
  expect(new X509Crl(Buffer.from(crl, 'hex')).entries).toHaveLength(1);
  expect(quote[48]).toBe(10);
});

test('refuses report data that no quote can hold', async () => {
  await expect(emit({ at, reportData: new Uint8Array(1) })).rejects.toThrow(
    new TypeError('reportData: expected 64 bytes, found 1'),
  );
});

test.each([
  [4, 48],
  [5, 54],
] as const)('writes a TD quote of version %i, with collateral for TDX', async (version, start) => {
  const reportData = new Uint8Array(64).fill(2);
  const emitted = await emit({ at, tee: 'tdx', version, debug: true, reportData, revoked: true });
  const quote = Buffer.from(emitted.quote);
  const measurement = createHash('sha384').update('BlindAI SIMULATION workload').digest();
  expect(quote.readUInt16LE(0)).toBe(version);
  expect(quote.subarray(start + 136, start + 184)).toEqual(measurement);
  expect(quote.readUInt8(start + 120)).toBe(1);
  expect(quote.subarray(start + 520, start + 584)).toEqual(Buffer.alloc(64, 2));
  const collateral = JSON.parse(emitted.collateralJson) as Record<string, string>;
  expect(collateral['tcb_info']).toMatch(/^\{"id":"TDX","version":3,/);
  expect(collateral['qe_identity']).toMatch(/^\{"id":"TD_QE","version":2,/);
  expect(new X509Crl(Buffer.from(collateral['pck_crl'] ?? '', 'hex')).entries).toHaveLength(1);
});
