import { createHash, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  emit,
  type Emitted,
  emittedTees,
  type EmittedTee,
  nitroRootPem,
  rootPem,
} from '../src/index.ts';
import { X509Crl } from '../src/x509.ts';

const at = new Date('2026-11-23T12:00:00Z');

/** MRENCLAVE, DEBUG bit and report data of a quote. */
function readQuote(quote: Uint8Array): { mrEnclave: Buffer; debug: boolean; reportData: Buffer } {
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
  expect(readQuote(emitted.quote)).toEqual({
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
  expect(readQuote(quote)).toEqual({
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

const chain = 'cert_chain.pem';
const files: Record<EmittedTee, readonly string[]> = {
  sgx: ['quote.bin', 'collateral.json', 'root.pem'],
  tdx: ['quote.bin', 'collateral.json', 'root.pem'],
  snp: ['report.bin', 'ek.der', 'crl.der', chain],
  nitro: ['doc.cbor', 'root.pem'],
  'azure-snp': ['evidence.json', 'crl.der', chain],
  'azure-tdx': ['evidence.json', 'collateral.json', 'root.pem'],
};

/** A file that was emitted. */
function read(emitted: Emitted, name: string): Buffer {
  const content = emitted.files[name];
  if (content === undefined) throw new Error(`${name} was not written`);
  return Buffer.from(content);
}

/** The bytes of the hardware's evidence, which Azure's JSON has as numbers. */
function evidenceIn(emitted: Emitted): Buffer {
  const [name = ''] = Object.keys(emitted.files);
  if (name !== 'evidence.json') return read(emitted, name);
  const json = JSON.parse(read(emitted, name).toString()) as Record<string, number[]>;
  return Buffer.from(json['report'] ?? json['td_quote'] ?? []);
}

test.each(emittedTees)('writes the files of %s, with what was asked for in them', async (tee) => {
  const measurement = Buffer.alloc(tee === 'sgx' ? 32 : 48, 0x11);
  const reportData = Buffer.alloc(64, 0x22);
  const emitted = await emit({ at, tee, measurement, reportData });
  expect(Object.keys(emitted.files)).toEqual(files[tee]);
  const evidence = evidenceIn(emitted);
  expect(evidence.includes(measurement)).toBe(true);
  // Azure's TPM holds a hash of the report data, and the hardware's report another.
  expect(evidence.includes(reportData)).toBe(!tee.startsWith('azure'));
});

test.each(['snp', 'azure-snp'] as const)('%s can depart from a good guest', async (tee) => {
  const options = { at, tee, product: 'Turin', key: 'vlek', vmpl: 1, revoked: true } as const;
  const emitted = await emit(options);
  const start = tee === 'snp' ? 0 : 32;
  expect(evidenceIn(emitted).readUInt32LE(start + 0x30)).toBe(1);
  expect(new X509Crl(new Uint8Array(read(emitted, 'crl.der'))).entries).toHaveLength(1);
  const { issuer, subject } = new X509Certificate(read(emitted, chain));
  expect(subject).toContain('CN=SEV-VLEK-Turin');
  expect(issuer).toContain('CN=ARK-Turin');
});

test('a debug enclave of Nitro has zeros for its image', async () => {
  const measurement = Buffer.alloc(48, 0x11);
  const debug = await emit({ at, tee: 'nitro', debug: true, measurement });
  expect(evidenceIn(debug).includes(measurement)).toBe(false);
  expect(debug.files['root.pem']).toBe(nitroRootPem);
});

test.each([
  ['nitro', { revoked: true }],
  ['nitro', { vmpl: 1 }],
  ['snp', { tcbStatus: 'OutOfDate' }],
  ['sgx', { version: 5 }],
  ['tdx', { product: 'Genoa' }],
  ['azure-tdx', { key: 'vlek' }],
  ['azure-snp', { version: 4 }],
] as const)('%s has no option %o', async (tee, option) => {
  const [name] = Object.keys(option);
  await expect(emit({ at, tee, ...option })).rejects.toThrow(
    new TypeError(`${name}: no option of evidence of ${tee}`),
  );
});
