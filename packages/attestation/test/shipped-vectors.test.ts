import { X509Certificate } from 'node:crypto';
import * as attestation from '@blindai/attestation';
import { type Check, checks } from '@blindai/attestation';
import { simulationAnchors } from '@blindai/attestation/simulation';
import { describe, expect, test } from 'vitest';
import { type Vector, weakenings } from '../../../tools/vectors/vector.ts';
import { section, tableRows } from '../../../test/support/markdown.ts';
import { judgeVector, type Verifier } from './judge-vector.ts';
import { readRoots, readVectors, vectorBytes, vectorFiles } from './shipped-vectors.ts';

const verifier: Verifier = { ...attestation, simulationAnchors };
const vectors = readVectors();
const named = vectors.map((vector): [string, Vector] => [vector.name, vector]);
const maxBytes = 5 * 1024 * 1024;

/** SubjectPublicKeyInfo, DER. */
function publicKey(pem: string): Buffer {
  return new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
}

/** Members of a file, in their order. */
const members: readonly string[] = [
  'name',
  'about',
  'format',
  'roots',
  'at',
  'evidence',
  'evidenceText',
  'endorsements',
  'policy',
  'expected',
];

/** Checks that the client makes, of a connection: no evidence provokes them. */
const madeByTheClient: readonly Check[] = ['keyset', 'config', 'transport'];

describe('the folder', () => {
  test('holds one file a case, under its name, and the roots', () => {
    const expected = [...vectors.map(({ name }) => `${name}.json`), 'roots.json'];
    expect(vectorFiles).toEqual(expected.toSorted());
    expect(vectorBytes).toBeLessThan(maxBytes);
  });

  test('names the roots that the verifier pins for simulations', () => {
    const { intel, amd, aws } = readRoots();
    expect(publicKey(intel).toString('hex')).toBe(simulationAnchors.intelRootKey);
    expect(publicKey(aws).toString('hex')).toBe(simulationAnchors.awsNitroRootKey);
    const { products } = simulationAnchors.amd;
    expect(Object.keys(amd)).toEqual(Object.keys(products));
    for (const [product, authorities] of Object.entries(products)) {
      for (const [name, { n, serialNumber, from, to }] of Object.entries(authorities)) {
        const certificate = new X509Certificate(
          amd[product as keyof typeof amd][name as keyof typeof authorities],
        );
        expect(certificate.publicKey.export({ format: 'jwk' }).n).toBe(n);
        expect(certificate.serialNumber).toBe(serialNumber);
        expect([certificate.validFrom, certificate.validTo].map(Date.parse)).toEqual(
          [from, to].map(Date.parse),
        );
      }
    }
  });

  test.each(named)('%s says what it is in the members that the page lists', (name, vector) => {
    const { expected, policy } = vector;
    const bytes = vector.evidence === undefined ? 'evidence' : 'evidenceText';
    expect(Object.keys(vector)).toEqual(members.filter((member) => member !== bytes));
    expect(Object.keys(policy)).toEqual(['manifest', 'reportData', 'weakenings']);
    expect(weakenings).toEqual(expect.arrayContaining([...policy.weakenings]));
    expect(name).toMatch(/^[a-z-]+\/[a-z-]+\.[a-z0-9-]+$/);
    expect(name.split(/[/.]/)[1]).toBe(expected.check ?? 'accept');
    expect(vector.roots).toBe('../roots.json');
    expect(vector.about).toMatch(/^[A-Z].*\.$/);
    expect(new Date(vector.at).toISOString()).toBe(vector.at.replace('Z', '.000Z'));
    if (expected.verdict === 'refuse') expect(expected.kind).toBe(checks[expected.check]);
  });
});

describe('the verifier', () => {
  test.each(named)('judges %s as it must', async (_, vector) => {
    const { expected } = vector;
    const report = await judgeVector(vector, verifier);
    expect([report.verdict, report.check]).toEqual([expected.verdict, expected.check]);
    if (expected.verdict === 'accept') {
      const weak = report.checks.filter(({ result }) => result === 'weakened');
      expect(weak.map(({ name }) => name)).toEqual(
        Object.keys(checks).filter((check) =>
          ['trust-anchor', ...expected.weakened].includes(check),
        ),
      );
    }
    expect(await judgeVector(vector, verifier, 'text')).toEqual(report);
  });
});

const refusals = (format: string): Set<string | null> =>
  new Set(
    vectors
      .filter(({ name }) => name.startsWith(`${format}/`))
      .map(({ expected }) => expected.check),
  );

describe('there is a case', () => {
  test('for every check of the table that judges evidence', () => {
    const provoked = new Set(vectors.map(({ expected }) => expected.check));
    const missing = Object.keys(checks).filter((check) => !provoked.has(check as Check));
    expect(missing).toEqual(madeByTheClient);
  });

  test.each(attestation.formats)('for every check that is made of %s', async (format) => {
    const accepted = vectors.filter(({ name }) => name.startsWith(`${format}/accept.`));
    expect(accepted).not.toEqual([]);
    const provoked = refusals(format);
    for (const vector of accepted) {
      const { checks: rows } = await judgeVector(vector, verifier);
      expect(rows.map(({ name }) => name).filter((name) => !provoked.has(name))).toEqual([]);
    }
  });
});

describe('docs/test-vectors.md', () => {
  const page = 'docs/test-vectors.md';
  /** What is named in the first column of a table below a heading. */
  const listed = (heading: string, table = 0): readonly string[] => {
    const [text] = section(page, heading).split(/^#/m);
    const tables = text!.match(/(?:^\|.*\n)+/gm) ?? [];
    return tableRows(tables[table] ?? '').map(([name]) => name!);
  };

  test('lists the members of a file, and no others', () => {
    expect(listed('What a file holds')).toEqual(members);
    const ofPolicies = new Set(vectors.flatMap(({ policy }) => Object.keys(policy)));
    expect(listed('Policy')).toEqual([...ofPolicies]);
    const ofVerdicts = new Set(vectors.flatMap(({ expected }) => Object.keys(expected)));
    expect(listed('Expected').toSorted()).toEqual([...ofVerdicts].toSorted());
  });

  test('lists the formats and the weakenings', () => {
    expect(listed('Evidence and endorsements')).toEqual(attestation.formats);
    expect(listed('Policy', 1)).toEqual(weakenings);
    const used = new Set(vectors.flatMap(({ policy }) => policy.weakenings));
    expect([...used].toSorted()).toEqual(weakenings.toSorted());
  });

  test('lists the roots', () => {
    const { warning: _, ...roots } = readRoots();
    expect(listed('The roots')).toEqual(Object.keys(roots));
  });
});
