import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { computeReportData } from '../src/report-data.ts';

const sha256 = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

describe('report data', () => {
  const certificate = Uint8Array.of(1, 2, 3);
  const keyset = Uint8Array.of(4, 5);

  it('vouches for certificate, keyset and nonce', async () => {
    const nonce = new Uint8Array(32).fill(6);
    const expected = Buffer.concat([
      sha256(certificate),
      sha256('blindai keyset v1', Uint8Array.of(0), sha256(keyset), nonce),
    ]);
    expect(Buffer.from(await computeReportData({ certificate, keyset, nonce }))).toEqual(expected);
  });

  it('has a label of its own without a nonce', async () => {
    const expected = Buffer.concat([
      sha256(certificate),
      sha256('blindai boot v1', Uint8Array.of(0), sha256(keyset)),
    ]);
    expect(Buffer.from(await computeReportData({ certificate, keyset }))).toEqual(expected);
  });

  it.each([0, 31, 33])('takes no nonce of %d bytes', async (length) => {
    const nonce = new Uint8Array(length);
    await expect(computeReportData({ certificate, keyset, nonce })).rejects.toThrow(TypeError);
  });
});
