import { fileURLToPath } from 'node:url';
import * as attestation from '@blindai/attestation';
import { simulationAnchors } from '@blindai/attestation/simulation';
import * as client from '@blindai/client';
import * as protocol from '@blindai/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Judgeable,
  judgeVector,
  type Verifier,
} from '../packages/attestation/test/judge-vector.ts';
import { readVectors } from '../packages/attestation/test/shipped-vectors.ts';
import { type BrowserPage, bundle, findChromium, openBrowserPage } from './support/chromium.ts';
import { available, sharedAvailable, sharedFolder } from './support/optional.ts';
import { readRealVectors, realPolicies } from './support/real-vectors.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const verifier: Verifier = { ...attestation, simulationAnchors };

/** Entries that run in browsers, with what they export. */
const entries: readonly [name: string, exported: object][] = [
  ['@blindai/attestation', attestation],
  ['@blindai/attestation/simulation', { simulationAnchors }],
  ['@blindai/protocol', protocol],
  ['@blindai/client', client],
];

describe('the built packages, bundled for browsers', () => {
  test.each(entries)('%s imports nothing that browsers lack', async (name) => {
    const { code, imports, inputs } = await bundle(`export * from '${name}';`, root, {
      minify: true,
    });
    expect(imports).toEqual([]);
    // Without comments, and with only the names of globals and members left as they were.
    const ofNode = /\bnode:|(?<![.\w])(?:Buffer|process|require|__dirname)\b/g;
    expect(code.match(ofNode)).toBeNull();
    const ours = inputs.filter((input) => input.startsWith('packages/'));
    expect(ours).not.toEqual([]);
    expect(ours.filter((input) => !/^packages\/\w+\/dist\//.test(input))).toEqual([]);
  });

  test('what does import something of Node does not bundle', async () => {
    await expect(bundle(`export * from '@blindai/client/node';`, root)).rejects.toThrow(/"node:/);
  });
});

/** What is judged in the browser: shipped vectors, and real evidence where it is. */
const shipped = readVectors();
const haveRealEvidence = sharedAvailable('vectors');
const real: readonly Judgeable[] = Object.entries(realPolicies).flatMap(([name, policy]) =>
  readRealVectors(sharedFolder, policy).map((vector) => ({
    ...vector,
    name: `${vector.name} (${name})`,
  })),
);

const program = `
import * as attestation from '@blindai/attestation';
import { simulationAnchors } from '@blindai/attestation/simulation';
import * as client from '@blindai/client';
import * as protocol from '@blindai/protocol';
import { judgeVector } from './packages/attestation/test/judge-vector.ts';

const verifier = { ...attestation, simulationAnchors };
globalThis.blindai = {
  judge: async (vectors) => {
    const reports = {};
    for (const vector of vectors) reports[vector.name] = await judgeVector(vector, verifier);
    return reports;
  },
  exported: () => [attestation, { simulationAnchors }, protocol, client].map(Object.keys),
  surroundings: () => ({ node: typeof process + typeof Buffer, isSecureContext }),
};
`;

/** What {@link program} puts into the page. */
interface Program {
  readonly judge: (vectors: readonly Judgeable[]) => Promise<Record<string, attestation.Report>>;
  readonly exported: () => readonly string[][];
  readonly surroundings: () => { node: string; isSecureContext: boolean };
}
declare const blindai: Program;

const chromium = findChromium();
const haveChromium = available('Chromium', chromium !== null);

describe.skipIf(!haveChromium)('in Chromium (skipped where it is absent)', () => {
  let browser: BrowserPage;
  let reports: Record<string, attestation.Report>;
  beforeAll(async () => {
    const { code } = await bundle(program, root);
    browser = await openBrowserPage(chromium!, code);
    reports = await browser.page.evaluate(
      async (vectors) => blindai.judge(vectors),
      [...shipped, ...real],
    );
  });
  afterAll(async () => browser?.[Symbol.asyncDispose]());

  test('a page of a secure context, without anything of Node, has all exports', async () => {
    const surroundings = await browser.page.evaluate(() => blindai.surroundings());
    expect(surroundings).toEqual({ node: 'undefinedundefined', isSecureContext: true });
    const exported = await browser.page.evaluate(() => blindai.exported());
    expect(exported.map((names) => names.toSorted())).toEqual(
      entries.map(([, names]) => Object.keys(names).toSorted()),
    );
  });

  test.each(shipped.map(({ name, expected }) => [name, expected] as const))(
    'judges %s as it must',
    (name, { verdict, check }) => {
      expect(reports[name]).toMatchObject({ verdict, check });
    },
  );

  test('explains every vector in the words that Node has', async () => {
    for (const vector of shipped)
      expect(reports[vector.name]).toEqual(await judgeVector(vector, verifier));
  });

  test.skipIf(!haveRealEvidence).each(real.map((vector) => [vector.name, vector] as const))(
    'judges the real evidence %s as Node does',
    async (name, vector) => {
      expect(reports[name]).toEqual(await judgeVector(vector, verifier));
    },
  );

  test('asks for the page and the program, and for nothing else', () => {
    const paths = browser.requests.map((url) => new URL(url));
    expect(paths.map(({ pathname }) => pathname).filter((path) => path !== '/favicon.ico')).toEqual(
      ['/', '/program.js'],
    );
    expect(new Set(paths.map(({ hostname }) => hostname))).toEqual(new Set(['127.0.0.1']));
  });
});
