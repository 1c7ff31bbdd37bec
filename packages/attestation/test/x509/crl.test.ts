import { createPlatform, Extension } from '@blindai/simulator';
import type { CrlTemplate } from '@blindai/simulator';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { decodeHex, encodeHex } from '../../src/encoding/hex.ts';
import { parseCrl } from '../../src/x509/crl.ts';
import { derOf } from '../pem-der.ts';
import { at } from '../simulated.ts';

async function issued(edit?: (template: CrlTemplate) => CrlTemplate): Promise<Bytes> {
  const pck = edit ? { edit } : {};
  const { collateral } = await createPlatform({ at, revoked: ['pck'], crls: { pck } });
  return derOf(collateral.pck_crl)[0]!;
}

const extension = (type: string, critical: boolean, hex: string): Extension =>
  new Extension(type, critical, decodeHex('hex', hex));

describe('parseCrl', () => {
  it('reads issuer, times and serial numbers', async () => {
    const platform = await createPlatform({ at, revoked: ['pck'] });
    const crl = parseCrl('CRL', derOf(platform.collateral.pck_crl)[0]!);
    expect([...crl.revoked]).toEqual([platform.certificates.pck.serialNumber]);
    expect(crl).toMatchObject({
      what: 'CRL',
      issuer: { commonName: 'Intel SGX PCK Platform CA' },
      authorityKeyId: platform.certificates.intermediate.keyId,
      validity: { from: new Date('2026-01-14T12:00:00Z'), to: new Date('2026-02-14T12:00:00Z') },
    });
  });

  it('reads one that revokes nothing', async () => {
    const { collateral } = await createPlatform({ at });
    expect(parseCrl('CRL', derOf(collateral.pck_crl)[0]!).revoked.size).toBe(0);
  });

  it('refuses every truncation', async () => {
    const der = await issued();
    for (let length = 0; length < der.length; length++) {
      expect(() => parseCrl('CRL', der.slice(0, length))).toThrow(FormatError);
    }
  });

  it.each([
    ['without a number', '2.5.29.20'],
    ['without an authority key identifier', '2.5.29.35'],
  ])('refuses one %s', async (_, id) => {
    const der = await issued((template) => ({
      ...template,
      extensions: template.extensions.filter(({ type }) => type !== id),
    }));
    expect(() => parseCrl('CRL', der)).toThrow('missing');
  });

  it.each([
    ['a delta CRL', '2.5.29.27', '020101'],
    ['an issuing distribution point', '2.5.29.28', '3000'],
    ['an unknown critical extension', '1.2.3.4', '0500'],
  ])('refuses %s', async (_, id, hex) => {
    const der = await issued((template) => ({
      ...template,
      extensions: [...template.extensions, extension(id, true, hex)],
    }));
    expect(() => parseCrl('CRL', der)).toThrow('an unknown critical extension');
  });

  it('refuses a critical extension of an entry', async () => {
    const hex = encodeHex(await issued());
    const reason = '300a0603551d1504030a0101';
    const certificateIssuer = '300a0603551d1d0101ff0400';
    expect(hex).toContain(reason);
    const patched = decodeHex('hex', hex.replace(reason, certificateIssuer));
    expect(() => parseCrl('CRL', patched)).toThrow('an unknown critical extension');
  });

  it('refuses X.509 v1', async () => {
    const hex = encodeHex(await issued());
    expect(() => parseCrl('CRL', decodeHex('hex', hex.replace('020101', '020100')))).toThrow(
      'X.509 v2 expected',
    );
  });
});
