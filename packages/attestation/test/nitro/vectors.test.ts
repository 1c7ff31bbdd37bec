import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sharedAvailable, sharedFolder } from '../../../../test/support/optional.ts';
import {
  allowDebug,
  anyMeasurement,
  anyReportData,
  AttestationError,
  detectFormat,
  type UnmatchedClaims,
  vendorAnchors,
  verifyAttestation,
} from '../../src/index.ts';
import { parseNitroDocument } from '../../src/nitro/document.ts';

/** What is said of a real document. */
interface Expected {
  readonly expected: string;
  readonly verifyAt: string;
  /** Of its first certificate that ends. */
  readonly window?: readonly [from: string, to: string];
  readonly observed?: {
    readonly module: string;
    readonly ts: string;
    readonly pcrs: readonly string[];
    readonly debug: boolean;
  };
}

const folder = `${sharedFolder}/vectors/nitro`;
const cases = sharedAvailable('vectors/nitro')
  ? readdirSync(folder).map((name) => ({
      name,
      evidence: new Uint8Array(readFileSync(`${folder}/${name}/doc.cbor`)),
      expected: JSON.parse(readFileSync(`${folder}/${name}/expected.json`, 'utf8')) as Expected,
    }))
  : [];

async function judge(
  evidence: Uint8Array,
  at: Date,
  weakenings: { [allowDebug]?: true } = {},
): Promise<UnmatchedClaims> {
  return verifyAttestation(
    { format: detectFormat(evidence), evidence, endorsements: undefined },
    { [anyReportData]: true },
    { anchors: vendorAnchors, [anyMeasurement]: true, ...weakenings },
    at,
  );
}

/** The check that refuses, `accepted` if none does. */
async function verdictOf(judged: Promise<unknown>): Promise<string> {
  try {
    await judged;
    return 'accepted';
  } catch (error) {
    if (error instanceof AttestationError) return error.check;
    throw error;
  }
}

const verdicts: Readonly<Record<string, string>> = {
  'TAMPERED-payload': 'document-signature',
  'TAMPERED-signature': 'document-signature',
  TRUNCATED: 'layout',
};

describe.skipIf(cases.length === 0)('real documents', () => {
  test.each(cases)('$name has the verdict that it should', async ({ name, evidence, expected }) => {
    const isDebug = expected.observed?.debug === true;
    const verdict = verdicts[name] ?? (isDebug ? 'debug' : 'accepted');
    expect(verdict === 'accepted').toBe(expected.expected === 'accept');
    expect(await verdictOf(judge(evidence, new Date(expected.verifyAt)))).toBe(verdict);
  });

  const genuine = cases.filter(({ expected }) => expected.observed !== undefined);

  test.each(genuine)('$name: the claims are those observed', async ({ evidence, expected }) => {
    const { module, ts, pcrs, debug } = expected.observed!;
    const claims = await judge(evidence, new Date(expected.verifyAt), { [allowDebug]: true });
    expect(claims).toMatchObject({ tee: 'nitro', anchor: 'vendor', debug });
    expect(claims.details).toMatchObject({ moduleId: module, timestamp: new Date(ts) });
    expect(claims.validUntil).toEqual(new Date(expected.window![1]));
    const found = Object.entries(claims.registers).map(
      ([name, pcr]) => `${name.slice(3)}:${Buffer.from(pcr).toString('hex').slice(0, 16)}`,
    );
    expect(found).toEqual(expect.arrayContaining([...pcrs]));
    expect(claims.measurement).toEqual(claims.registers['pcr0']);
    const row = claims.report.checks.find(({ name }) => name === 'debug');
    expect(row!.result).toBe(debug ? 'weakened' : 'passed');
  });

  test.each(genuine)('$name is refused outside of its window', async ({ evidence, expected }) => {
    const [from, to] = expected.window!.map((time) => new Date(time).getTime());
    const at = async (time: number): Promise<string> =>
      verdictOf(judge(evidence, new Date(time), { [allowDebug]: true }));
    expect(await at(from! - 1000)).toBe('certificate-validity');
    expect(await at(from!)).toBe('accepted');
    expect(await at(to!)).toBe('accepted');
    expect(await at(to! + 1000)).toBe('certificate-validity');
  });

  test("their root is AWS's published one, whose key is pinned", () => {
    for (const { evidence } of genuine) {
      const [root] = parseNitroDocument(evidence).caBundle;
      expect(createHash('sha256').update(root!).digest('hex')).toBe(
        '641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b',
      );
      expect(Buffer.from(root!).toString('hex')).toContain(vendorAnchors.awsNitroRootKey);
    }
  });
});
