import { KeyObject, X509Certificate, createHash, createVerify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createPlatform, generateKeys, tdAttributeBits } from '../src/index.ts';
import type { SimulatedPlatform, TdQuoteOptions } from '../src/index.ts';

const at = new Date('2026-11-23T12:00:00Z');
const td = { reportData: new Uint8Array(64).fill(7), measurement: new Uint8Array(48).fill(9) };

/** The three forms, with the length of what is signed and what goes before the report. */
const forms = [
  ['version 4', { version: 4 }, 48 + 584, ''],
  ['version 5 with TDX 1.0', { version: 5, td: '1.0' }, 48 + 6 + 584, '020048020000'],
  ['version 5 with TDX 1.5', { version: 5, td: '1.5' }, 48 + 6 + 648, '030088020000'],
] as const;

function fill(value: number, length = 48): Uint8Array {
  return new Uint8Array(length).fill(value);
}

async function make(
  options: Partial<TdQuoteOptions> = {},
  platform?: SimulatedPlatform,
): Promise<Buffer> {
  const machine = platform ?? (await createPlatform({ at, tee: 'tdx' }));
  return Buffer.from(await machine.tdQuote({ ...td, ...options }));
}

/** What follows the signed part: versions 4 and 5 have it alike. */
function signatureData(quote: Buffer, signed: number) {
  const data = quote.subarray(signed + 4);
  const certification = data.subarray(134);
  const authLength = certification.readUInt16LE(448);
  const inner = 450 + authLength;
  return {
    length: quote.readUInt32LE(signed),
    signature: data.subarray(0, 64),
    attestationKey: data.subarray(64, 128),
    outerType: data.readUInt16LE(128),
    outerLength: data.readUInt32LE(130),
    qeReport: certification.subarray(0, 384),
    qeSignature: certification.subarray(384, 448),
    authData: certification.subarray(450, inner),
    innerType: certification.readUInt16LE(inner),
    innerLength: certification.readUInt32LE(inner + 2),
    innerData: certification.subarray(inner + 6),
  };
}

describe.each(forms)('a quote of %s', (_, form, signed, descriptor) => {
  test('has its fields where the format says', async () => {
    const quote = await make({
      ...form,
      teeTcbSvn: fill(1, 16),
      mrSeam: fill(2),
      mrSignerSeam: fill(3),
      seamAttributes: fill(4, 8),
      tdAttributes: fill(5, 8),
      xfam: fill(6, 8),
      measurement: fill(8),
      mrConfigId: fill(9),
      mrOwner: fill(10),
      mrOwnerConfig: fill(11),
      rtmrs: [fill(12), fill(13), fill(14), fill(15)],
      teeTcbSvn2: fill(16, 16),
      mrServiceTd: fill(17),
    });
    const registers = [8, 9, 10, 11, 12, 13, 14, 15].map((value) => fill(value));
    const report = [fill(1, 16), fill(2), fill(3), fill(4, 8), fill(5, 8), fill(6, 8)];
    report.push(...registers, fill(7, 64));
    if (descriptor.startsWith('03')) report.push(fill(16, 16), fill(17));
    const head = `0${form.version}0002008100000000000000939a7233f79c4ca9940a0db3957f0607`;
    expect(quote.subarray(0, 48).toString('hex')).toBe(head.padEnd(96, '0'));
    expect(quote.subarray(48, signed).toString('hex')).toBe(
      descriptor + Buffer.concat(report).toString('hex'),
    );
  });

  test('ends where its lengths say', async () => {
    const quote = await make(form);
    const { length, outerType, outerLength, innerType, innerLength, innerData } = signatureData(
      quote,
      signed,
    );
    expect(quote.length).toBe(signed + 4 + length);
    expect([outerType, outerLength]).toEqual([6, length - 134]);
    expect([innerType, innerLength]).toEqual([5, innerData.length]);
    expect(innerData.toString('latin1')).toMatch(/^-----BEGIN.*-----END CERTIFICATE-----\n\0$/s);
  });

  test('is vouched for by its keys', async () => {
    const platform = await createPlatform({ at, tee: 'tdx' });
    const quote = await make(form, platform);
    const { signature, attestationKey, qeReport, qeSignature, authData } = signatureData(
      quote,
      signed,
    );
    const dsaEncoding = 'ieee-p1363';
    const spki = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
    const key = Buffer.concat([spki, attestationKey]);
    const workload = createVerify('sha256').update(quote.subarray(0, signed));
    expect(workload.verify({ key, format: 'der', type: 'spki', dsaEncoding }, signature)).toBe(
      true,
    );
    const pck = new X509Certificate(platform.certificates.pck.pem).publicKey;
    expect(
      createVerify('sha256').update(qeReport).verify({ key: pck, dsaEncoding }, qeSignature),
    ).toBe(true);
    const bound = createHash('sha256').update(attestationKey).update(authData).digest();
    expect(qeReport.subarray(320)).toEqual(Buffer.concat([bound, Buffer.alloc(32)]));
    expect(qeReport.readUInt16LE(256)).toBe(2); // ISVPRODID of the TD quoting enclave
  });
});

