import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { recordedRun } from '../recorded-run.ts';

const file = new URL('../../../attestation/manifest.schema.json', import.meta.url);
const schema = readFileSync(fileURLToPath(file), 'utf8');

test('manifest schema prints the schema of the verifier', async () => {
  const { status, out } = await recordedRun(['manifest', 'schema']);
  expect(status).toBe(0);
  expect(out).toBe(schema);
});

test('no pattern counts characters of a class of Unicode, which is too large for Taplo', () => {
  const patterns = [...schema.matchAll(/"pattern": (".*")/g)].map(
    ([, text]) => JSON.parse(text!) as string,
  );
  expect(patterns.length).toBeGreaterThan(10);
  const counting = patterns.filter((each) => each.includes('\\p{') && /\]\{\d/.test(each));
  expect(counting).toEqual([]);
});
