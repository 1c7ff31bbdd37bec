import { fileURLToPath } from 'node:url';
import type { Judgeable } from '../../packages/attestation/test/judge-vector.ts';
import { bundle, openBrowserPage } from '../../test/support/chromium.ts';
import type { Runs, Times } from './times.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

const program = `
import * as attestation from '@blindai/attestation';
import { simulationAnchors } from '@blindai/attestation/simulation';
import { timeVerification } from './times.js';

globalThis.time = ({ vector, runs }) =>
  timeVerification(vector, { ...attestation, simulationAnchors }, runs);
`;
declare const time: (asked: { vector: Judgeable; runs: Runs }) => Promise<Times>;

/** Measures in a browser of its own, so that the first verification is one. */
export async function timeInChromium(
  executablePath: string,
  vector: Judgeable,
  runs: Runs,
): Promise<{ times: Times; version: string }> {
  const { code } = await bundle(program, here, { minify: true });
  await using browser = await openBrowserPage(executablePath, code);
  const times = await browser.page.evaluate(async (asked) => time(asked), { vector, runs });
  return { times, version: browser.version };
}
