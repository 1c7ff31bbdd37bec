import { createSnpPlatform } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/encoding/format-error.ts';
import { parseSnpReport } from '../../src/snp/report.ts';
import { at, flip, measurement, reportData } from './guest.ts';

const platform = await createSnpPlatform({ at });
const reportOf = async (version: number): Promise<Uint8Array<ArrayBuffer>> =>
  platform.report({ version, measurement, reportData });
const report = await reportOf(5);

describe('parseSnpReport', () => {
  test('refuses every other length', () => {
    for (let length = 0; length < report.length; length++) {
      expect(() => parseSnpReport(report.slice(0, length))).toThrow(FormatError);
    }
    expect(() => parseSnpReport(new Uint8Array([...report, 0]))).toThrow('1 bytes left over');
  });

  test('takes bytes that lie within others', () => {
    const within = new Uint8Array([...new Uint8Array(7), ...report, 1]).subarray(7, 7 + 1184);
    expect(parseSnpReport(within)).toEqual(parseSnpReport(report));
  });

  test('gives what is signed, and r and s big-endian', () => {
    const { signedBytes, signature } = parseSnpReport(report);
    expect(signedBytes).toEqual(report.subarray(0, 0x2a0));
    const big = (start: number): Uint8Array => report.subarray(start, start + 48).toReversed();
    expect(signature).toEqual(Uint8Array.from([...big(0x2a0), ...big(0x2a0 + 72)]));
  });

  // Which bits there may be in the fields that are numbers or reserved: the others are refused.
  test.each([2, 3, 5])('reads all that it does not refuse, in version %i', async (version) => {
    const genuine = await reportOf(version);
    const wrong: string[] = [];
    for (let offset = 0; offset < genuine.length; offset++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = new Uint8Array(flip(offset, bit)(genuine));
        if (isRead(changed) === isReserved(version, offset, bit)) wrong.push(`${offset}.${bit}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test.each([0, 1, 4, 6, 0x0100_0002])('refuses version %i', (version) => {
    const changed = report.slice();
    new DataView(changed.buffer).setUint32(0, version, true);
    expect(() => parseSnpReport(changed)).toThrow('2, 3 or 5 expected');
  });

  test.each([
    [0, 'vcek'],
    [1, 'vlek'],
    [7, 'none'],
  ] as const)('reads signing key %i as %s', async (signingKey, name) => {
    const bytes = await platform.report({
      measurement,
      reportData,
      signingKey,
      authorKeyEnabled: true,
      maskChipKey: true,
    });
    expect(parseSnpReport(bytes)).toMatchObject({
      signingKey: name,
      authorKeyEnabled: true,
      maskChipKey: true,
    });
  });

  test.each([2, 3, 4, 5, 6, 8, 9, 2 ** 30 - 1])('refuses signing key %i', async (signingKey) => {
    const bytes = await platform.report({ measurement, reportData, signingKey });
    expect(() => parseSnpReport(bytes)).toThrow('keys: a reserved value or bit');
  });
});

function isRead(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    parseSnpReport(bytes);
    return true;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

/** AMD 56860, "ATTESTATION_REPORT" and "Guest Policy"; for bits of a report whose signing key is the VCEK. */
function isReserved(version: number, offset: number, bit: number): boolean {
  const within = (from: number, to: number): boolean => offset >= from && offset < to;
  if (within(0x00, 0x04)) return !(version === 2 && offset === 0 && bit === 0); // 3 in place of 2
  if (within(0x08, 0x10)) {
    const policyBit = (offset - 8) * 8 + bit;
    return policyBit === 17 || policyBit > 25;
  }
  if (within(0x34, 0x38)) return true;
  if (within(0x48, 0x4c)) return !(offset === 0x48 && bit <= 2); // AUTHOR_KEY_EN, MASK_CHIP_KEY, VLEK
  if (within(0x4c, 0x50)) return true;
  if (within(0x188, 0x18b)) return version === 2;
  if (within(0x18b, 0x1a0)) return true;
  if (offset === 0x1eb || offset === 0x1ef) return true;
  if (within(0x1f8, 0x208)) return version < 5;
  if (within(0x208, 0x2a0)) return true;
  if (within(0x2a0, 0x2a0 + 144)) return (offset - 0x2a0) % 72 >= 48;
  return offset >= 0x2a0 + 144;
}
