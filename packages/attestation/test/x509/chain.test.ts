import { createPlatform, Extension } from '@blindai/simulator';
import type { CertificateName, CertificateTemplate, CrlTemplate } from '@blindai/simulator';
import { describe, expect, it } from 'vitest';
import { decodeHex } from '../../src/encoding/hex.ts';
import { at, judge, measurement, reportData, simulate } from '../simulated.ts';

const extension = (type: string, critical: boolean, hex: string): Extension =>
  new Extension(type, critical, decodeHex('hex', hex));

/** Judges evidence of a platform one of whose certificates has this extension instead. */
async function refusal(
  name: CertificateName,
  type: string,
  hex: string,
  critical = true,
): Promise<unknown> {
  const edit = (template: CertificateTemplate): CertificateTemplate => ({
    ...template,
    extensions: template.extensions.map((each) =>
      each.type === type ? extension(type, critical, hex) : each,
    ),
  });
  const platform = await createPlatform({ at, certificates: { [name]: { edit } } });
  return judge({
    format: 'sgx-dcap',
    evidence: await platform.quote({ measurement, reportData }),
    endorsements: platform.collateral,
  }).catch((error: unknown) => error);
}

const keyUsage = '2.5.29.15';
const basicConstraints = '2.5.29.19';
const ca = '30030101ff';

describe('a certificate that is not for what it is used for', () => {
  it.each<[string, CertificateName, string, string, string]>([
    ['a root that is no CA', 'root', basicConstraints, '3000', 'root CA certificate may not sign'],
    [
      'a root that allows no CA below',
      'root',
      basicConstraints,
      '30060101ff020100',
      'allows 0 CAs',
    ],
    [
      'a root that signs no certificates',
      'root',
      keyUsage,
      '03020102',
      'may not sign certificates',
    ],
    [
      'a PCK CA that is no CA',
      'intermediate',
      basicConstraints,
      '3000',
      'PCK CA certificate may not',
    ],
    ['a PCK CA that signs no certificates', 'intermediate', keyUsage, '03020102', 'may not sign'],
    ['a PCK that is a CA', 'pck', basicConstraints, ca, 'PCK certificate must be no CA'],
    ['a PCK that signs nothing', 'pck', keyUsage, '03020102', 'PCK certificate must be no CA'],
    ['a TCB signer that is a CA', 'tcbSigning', basicConstraints, ca, 'must be no CA'],
    ['a TCB signer that signs nothing', 'tcbSigning', keyUsage, '03020102', 'must be no CA'],
  ])('is refused: %s', async (_, name, type, hex, message) => {
    expect(await refusal(name, type, hex)).toMatchObject({
      check: 'certificate-chain',
      message: expect.stringContaining(message),
    });
  });

  it('is refused as CRL issuer if it may not sign CRLs', async () => {
    for (const name of ['root', 'intermediate'] as const) {
      expect(await refusal(name, keyUsage, '03020204')).toMatchObject({
        check: 'crl-signature',
        message: expect.stringContaining('may not sign CRLs'),
      });
    }
  });
});

const otherKeyId = `30168014${'ab'.repeat(20)}`;
const authorityKeyIdentifier = '2.5.29.35';

const namingAnotherIssuer = (template: CrlTemplate): CrlTemplate => ({
  ...template,
  extensions: template.extensions.map((each) =>
    each.type === authorityKeyIdentifier ? extension(each.type, false, otherKeyId) : each,
  ),
});

describe('a key identifier of another issuer', () => {
  it.each(['root', 'intermediate', 'pck', 'tcbSigning'] as const)(
    'is refused in a certificate: %s',
    async (name) => {
      expect(await refusal(name, authorityKeyIdentifier, otherKeyId, false)).toMatchObject({
        check: 'certificate-chain',
        message: expect.stringContaining('names another issuer'),
      });
    },
  );

  it.each(['root', 'pck'] as const)('is refused in a CRL: %s', async (name) => {
    const evidence = await simulate({
      platform: { crls: { [name]: { edit: namingAnotherIssuer } } },
    });
    await expect(judge(evidence)).rejects.toMatchObject({
      check: 'crl-signature',
      message: expect.stringContaining('names another issuer'),
    });
  });
});

describe('a certificate in the place of another', () => {
  it('is refused: a platform certificate as TCB signer', async () => {
    const sgxExtensions = '1.2.840.113741.1.13.1';
    const edit = (template: CertificateTemplate): CertificateTemplate => ({
      ...template,
      extensions: [
        ...template.extensions,
        new Extension(sgxExtensions, false, decodeHex('hex', '3000')),
      ],
    });
    const platform = await createPlatform({ at, certificates: { tcbSigning: { edit } } });
    const judged = judge({
      format: 'sgx-dcap',
      evidence: await platform.quote({ measurement, reportData }),
      endorsements: platform.collateral,
    });
    await expect(judged).rejects.toMatchObject({
      check: 'certificate-chain',
      message: expect.stringContaining('is one of a platform'),
    });
  });

  it.each(['root', 'pck', 'tcbSigning'] as const)('is refused by its name: %s', async (name) => {
    const { certificates } = await createPlatform({ at });
    const edit = (template: CertificateTemplate): CertificateTemplate => ({
      ...template,
      subject: certificates.intermediate.subject,
      ...(name === 'root' ? { issuer: certificates.intermediate.subject } : {}),
    });
    const platform = await createPlatform({ at, certificates: { [name]: { edit } } });
    const judged = judge({
      format: 'sgx-dcap',
      evidence: await platform.quote({ measurement, reportData }),
      endorsements: platform.collateral,
    });
    await expect(judged).rejects.toMatchObject({
      check: 'certificate-chain',
      message: expect.stringMatching(/expected in the name|names another issuer/),
    });
  });
});
