import { describe, expect, test } from 'vitest';
import { detectFormat, formats } from '../../src/evidence.ts';
import { findAzureSnpSeeds, findAzureTdxSeeds } from './azure/seeds.ts';
import { findSgxSeeds, findTdxSeeds } from './dcap/seeds.ts';
import { judge } from './judge.ts';
import { mutateBytes } from './mutate/bytes.ts';
import { findNitroSeeds } from './nitro/seeds.ts';
import { Random } from './random.ts';
import { findSnpSeeds } from './snp/seeds.ts';

const finders = {
  'sgx-dcap': findSgxSeeds,
  'tdx-dcap': findTdxSeeds,
  'sev-snp': findSnpSeeds,
  'aws-nitro': findNitroSeeds,
  'azure-snp-vtpm': findAzureSnpSeeds,
  'azure-tdx-vtpm': findAzureTdxSeeds,
} as const;

describe.each(formats)('evidence of %s', (format) => {
  test('is refused for its layout as any other', async () => {
    for (const seed of await finders[format]()) {
      for (const other of formats.filter((each) => each !== format)) {
        const check = await judge(other, seed, seed.submission, 'allowed');
        expect([seed.name, other, check]).toEqual([seed.name, other, 'layout']);
      }
    }
  });

  test('is recognised, and what is made of it has a format or none', async () => {
    for (const { submission } of await finders[format]()) {
      const { evidence } = submission;
      expect(detectFormat(evidence)).toBe(format);
      for (let seed = 0; seed < 200; seed++) {
        const changed = mutateBytes(evidence, new Random(seed), evidence);
        expect([...formats, null]).toContain(detectFormat(changed));
      }
      for (let length = 0; length < 64; length++) {
        expect([format, null]).toContain(detectFormat(evidence.subarray(0, length)));
      }
    }
  });
});
