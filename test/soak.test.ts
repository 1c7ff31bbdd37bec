import { describe, expect, test } from 'vitest';
import { soak } from './soak/soak.ts';
import { faultsOf } from './soak/verdict.ts';

/* A slice of what `npm run soak` does for as long as one likes. */

const seconds = 20;

describe.runIf(process.platform === 'linux')('a server under mixed load (needs /proc)', () => {
  test(
    `for ${seconds} s: every answer right, nothing left behind, never down`,
    {
      timeout: 240_000,
    },
    async () => {
      const findings = await soak({
        seconds,
        warmUpSeconds: 10,
        seed: 1,
        sampleMs: 1000,
        share: 1,
      });
      expect(faultsOf(findings)).toEqual([]);
      expect(findings.samples.length).toBeGreaterThan(seconds / 4);
    },
  );
});
