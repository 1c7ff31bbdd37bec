import { createPlatform } from '@blindai/simulator';
import type { TdQuoteOptions } from '@blindai/simulator';
import { describe, expect, it } from 'vitest';
import { parseQuote } from '../../src/dcap/quote.ts';
import { tdx } from '../../src/dcap/verify-tdx.ts';
import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { readCases } from '../vectors.ts';
import { at, forms, mrTd, reportData } from './td.ts';

const platform = await createPlatform({ at, tee: 'tdx' });
const chain = platform.collateral.pck_certificate + platform.collateral.pck_signing_chain;

async function quote(options: Partial<TdQuoteOptions>): Promise<Bytes> {
  return Uint8Array.from(await platform.tdQuote({ measurement: mrTd, reportData, ...options }));
}

/** 48 bytes that are counted up from here. */
function counted(from: number, length = 48): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (from + index) & 0xff);
}

const report = {
  teeTcbSvn: counted(1, 16),
  mrSeam: counted(2),
  mrSignerSeam: counted(3),
  seamAttributes: Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1),
  tdAttributes: 0x8182_8384_8586_8788n,
  xfam: 0x9192_9394_9596_9798n,
  mrConfigId: counted(4),
  mrOwner: counted(5),
  mrOwnerConfig: counted(6),
  rtmrs: [counted(7), counted(8), counted(9), counted(10)],
  teeTcbSvn2: counted(11, 16),
  mrServiceTd: counted(12),
};

describe.each(Object.entries(forms))('a TD quote of %s', (_, form) => {
  const isTdx15 = 'td' in form && form.td === '1.5';
  const reportLength = isTdx15 ? 648 : 584;
  const start = form.version === 5 ? 54 : 48;
  const authData = start + reportLength + 4;
  const qeReport = authData + 64 + 64 + 6;
  const qeAuthData = qeReport + 384 + 64;

  it('is read field by field', async () => {
    const bytes = await quote({ ...form, ...report });
    const parsed = parseQuote(bytes, tdx);
    expect(parsed.report).toEqual({
      ...report,
      seamAttributes: 0x0102_0304_0506_0708n,
      mrTd,
      reportData,
      ...(!isTdx15 && { teeTcbSvn2: null, mrServiceTd: null }),
    });
    expect(parsed.signedBytes).toEqual(bytes.slice(0, start + reportLength));
    expect(parsed.signature).toEqual(bytes.slice(authData, authData + 64));
    expect(parsed.attestationKey).toEqual(bytes.slice(authData + 64, authData + 128));
    expect(parsed.qeReportBytes).toEqual(bytes.slice(qeReport, qeReport + 384));
    expect(parsed.qeReportSignature).toEqual(bytes.slice(qeReport + 384, qeAuthData));
    expect(parsed.qeAuthData).toEqual(bytes.slice(qeAuthData + 2, qeAuthData + 34));
    expect(parsed.qeReport).toMatchObject({ isvProdId: 2, isvSvn: 8 });
    expect(parsed.pckChain).toHaveLength(3);
    expect(parsed.pckChain[0]).toEqual(platform.certificates.pck.der);
    expect(parsed).toMatchObject({ length: bytes.length, padding: 0 });
  });

  it('is refused at every length but its own', async () => {
    const bytes = await quote(form);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => parseQuote(bytes.slice(0, length), tdx)).toThrow(FormatError);
    }
  });

  it('may be followed by zeros, up to 16 KiB in all', async () => {
    const bytes = await quote(form);
    const padded = new Uint8Array(16 * 1024);
    padded.set(bytes);
    const padding = padded.length - bytes.length;
    expect(parseQuote(padded, tdx)).toMatchObject({ length: bytes.length, padding });
    for (const offset of [0, 1, padding - 1]) {
      const other = padded.slice();
      other[bytes.length + offset] = 1;
      expect(() => parseQuote(other, tdx)).toThrow('quote.padding');
    }
    expect(() => parseQuote(new Uint8Array([...padded, 0]), tdx)).toThrow('at most 16384 bytes');
  });

  it('may have no zeros in place of a part of it', async () => {
    const bytes = await quote(form);
    bytes.fill(0, bytes.length - 1);
    expect(parseQuote(bytes, tdx).padding).toBe(0); // That was the NUL of the chain.
    bytes.fill(0, bytes.length - 2);
    expect(() => parseQuote(bytes, tdx)).toThrow(FormatError);
  });

  it.each([1, 2, 3, 4, 6, 7])('has no certification of type %i inside', async (type) => {
    const data = new TextEncoder().encode(chain);
    const bytes = await quote({ ...form, certification: { type, data } });
    expect(() => parseQuote(bytes, tdx)).toThrow(
      `certificationDataType: 5 expected, ${type} found`,
    );
  });

  it.each([1, 2, 3, 4, 5, 7])('has no certification of type %i outside', async (type) => {
    const bytes = await quote({ ...form, qeReportCertification: { type } });
    expect(() => parseQuote(bytes, tdx)).toThrow(
      `certificationDataType: 6 expected, ${type} found`,
    );
  });

  it('has lengths that fit, and nothing after what they cover', async () => {
    const bytes = await quote(form);
    const { length: qeAuthDataLength } = parseQuote(bytes, tdx).qeAuthData;
    const lengths = [authData - 4, authData + 130, qeAuthData, qeAuthData + 4 + qeAuthDataLength];
    for (const offset of lengths) {
      for (const change of [1, -1]) {
        const changed = bytes.slice();
        changed[offset] = changed[offset]! + change;
        expect(() => parseQuote(changed, tdx)).toThrow(FormatError);
      }
    }
    for (const covering of [lengths.slice(0, 1), lengths.slice(0, 2)]) {
      const longer = new Uint8Array([...bytes, 0]);
      for (const offset of covering) longer[offset] = longer[offset]! + 1;
      expect(() => parseQuote(longer, tdx)).toThrow(/1 bytes left over/);
    }
  });
});

describe('a version', () => {
  it.each([0, 1, 2, 3, 6, 0x0104, 0xffff])('%i of TD quotes is unknown', async (version) => {
    const bytes = await quote({ header: { version } });
    expect(() => parseQuote(bytes, tdx)).toThrow(/quote\.header\.version|quote\.body/);
  });

  it('4 has no descriptor, and 5 has one', async () => {
    const four = await quote({ version: 4, header: { version: 5 } });
    expect(() => parseQuote(four, tdx)).toThrow(/quote\.body/);
    const five = await quote({ version: 5, td: '1.0', header: { version: 4 } });
    expect(() => parseQuote(five, tdx)).toThrow(FormatError);
  });

  it('4 knows no report of TDX 1.5', async () => {
    const five = await quote({ version: 5, td: '1.5' });
    const four = Uint8Array.from([...five.subarray(0, 48), ...five.subarray(54)]);
    four[0] = 4;
    expect(() => parseQuote(four, tdx)).toThrow(FormatError);
  });
});

it.each(readCases('dcap', 'tdx').map(({ name, quote: bytes }) => [name, bytes] as const))(
  'genuine evidence is read: %s',
  (name, bytes) => {
    const read = (): unknown => parseQuote(Uint8Array.from(bytes), tdx);
    // Somebody wrote "extra bytes" after this one, for tests.
    if (name.includes('tdx_prod_quote_SPR_E4')) expect(read).toThrow('quote.padding');
    else expect(read()).toMatchObject({ pckChain: { length: 3 } });
  },
);
