import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  acceptBootEvidence,
  anyReportData,
  type BoundReportData,
  type ExpectedReportData,
} from '../src/index.ts';
import { at, judge, policy, type Simulated, simulate } from './simulated.ts';
import { verifyAttestation } from '../src/verify.ts';

const certificate = new TextEncoder().encode('certificate');
const keyset = new TextEncoder().encode('keyset');
const nonce = new Uint8Array(32).fill(9);

const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

async function evidenceFor(label: string, sent: Uint8Array): Promise<Simulated> {
  const secondHalf = sha256(label, '\0', sha256(keyset), sent);
  const reportData = Uint8Array.from(Buffer.concat([sha256(certificate), secondHalf]));
  return simulate({ quote: { reportData } });
}

const fresh = await evidenceFor('blindai keyset v1', nonce);
const boot = await evidenceFor('blindai boot v1', new Uint8Array());

const rowOf = async (evidence: Simulated, expected: BoundReportData): Promise<unknown> =>
  (await judge(evidence, { expected })).report.checks.at(-1);

describe('report data', () => {
  it('binds certificate, keyset and nonce', async () => {
    expect(await rowOf(fresh, { certificate, keyset, nonce })).toMatchObject({
      name: 'report-data',
      result: 'passed',
    });
  });

  it('of boot is accepted by its symbol, as a weakened row', async () => {
    expect(await rowOf(boot, { certificate, keyset, [acceptBootEvidence]: true })).toMatchObject({
      name: 'report-data',
      result: 'weakened',
    });
  });

  const others = new Uint8Array(32);
  it.each<[string, Simulated, BoundReportData, string]>([
    [
      'another certificate',
      fresh,
      { certificate: keyset, keyset, nonce },
      'another TLS certificate',
    ],
    [
      'another keyset',
      fresh,
      { certificate, keyset: certificate, nonce },
      'another keyset or nonce',
    ],
    ['another nonce', fresh, { certificate, keyset, nonce: others }, 'another keyset or nonce'],
    ['boot evidence for a nonce', boot, { certificate, keyset, nonce }, 'made at boot'],
    [
      'evidence for a nonce as boot evidence',
      fresh,
      { certificate, keyset, [acceptBootEvidence]: true },
      'not made at boot',
    ],
    [
      'boot evidence of another certificate',
      boot,
      { certificate: keyset, keyset, [acceptBootEvidence]: true },
      'another TLS certificate',
    ],
    ['64 other bytes', fresh, { reportData: new Uint8Array(64) }, 'others than demanded'],
  ])('refuses %s', async (_, evidence, expected, message) => {
    await expect(judge(evidence, { expected })).rejects.toMatchObject({
      check: 'report-data',
      message: expect.stringContaining(message),
    });
  });

  it('is compared as it was when the call was made', async () => {
    const sent = nonce.slice();
    const judged = judge(fresh, { expected: { certificate, keyset, nonce: sent } });
    sent.fill(0);
    await expect(judged).resolves.toMatchObject({ report: { verdict: 'accept' } });
  });

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['a certificate alone', { certificate }],
    ['a nonce alone', { nonce }],
    ['a short nonce', { certificate, keyset, nonce: nonce.subarray(1) }],
    ['a nonce of text', { certificate, keyset, nonce: 'x'.repeat(32) }],
    ['63 bytes', { reportData: new Uint8Array(63) }],
    ['no certificate', { keyset, nonce }],
    ['a nonce and boot evidence', { certificate, keyset, nonce, [acceptBootEvidence]: true }],
    ['a nonce and anything', { certificate, keyset, nonce, [anyReportData]: true }],
    ['64 bytes and anything', { reportData: new Uint8Array(64), [anyReportData]: true }],
    ['a symbol that says false', { [anyReportData]: false }],
    ['boot evidence that says false', { certificate, keyset, [acceptBootEvidence]: false }],
    ['a name instead of a symbol', { anyReportData: true }],
  ])('a demand of %s is a TypeError', async (_, expected) => {
    const judged = verifyAttestation(fresh, expected as ExpectedReportData, policy, at);
    await expect(judged).rejects.toBeInstanceOf(TypeError);
  });
});
