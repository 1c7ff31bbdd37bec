import { X509Certificate, createVerify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  cborArray,
  cborBytes,
  cborHead,
  cborIndefinite,
  cborInteger,
  cborMap,
  cborText,
  createNitroEnclave,
  disclaimer,
  expired,
  generateP384Keys,
  notYetValid,
} from '../../src/index.ts';
import type { NitroCertificateName, NitroDocumentOptions } from '../../src/index.ts';
import { flipLastBit } from '../flip.ts';
import { certificatesOf, parseDocument } from './document.ts';

const at = new Date('2026-11-23T12:00:00Z');
const names = ['root', 'regional', 'zonal', 'instance', 'leaf'] as const;

/** Whether a document's leaf signed it: RFC 9052, section 4.4. */
function documentSound(document: Uint8Array): boolean {
  const parsed = parseDocument(document);
  const { protectedHeader, payload, signature } = parsed;
  const [leaf = new Uint8Array()] = certificatesOf(parsed).slice(-1);
  const key = new X509Certificate(leaf).publicKey;
  const signed = cborArray([
    cborText('Signature1'),
    cborBytes(protectedHeader),
    cborBytes(new Uint8Array()),
    cborBytes(payload),
  ]);
  return createVerify('sha384')
    .update(signed)
    .verify({ key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Whether each certificate of a document was signed by the one before it, the root by itself. */
function chainSound(document: Uint8Array): Record<NitroCertificateName, boolean> {
  const chain = certificatesOf(parseDocument(document)).map((der) => new X509Certificate(der));
  const sound = chain.map((each, index) => {
    const issuer = chain[index === 0 ? 0 : index - 1];
    return issuer !== undefined && each.issuer === issuer.subject && each.verify(issuer.publicKey);
  });
  return Object.fromEntries(names.map((name, index) => [name, sound[index]])) as never;
}

const allSound = { root: true, regional: true, zonal: true, instance: true, leaf: true };

/** The members of a document that something was asked of. */
async function members(options: NitroDocumentOptions): Promise<ReadonlyMap<string, unknown>> {
  const enclave = await createNitroEnclave({ at });
  return parseDocument(await enclave.document(options)).members;
}

async function pcrs(options: NitroDocumentOptions): Promise<Map<number, Uint8Array>> {
  return (await members(options)).get('pcrs') as Map<number, Uint8Array>;
}

describe('a good enclave', () => {
  test('makes documents that its chain vouches for, and says what they are worth', async () => {
    const enclave = await createNitroEnclave({ at });
    const document = await enclave.document();
    expect(documentSound(document)).toBe(true);
    expect(chainSound(document)).toEqual(allSound);
    for (const der of certificatesOf(parseDocument(document))) {
      const { subject, issuer } = new X509Certificate(der);
      expect([subject, issuer].every((name) => name.includes(`OU=${disclaimer}`))).toBe(true);
    }
  });

  test('says who it is, when, and nothing that was not asked for', async () => {
    const enclave = await createNitroEnclave({
      at,
      instanceId: 'i-0123456789abcdef0',
      enclaveId: '0123456789abcdef',
    });
    const document = parseDocument(await enclave.document());
    expect(Object.fromEntries(document.members)).toMatchObject({
      module_id: 'i-0123456789abcdef0-enc0123456789abcdef',
      digest: 'SHA384',
      timestamp: at.getTime(),
      public_key: null,
      user_data: null,
      nonce: null,
    });
    expect(Buffer.from(document.protectedHeader).toString('hex')).toBe('a1013822');
    expect(document.unprotectedHeader).toEqual(new Map());
    const { serialNumber } = new X509Certificate(enclave.certificates.leaf.der);
    expect(serialNumber.replace(/^0*/, '')).toBe('123456789ABCDEF000000006B041CB0');
  });

  test('says what it was given', async () => {
    const given = {
      userData: new Uint8Array(64).fill(1),
      nonce: new Uint8Array(32).fill(2),
      publicKey: new Uint8Array(91).fill(3),
    };
    expect(Object.fromEntries(await members(given))).toMatchObject({
      user_data: given.userData,
      nonce: given.nonce,
      public_key: given.publicKey,
    });
  });

  test('has 16 PCRs, of which the image and the instance have hashes', async () => {
    const list = [...(await pcrs({}))];
    expect(list.map(([index]) => index)).toEqual([...list.keys()]);
    expect(list.map(([, value]) => value.length)).toEqual(Array.from({ length: 16 }, () => 48));
    const used = list.filter(([, value]) => value.some((byte) => byte !== 0));
    expect(used.map(([index]) => index)).toEqual([0, 1, 2, 4]);
  });
});

describe('a chain that departs from a good one', () => {
  test.each(names)('has its %s certificate expired, or not valid yet', async (name) => {
    for (const validity of [expired(at), notYetValid(at)]) {
      const enclave = await createNitroEnclave({ at, certificates: { [name]: { validity } } });
      const document = await enclave.document();
      const { validFrom, validTo } = new X509Certificate(enclave.certificates[name].der);
      expect([new Date(validFrom), new Date(validTo)]).toEqual([validity.from, validity.to]);
      expect(chainSound(document)).toEqual(allSound);
      expect(documentSound(document)).toBe(true);
    }
  });

  test.each(names)('has its %s certificate signed by another key', async (name) => {
    const signedBy = (await generateP384Keys()).privateKey;
    const enclave = await createNitroEnclave({ at, certificates: { [name]: { signedBy } } });
    expect(chainSound(await enclave.document())).toEqual({ ...allSound, [name]: false });
  });

  test.each(names)('has its %s certificate tampered with', async (name) => {
    const certificates = { [name]: { tamper: flipLastBit } };
    const enclave = await createNitroEnclave({ at, certificates });
    expect(chainSound(await enclave.document())).toEqual({ ...allSound, [name]: false });
  });

  test('has another root, sound in itself', async () => {
    const keys = await generateP384Keys();
    const enclave = await createNitroEnclave({ at, certificates: { root: { keys } } });
    expect(chainSound(await enclave.document())).toEqual(allSound);
    expect(enclave.certificates.root.keys).toBe(keys);
  });

  test('has another issuer, or an authority that is none, by editing', async () => {
    const other = await createNitroEnclave({ at });
    const enclave = await createNitroEnclave({
      at,
      certificates: {
        zonal: { edit: (made) => ({ ...made, issuer: other.certificates.regional.subject }) },
        instance: {
          edit: (made) => ({ ...made, extensions: made.extensions.toSpliced(0, 1) }),
        },
      },
    });
    expect(chainSound(await enclave.document())).toEqual({ ...allSound, zonal: false });
    expect(new X509Certificate(enclave.certificates.instance.der).ca).toBe(false);
    expect(new X509Certificate(other.certificates.instance.der).ca).toBe(true);
  });
});

describe('a document that departs from a good one', () => {
  test.each<[string, NitroDocumentOptions, Record<string, unknown>]>([
    ['another digest', { digest: 'SHA512' }, { digest: 'SHA512' }],
    ['another module', { moduleId: 'x' }, { module_id: 'x' }],
    ['another time', { timestamp: new Date(5) }, { timestamp: 5 }],
    ['an empty nonce', { nonce: new Uint8Array() }, { nonce: new Uint8Array() }],
    ['a long nonce', { nonce: new Uint8Array(513) }, { nonce: new Uint8Array(513) }],
    ['long user data', { userData: new Uint8Array(513) }, { user_data: new Uint8Array(513) }],
    [
      'a long public key',
      { publicKey: new Uint8Array(1025) },
      { public_key: new Uint8Array(1025) },
    ],
  ])('has %s', async (_, options, changed) => {
    const enclave = await createNitroEnclave({ at });
    const document = await enclave.document(options);
    const good = parseDocument(await enclave.document()).members;
    expect(Object.fromEntries(parseDocument(document).members)).toEqual({
      ...Object.fromEntries(good),
      ...changed,
    });
    expect(documentSound(document)).toBe(true);
  });

  test('has PCRs of a debugged enclave, or others, or fewer', async () => {
    const zero = new Uint8Array(48);
    const debugged = await pcrs({ debug: true });
    expect([0, 1, 2].map((index) => debugged.get(index))).toEqual([zero, zero, zero]);
    expect((await pcrs({ pcrs: { 1: new Uint8Array(47) } })).get(1)).toEqual(new Uint8Array(47));
    expect((await pcrs({ pcrs: { 2: null } })).has(2)).toBe(false);
    expect((await pcrs({ pcrs: { 32: zero } })).get(32)).toEqual(zero);
  });

  test('leaves out, doubles or adds members', async () => {
    const enclave = await createNitroEnclave({ at });
    const without = await enclave.document({
      edit: (made) => made.filter(([name]) => name !== 'nonce'),
    });
    expect(parseDocument(without).members.has('nonce')).toBe(false);
    const more = await enclave.document({
      edit: (made) => [...made, ['unknown', cborText('member')]],
    });
    expect(parseDocument(more).members.get('unknown')).toBe('member');
    expect([without, more].map((document) => documentSound(document))).toEqual([true, true]);
    const doubled = await enclave.document({
      edit: (made) => [...made, ['nonce', cborBytes(null)]],
    });
    expect(() => parseDocument(doubled)).toThrow(/repeat map key/);
  });

  test('is written as deterministic CBOR is not', async () => {
    const enclave = await createNitroEnclave({ at });
    const longer = await enclave.document({
      edit: (made) =>
        made.with(1, ['digest', Uint8Array.of(...cborHead(3, 6, 2), ...ascii('SHA384'))]),
    });
    expect(() => parseDocument(longer)).toThrow(/integer encoded in more bytes than necessary/);
    const indefinite = await enclave.document({
      editPayload: (payload) => cborIndefinite(5, [payload.subarray(1)]),
    });
    expect(() => parseDocument(indefinite)).toThrow(/indefinite/);
  });

  test('has other headers', async () => {
    const enclave = await createNitroEnclave({ at });
    const es256 = cborMap([[cborInteger(1), cborInteger(-7)]]);
    const unprotectedHeader = cborMap([[cborInteger(4), cborBytes(new Uint8Array(1))]]);
    const document = await enclave.document({ protectedHeader: es256, unprotectedHeader });
    expect(Buffer.from(parseDocument(document).protectedHeader).toString('hex')).toBe('a10126');
    expect(parseDocument(document).unprotectedHeader).toEqual(new Map([[4, new Uint8Array(1)]]));
    expect(documentSound(document)).toBe(true);
  });

  test('is signed by another key, or tampered with', async () => {
    const enclave = await createNitroEnclave({ at });
    const { privateKey } = await generateP384Keys();
    expect(documentSound(await enclave.document({ signedBy: privateKey }))).toBe(false);
    expect(documentSound(await enclave.document({ tamper: flipLastBit }))).toBe(false);
  });
});

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
