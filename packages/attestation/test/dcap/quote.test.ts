import { createPlatform } from '@blindai/simulator';
import type { QuoteOptions } from '@blindai/simulator';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { parseQuote } from '../../src/dcap/quote.ts';
import { sgx } from '../../src/dcap/verify-sgx.ts';
import { at, measurement, reportData } from '../simulated.ts';

const platform = await createPlatform({ at });
const chain = platform.collateral.pck_certificate + platform.collateral.pck_signing_chain;

async function quote(options: Partial<QuoteOptions> = {}): Promise<Bytes> {
  return Uint8Array.from(await platform.quote({ measurement, reportData, ...options }));
}

async function quoteWithChain(text: string): Promise<Bytes> {
  return quote({ certification: { type: 5, data: new TextEncoder().encode(text) } });
}

describe('parseQuote', () => {
  it('reads every field', async () => {
    const report = {
      miscSelect: 0x01020304,
      flags: 0x8000_0000_0000_0005n,
      xfrm: 0xe7n,
      mrSigner: new Uint8Array(32).fill(3),
      configId: new Uint8Array(64).fill(4),
      isvProdId: 0x1234,
      isvSvn: 0xfffe,
    };
    const bytes = await quote({ report });
    const parsed = parseQuote(bytes, sgx);
    expect(parsed.report).toMatchObject({
      miscSelect: report.miscSelect,
      attributesFlags: report.flags,
      attributesXfrm: report.xfrm,
      mrEnclave: measurement,
      mrSigner: report.mrSigner,
      configId: report.configId,
      isvProdId: report.isvProdId,
      isvSvn: report.isvSvn,
      configSvn: 0,
      reportData,
    });
    expect(parsed.signedBytes).toEqual(bytes.slice(0, 432));
    expect(parsed.pckChain).toHaveLength(3);
    expect(parsed.pckChain[0]).toEqual(platform.certificates.pck.der);
    expect(parsed).toMatchObject({ length: bytes.length, padding: 0 });
  });

  it.each([
    ['with a NUL after the chain', `${chain}\0`],
    ['without one', chain],
    ['without a line end after it', chain.trimEnd()],
  ])('reads a chain %s', async (_, text) => {
    expect(parseQuote(await quoteWithChain(text), sgx).pckChain).toHaveLength(3);
  });

  it.each([
    ['two NULs after the chain', `${chain}\0\0`],
    ['a NUL before it', `\0${chain}`],
    ['a byte order mark', `\ufeff${chain}`],
    ['a chain of two', chain.slice(0, chain.lastIndexOf('-----BEGIN'))],
    ['a chain of four', chain + platform.rootPem],
    ['no chain', ''],
  ])('refuses %s', async (_, text) => {
    const bytes = await quoteWithChain(text);
    expect(() => parseQuote(bytes, sgx)).toThrow(/quote\.certificationData/);
  });

  it.each([1, 2, 3, 4, 6, 7])('refuses certification data of type %i', async (type) => {
    const bytes = await quote({ certification: { type, data: new TextEncoder().encode(chain) } });
    expect(() => parseQuote(bytes, sgx)).toThrow(
      `certificationDataType: 5 expected, ${type} found`,
    );
  });

  it('cuts zeros off, up to 16 KiB in all', async () => {
    const bytes = await quote();
    const padded = new Uint8Array(16 * 1024);
    padded.set(bytes);
    expect(parseQuote(padded, sgx)).toMatchObject({
      length: bytes.length,
      padding: padded.length - bytes.length,
    });
    const tooLong = new Uint8Array(16 * 1024 + 1);
    tooLong.set(bytes);
    expect(() => parseQuote(tooLong, sgx)).toThrow('at most 16384 bytes');
  });

  it('refuses one byte in the padding that is not zero', async () => {
    const bytes = await quote();
    for (const offset of [0, 50, 99]) {
      const padded = new Uint8Array(bytes.length + 100);
      padded.set(bytes);
      padded[bytes.length + offset] = 1;
      expect(() => parseQuote(padded, sgx)).toThrow('quote.padding');
    }
  });

  it.each([
    ['12 bytes after MISCSELECT', 20],
    ['32 bytes after MRENCLAVE', 96],
    ['32 bytes after MRSIGNER', 160],
    ['42 bytes after CONFIGSVN', 262],
  ])('refuses reserved bytes of a report that are not zero: %s', async (_, offset) => {
    for (const start of [48, 48 + 384 + 4 + 128]) {
      const bytes = await quote();
      bytes[start + offset] = 1;
      expect(() => parseQuote(bytes, sgx)).toThrow(/reserved\d: only zero bytes expected/);
    }
  });

  it.each([0, 1, 63, 0x7fff_ffff, 0xffff_ffff])('refuses %i bytes of auth data', async (length) => {
    const bytes = await quote();
    new DataView(bytes.buffer).setUint32(432, length, true);
    expect(() => parseQuote(bytes, sgx)).toThrow(FormatError);
  });

  it('refuses lengths inside that differ by one', async () => {
    const bytes = await quote();
    const qeAuthData = 436 + 64 + 64 + 384 + 64;
    const certificationData = qeAuthData + 2 + 32 + 2;
    for (const [offset, change] of [
      [432, 1],
      [432, -1],
      [qeAuthData, 1],
      [qeAuthData, -1],
      [certificationData, 1],
      [certificationData, -1],
    ] as const) {
      const changed = bytes.slice();
      changed[offset] = changed[offset]! + change;
      expect(() => parseQuote(changed, sgx)).toThrow(FormatError);
    }
  });
});