/** TDATTRIBUTES of a quote of version 4. */
function attributes(quote: Buffer): bigint {
  return quote.readBigUInt64LE(48 + 120);
}

describe('a TD', () => {
  test('has septVeDisable and no other attribute, the features of a common guest, no registers', async () => {
    const quote = await make();
    expect(attributes(quote)).toBe(0x1000_0000n);
    expect(quote.readBigUInt64LE(48 + 128)).toBe(0x602e7n);
    expect(quote.subarray(48 + 64, 48 + 120).every((byte) => byte === 0)).toBe(true);
    expect(quote.subarray(48 + 184, 48 + 520).every((byte) => byte === 0)).toBe(true);
  });

  test('can be debugged where that was asked for', async () => {
    expect(attributes(await make({ debug: true }))).toBe(0x1000_0001n);
  });

  test.each([
    ['debug', 0],
    ['septVeDisable', 28],
    ['migratable', 29],
    ['protectionKeys', 30],
    ['keyLocker', 31],
    ['perfmon', 63],
  ] as const)('has the attribute %s as bit %i', async (name, bit) => {
    expect(attributes(await make({ tdAttributes: tdAttributeBits[name] }))).toBe(1n << BigInt(bit));
  });
});

describe('a quote that departs from a good one', () => {
  const [, , signed] = forms[0];

  test('has another header, descriptor and certification data', async () => {
    const quote = await make({
      version: 5,
      header: { version: 6, teeType: 1, qeSvn: 2, pceSvn: 3, attestationKeyType: 4 },
      body: { type: 7, size: 8 },
      qeReportCertification: { type: 5 },
      certification: { type: 1, data: Uint8Array.of(1, 2) },
    });
    expect(quote.subarray(0, 12).toString('hex')).toBe('060004000100000002000300');
    expect(quote.subarray(48, 54).toString('hex')).toBe('070008000000');
    const data = signatureData(quote, 48 + 6 + 648);
    expect(data.outerType).toBe(5);
    expect([data.innerType, data.innerLength, [...data.innerData]]).toEqual([1, 2, [1, 2]]);
  });

  test('has other data in place of a quoting enclave', async () => {
    const quote = await make({ qeReportCertification: { data: Uint8Array.of(1, 2, 3) } });
    expect(quote.subarray(signed + 4 + 128).toString('hex')).toBe('060003000000010203');
  });

  test('binds other data of its quoting enclave', async () => {
    const { authData } = signatureData(await make({ qeAuthData: Uint8Array.of(5) }), signed);
    expect([...authData]).toEqual([5]);
  });

  test('is padded with zeros, and changed at the end of all', async () => {
    const platform = await createPlatform({ at, tee: 'tdx' });
    const good = await make({}, platform);
    const padded = await make({ padding: 70, tamper: (bytes) => bytes.fill(1, -1) }, platform);
    expect(padded.length).toBe(good.length + 70);
    expect(padded.subarray(-70).toString('hex')).toBe(`${'00'.repeat(69)}01`);
  });

  test('is signed by other keys', async () => {
    const platform = await createPlatform({ at, tee: 'tdx' });
    const { privateKey, publicKey } = await generateKeys();
    const quote = await make({ signedBy: privateKey, qeReportSignedBy: privateKey }, platform);
    const { signature, qeReport, qeSignature } = signatureData(quote, signed);
    const key = KeyObject.from(publicKey);
    for (const [bytes, signedBytes] of [
      [quote.subarray(0, signed), signature],
      [qeReport, qeSignature],
    ] as const) {
      const verifier = createVerify('sha256').update(bytes);
      expect(verifier.verify({ key, dsaEncoding: 'ieee-p1363' }, signedBytes)).toBe(true);
    }
  });
});

describe('what no format can hold is a mistake of the caller', () => {
  const short = new Uint8Array(1);
  test.each([
    ['reportData: expected 64 bytes, found 1', { reportData: short }],
    ['measurement: expected 48 bytes, found 1', { measurement: short }],
    ['teeTcbSvn: expected 16 bytes, found 1', { teeTcbSvn: short }],
    ['tdAttributes: expected 8 bytes, found 1', { tdAttributes: short }],
    ['rtmrs: expected 4, found 0', { rtmrs: [] }],
    [
      'rtmrs[3]: expected 48 bytes, found 1',
      { rtmrs: [td.measurement, td.measurement, td.measurement, short] },
    ],
    ['mrServiceTd: expected 48 bytes, found 1', { version: 5, mrServiceTd: short }],
    ['a quote of version 4 holds no report of TDX 1.5', { version: 4, td: '1.5' }],
  ] as const)('%s', async (message, options) => {
    await expect(make(options)).rejects.toThrow(new TypeError(message));
  });
});
