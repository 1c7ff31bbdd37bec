import { createSnpPlatform, Extension } from '@blindai/simulator';
import type { EndorsementKeyOverrides, SnpProduct } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { type EkExtensions, parseEkExtensions } from '../../src/snp/ek-extensions.ts';
import { type CertificateProfile, parseCertificate } from '../../src/x509/certificate.ts';
import { at } from './guest.ts';

const productNameOid = '1.3.6.1.4.1.3704.1.2';
const hardwareIdOid = '1.3.6.1.4.1.3704.1.4';
const chipId = Uint8Array.from({ length: 64 }, (_, index) => (index < 8 ? index + 1 : 0));

async function read(
  product: SnpProduct,
  key: 'vcek' | 'vlek',
  certificate: EndorsementKeyOverrides = {},
): Promise<EkExtensions> {
  const { ek } = await createSnpPlatform({ at, product, key, chipId, certificate });
  return parse(ek);
}

const profile: CertificateProfile = { kinds: ['P-384', 'RSA-4096'], required: [] };

function parse(ek: Bytes): EkExtensions {
  return parseEkExtensions(parseCertificate('certificate', ek, profile));
}

/** The hardware id as an OCTET STRING within, and what may be wrong with it. */
const wrapped = (prefix: string, suffix = ''): EndorsementKeyOverrides => ({
  edit: (template) => ({
    ...template,
    extensions: template.extensions.map((each) =>
      each.type === hardwareIdOid
        ? new Extension(
            each.type,
            false,
            Buffer.from(prefix + Buffer.from(each.value).toString('hex') + suffix, 'hex'),
          )
        : each,
    ),
  }),
});

describe('parseEkExtensions', () => {
  test('reads those of a VCEK on Milan, with the parts in the order of a TCB_VERSION', async () => {
    expect(await read('Milan', 'vcek')).toEqual({
      structVersion: 0,
      productName: 'Milan-B0',
      tcb: Uint8Array.of(4, 0, 0, 0, 0, 0, 24, 219),
      hardwareId: chipId,
      cspId: null,
    });
  });

  test('reads those of a VLEK on Genoa', async () => {
    expect(await read('Genoa', 'vlek')).toMatchObject({
      productName: 'Genoa',
      hardwareId: null,
      cspId: 'CN=blindai-simulation.invalid',
    });
  });

  test('reads those of Turin, whose order is another one', async () => {
    expect(await read('Turin', 'vcek')).toEqual({
      structVersion: 1,
      productName: 'Turin',
      tcb: Uint8Array.of(1, 4, 0, 24, 0, 0, 0, 219),
      hardwareId: chipId.subarray(0, 8),
      cspId: null,
    });
  });

  test('reads a hardware id that is an OCTET STRING within', async () => {
    expect((await read('Milan', 'vcek', wrapped('0440'))).hardwareId).toEqual(chipId);
    expect((await read('Turin', 'vcek', wrapped('0408'))).hardwareId).toEqual(
      chipId.subarray(0, 8),
    );
  });

  test.each([
    ['of another type', '0340', ''],
    ['of another length', '043f', ''],
    ['with something after it', '0440', '00'],
    ['with a longer length', '048140', ''],
  ])('refuses one that is %s', async (_, prefix, suffix) => {
    await expect(read('Milan', 'vcek', wrapped(prefix, suffix))).rejects.toThrow(FormatError);
  });

  test.each([
    ['that is empty', '1600'],
    ['with a line end', '16024d0a'],
    ['of 201 characters', `1681c9${'41'.repeat(201)}`],
    ['of a million characters', `16830f4240${'41'.repeat(1_000_000)}`],
  ])('refuses a product name %s', async (_, productName) => {
    const { ek } = await createSnpPlatform({ at, product: 'Milan', chipId });
    const certificate = parseCertificate('certificate', ek, profile);
    const value = Uint8Array.from(Buffer.from(productName, 'hex'));
    const extensions = new Map(certificate.extensions).set(productNameOid, {
      critical: false,
      value,
    });
    expect(() => parseEkExtensions({ ...certificate, extensions })).toThrow(FormatError);
  });

  test("refuses Turin's structure with Milan's parts", async () => {
    const certificate: EndorsementKeyOverrides = {
      edit: (template) => ({
        ...template,
        extensions: template.extensions.map((each) =>
          each.type.endsWith('3704.1.1')
            ? new Extension(each.type, false, Buffer.from('020101', 'hex'))
            : each,
        ),
      }),
    };
    await expect(read('Milan', 'vcek', certificate)).rejects.toThrow('tcb 3.9: missing');
  });
});
