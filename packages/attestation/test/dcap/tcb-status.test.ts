import { expect, it } from 'vitest';
import { convergeStatus, type LevelStatus, qeStatuses } from '../../src/dcap/tcb-status.ts';
import { judge, manifest, policy, simulate } from '../simulated.ts';

/** Platform's status, then what it becomes with a quoting enclave out of date. */
const convergence: readonly (readonly [LevelStatus, LevelStatus])[] = [
  ['UpToDate', 'OutOfDate'],
  ['SWHardeningNeeded', 'OutOfDate'],
  ['ConfigurationNeeded', 'OutOfDateConfigurationNeeded'],
  ['ConfigurationAndSWHardeningNeeded', 'OutOfDateConfigurationNeeded'],
  ['OutOfDate', 'OutOfDate'],
  ['OutOfDateConfigurationNeeded', 'OutOfDateConfigurationNeeded'],
  ['Revoked', 'Revoked'],
];

it.each(convergence)("%s converges as in Intel's library", (platform, outdated) => {
  const expected = {
    UpToDate: platform,
    ConfigurationNeeded: outdated,
    OutOfDate: outdated,
    OutOfDateConfigurationNeeded: outdated,
    Revoked: 'Revoked',
  };
  for (const qe of qeStatuses) expect(convergeStatus(platform, qe)).toBe(expected[qe]);
});

it.each(convergence)(
  '%s of a platform is found in evidence, and converged',
  async (platform, outdated) => {
    for (const [qeStatus, expected] of [
      ['UpToDate', platform],
      ['OutOfDate', outdated],
      ['Revoked', 'Revoked'],
    ] as const) {
      const evidence = await simulate({ platform: { tcbStatus: platform, qeStatus } });
      const accepting = { ...manifest, intel: { ...manifest.intel, tcbStatuses: [] } };
      await expect(
        judge(evidence, { policy: { ...policy, manifest: accepting } }),
      ).rejects.toMatchObject({ check: 'tcb-status', report: { tcbStatus: expected } });
    }
  },
);
