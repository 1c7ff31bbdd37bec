import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { decodeKeyset, type ServerConfig } from '@blindai/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { createIdentity, type Identity } from '../src/identity.ts';

const config: ServerConfig = {
  tee: 'simulation',
  isolation: 'none',
  anonymous: true,
  storage: 'none',
  stateFreshness: 'none',
  time: 'host',
  issuers: null,
  version: '1.2.3',
};
const oid = {
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  extendedKeyUsage: '551d25',
};

describe('createIdentity', () => {
  let identity: Identity;
  let certificate: X509Certificate;
  let hex: string;
  beforeAll(async () => {
    identity = await createIdentity(config);
    certificate = new X509Certificate(identity.certificate);
    hex = Buffer.from(identity.certificate).toString('hex');
  });

  it('makes a self-signed P-256 certificate for blindai-srv', () => {
    expect(certificate.subject).toBe('CN=blindai-srv');
    expect(certificate.issuer).toBe('CN=blindai-srv');
    expect(certificate.subjectAltName).toBe('DNS:blindai-srv');
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkHost('blindai-srv')).toBe('blindai-srv');
  });

  it('is no CA and good for nothing but a TLS server', () => {
    expect(certificate.ca).toBe(false);
    // Extension: object identifier, critical, then the value in an octet string.
    expect(hex).toContain(`0603${oid.basicConstraints}0101ff04023000`);
    expect(hex).toContain(`0603${oid.keyUsage}0101ff040403020780`);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(hex).toContain(`0603${oid.extendedKeyUsage}`);
  });

  it('holds at any time that the clock of a host may show', () => {
    expect(new Date(certificate.validFrom)).toEqual(new Date('2000-01-01T00:00:00Z'));
    const generalizedTime = Buffer.from('99991231235959Z').toString('hex');
    expect(hex).toContain(`180f${generalizedTime}`);
  });

  it('puts the certificate and every setting of security into the keyset', async () => {
    expect(await decodeKeyset(identity.keyset, identity.certificate)).toEqual({
      tls: Uint8Array.from(createHash('sha256').update(identity.certificate).digest()),
      config,
    });
  });

  it('has the private key of the certificate, where nothing copies it by accident', () => {
    expect(certificate.checkPrivateKey(createPrivateKey(identity.privateKeyPem))).toBe(true);
    expect(JSON.stringify(identity)).not.toContain('PRIVATE');
    expect(Object.values({ ...identity })).toHaveLength(2);
  });

  it('makes other keys each time', async () => {
    const other = await createIdentity(config);
    expect(other.privateKeyPem).not.toBe(identity.privateKeyPem);
    expect(new X509Certificate(other.certificate).serialNumber).not.toBe(certificate.serialNumber);
  });
});
