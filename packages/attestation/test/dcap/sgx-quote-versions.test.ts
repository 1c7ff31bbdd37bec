import { createPlatform, generateKeys } from '@blindai/simulator';
import { describe, expect, it } from 'vitest';
import { at, judge, measurement, reportData, verdictOf } from '../simulated.ts';

const platform = await createPlatform({ at });
const { privateKey, publicKey } = await generateKeys();
const attestationKey = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)).slice(1);
const { pck_certificate: pck, pck_signing_chain: signers } = platform.collateral;

interface Parts {
  readonly version: number;
  readonly body?: { readonly type: number; readonly size: number };
  readonly nested: boolean;
}

/** Puts the parts of a quote of version 3 together as later versions have them, and signs them again. */
async function quoteOf({ version, body, nested }: Parts): Promise<Uint8Array> {
  const quote = Buffer.from(await platform.quote({ measurement, reportData }));
  quote.writeUInt16LE(version, 0);
  const descriptor = Buffer.alloc(body ? 6 : 0);
  if (body) {
    descriptor.writeUInt16LE(body.type, 0);
    descriptor.writeUInt32LE(body.size, 2);
  }
  const signed = Buffer.concat([quote.subarray(0, 48), descriptor, quote.subarray(48, 432)]);
  const qeReport = Buffer.from(quote.subarray(564, 948));
  const authData = Buffer.from('0102', 'hex');
  const bound = await crypto.subtle.digest('SHA-256', Buffer.concat([attestationKey, authData]));
  qeReport.set(new Uint8Array(bound), 320);
  const certification = Buffer.concat([
    qeReport,
    await sign(platform.certificates.pck.keys.privateKey, qeReport),
    Buffer.from([authData.length, 0]),
    authData,
    certificationData(5, Buffer.from(pck + signers)),
  ]);
  const signature = Buffer.concat([
    await sign(privateKey, signed),
    attestationKey,
    nested ? certificationData(6, certification) : certification,
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(signature.length);
  return Uint8Array.from(Buffer.concat([signed, length, signature]));
}

function certificationData(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16LE(type, 0);
  head.writeUInt32LE(data.length, 2);
  return Buffer.concat([head, data]);
}

async function sign(key: CryptoKey, bytes: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  return new Uint8Array(await crypto.subtle.sign(algorithm, key, Uint8Array.from(bytes)));
}

async function judgeQuote(parts: Parts): ReturnType<typeof judge> {
  const evidence = await quoteOf(parts);
  return judge({ format: 'sgx-dcap', evidence, endorsements: platform.collateral });
}

const enclave = { type: 1, size: 384 };

/** Intel makes quotes of enclaves in version 3; its library verifies those of 4 and 5 too. */
describe('the quote of an enclave', () => {
  it.each<[string, Parts]>([
    ['3', { version: 3, nested: false }],
    ['4', { version: 4, nested: true }],
    ['5', { version: 5, body: enclave, nested: true }],
  ])('of version %s is accepted', async (version, parts) => {
    const claims = await judgeQuote(parts);
    expect(claims).toMatchObject({ tee: 'sgx', measurement });
    expect(claims.report.checks[0]?.detail).toContain(`SGX quote v${version} of `);
  });

  it.each<[string, Parts]>([
    ['3 with nested certification', { version: 3, nested: true }],
    ['4 without', { version: 4, nested: false }],
    ['4 with a descriptor', { version: 4, body: enclave, nested: true }],
    ['5 without a descriptor', { version: 5, nested: true }],
    ['5 without nested certification', { version: 5, body: enclave, nested: false }],
    ['5 that describes a TD', { version: 5, body: { type: 2, size: 384 }, nested: true }],
    ['5 of another length', { version: 5, body: { type: 1, size: 385 }, nested: true }],
    ['6', { version: 6, body: enclave, nested: true }],
  ])('of version %s is refused', async (_, parts) => {
    expect(await verdictOf(judgeQuote(parts))).toBe('layout');
  });
});
