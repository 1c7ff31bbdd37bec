import { createPlatform, Extension } from '@blindai/simulator';
import type { CertificateTemplate } from '@blindai/simulator';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { decodeHex, encodeHex } from '../../src/encoding/hex.ts';
import { intelProfile } from '../../src/dcap/certificates.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { at } from '../simulated.ts';

const { certificates } = await createPlatform({ at });

async function edited(
  edit: (template: CertificateTemplate) => CertificateTemplate,
): Promise<Bytes> {
  const platform = await createPlatform({ at, certificates: { tcbSigning: { edit } } });
  return platform.certificates.tcbSigning.der;
}

const extension = (type: string, critical: boolean, hex: string): Extension =>
  new Extension(type, critical, decodeHex('hex', hex));

async function withExtension(type: string, hex: string): Promise<Bytes> {
  return edited((template) => ({
    ...template,
    extensions: template.extensions.map((each) =>
      each.type === type ? extension(type, true, hex) : each,
    ),
  }));
}

/** Replaces the only place where these bytes stand by as many others. */
function patched(der: Bytes, from: string, to: string): Bytes {
  const hex = encodeHex(der);
  expect(hex.split(from)).toHaveLength(2);
  expect(to).toHaveLength(from.length);
  return decodeHex('hex', hex.replace(from, to));
}

describe('parseCertificate', () => {
  it('reads a CA', () => {
    const ca = parseCertificate('CA', certificates.intermediate.der, intelProfile);
    expect(ca).toMatchObject({
      what: 'CA',
      pathLength: 0,
      usage: { digitalSignature: false, keyCertSign: true, crlSign: true },
      authorityKeyId: certificates.root.keyId,
      subjectKeyId: certificates.intermediate.keyId,
      subject: { commonName: 'Intel SGX PCK Platform CA' },
      issuer: { commonName: 'Intel SGX Root CA' },
    });
    expect(ca.validity.from.getTime()).toBeLessThan(at.getTime());
    expect(ca.validity.to.getTime()).toBeGreaterThan(at.getTime());
  });

  it('reads an end entity', () => {
    const pck = parseCertificate('PCK', certificates.pck.der, intelProfile);
    expect(pck).toMatchObject({
      pathLength: null,
      usage: { digitalSignature: true, keyCertSign: false, crlSign: false },
      serialNumber: certificates.pck.serialNumber,
    });
  });

  it('refuses one that names no CRL, or has a name in invalid UTF-8', async () => {
    const without = await edited((template) => ({
      ...template,
      extensions: template.extensions.filter(({ type }) => type !== '2.5.29.31'),
    }));
    expect(() => parseCertificate('TCB', without, intelProfile)).toThrow(
      'crlDistributionPoints: missing',
    );
    const { der } = certificates.tcbSigning;
    const position = encodeHex(der).lastIndexOf(encodeHex(new TextEncoder().encode('SGX TCB'))) / 2;
    const invalid = der.with(position, 0xff);
    expect(() => parseCertificate('TCB', invalid, intelProfile)).toThrow('valid UTF-8 expected');
  });

  it('refuses every truncation', () => {
    const { der } = certificates.pck;
    for (let length = 0; length < der.length; length++) {
      expect(() => parseCertificate('PCK', der.slice(0, length), intelProfile)).toThrow(
        FormatError,
      );
    }
  });

  const { der } = certificates.tcbSigning;
  const ecdsaWithSha256 = '300a06082a8648ce3d040302';
  it.each([
    ['a byte after it', () => Uint8Array.from([...der, 0])],
    ['X.509 v1', () => patched(der, 'a003020102', 'a003020100')],
    [
      'the key of another curve',
      () => patched(der, '06082a8648ce3d030107', '06082a8648ce3d030106'),
    ],
    [
      'another algorithm in the body',
      () => replaceOne(ecdsaWithSha256, '300a06082a8648ce3d040303', 0),
    ],
    ['another algorithm outside', () => replaceOne(ecdsaWithSha256, '300a06082a8648ce3d040303', 1)],
    ['a compressed key', () => patched(der, '03420004', '03420002')],
  ])('refuses %s', (_, make) => {
    expect(() => parseCertificate('certificate', make(), intelProfile)).toThrow(FormatError);
  });

  function replaceOne(from: string, to: string, which: number): Bytes {
    const parts = encodeHex(der).split(from);
    expect(parts).toHaveLength(3);
    const separators = [from, from].map((each, index) => (index === which ? to : each));
    return decodeHex('hex', `${parts[0]}${separators[0]}${parts[1]}${separators[1]}${parts[2]}`);
  }

  it.each([
    ['authority key identifier', '2.5.29.35'],
    ['subject key identifier', '2.5.29.14'],
    ['key usage', '2.5.29.15'],
    ['basic constraints', '2.5.29.19'],
  ])('refuses one without %s', async (_, id) => {
    const made = await edited((template) => ({
      ...template,
      extensions: template.extensions.filter(({ type }) => type !== id),
    }));
    expect(() => parseCertificate('certificate', made, intelProfile)).toThrow('missing');
  });

  it('reads past an unknown extension that is not critical', async () => {
    const made = await edited((template) => ({
      ...template,
      extensions: [...template.extensions, extension('1.2.3.4', false, '0500')],
    }));
    expect(parseCertificate('certificate', made, intelProfile).extensions.has('1.2.3.4')).toBe(
      true,
    );
  });

  it.each([
    ['an unknown critical extension', '1.2.3.4', '0500', 'an unknown critical extension'],
    ['name constraints', '2.5.29.30', '3000', 'an unknown critical extension'],
    ['a doubled extension', '2.5.29.15', '030206c0', 'a doubled extension'],
  ])('refuses %s', async (_, id, hex, message) => {
    const made = await edited((template) => ({
      ...template,
      extensions: [...template.extensions, extension(id, true, hex)],
    }));
    expect(() => parseCertificate('certificate', made, intelProfile)).toThrow(message);
  });

  it.each([
    ['a path length without a CA', '2.5.29.19', '3003020100'],
    ['a CA flag of false, written out, and a path length', '2.5.29.19', '3006010100020100'],
    ['something after the basic constraints', '2.5.29.19', '300000'],
    ['something after the path length', '2.5.29.19', '30090101ff020100020100'],
    ['a negative path length', '2.5.29.19', '30060101ff0201ff'],
    ['key usage that is no bit string', '2.5.29.15', '040106'],
    ['key usage that ends in zeros', '2.5.29.15', '03020006'],
    ['a key identifier that is no octet string', '2.5.29.14', '3000'],
    ['an authority without a key identifier', '2.5.29.35', '3000'],
  ])('refuses %s', async (_, id, hex) => {
    const made = await withExtension(id, hex);
    expect(() => parseCertificate('certificate', made, intelProfile)).toThrow(FormatError);
  });
});
