import { createHash } from 'node:crypto';
import { createPlatform } from '@blindai/simulator';
import { describe, expect, it } from 'vitest';
import { parseQuote } from '../../src/dcap/quote.ts';
import { sgx } from '../../src/dcap/verify-sgx.ts';
import { parseManifest } from '../../src/manifest.ts';
import { at, judge, measurement, policy, reportData, simulate } from '../simulated.ts';

const withAdvisory = (identity: object): object => ({
  ...identity,
  tcbLevels: [
    {
      tcb: { isvsvn: 1 },
      tcbDate: '2024-03-13T00:00:00Z',
      tcbStatus: 'OutOfDate',
      advisoryIDs: ['INTEL-SA-00042'],
    },
  ],
});

describe('the quoting enclave', () => {
  it('vouches for its attestation key, and for nothing else in those 64 bytes', async () => {
    const platform = await createPlatform({ at });
    const workload = { measurement, reportData };
    const { attestationKey, qeAuthData } = parseQuote(
      new Uint8Array(await platform.quote(workload)),
      sgx,
    );
    const hash = createHash('sha256').update(attestationKey).update(qeAuthData).digest();
    for (const [last, check] of [
      [0, null],
      [1, 'qe-report-binding'],
    ] as const) {
      const bound = new Uint8Array(64);
      bound.set(hash);
      bound[63] = last;
      const evidence = await platform.quote({ ...workload, qeReport: { reportData: bound } });
      const judged = judge({
        format: 'sgx-dcap',
        evidence,
        endorsements: platform.collateral,
      });
      if (check === null) await expect(judged).resolves.toMatchObject({ measurement });
      else await expect(judged).rejects.toMatchObject({ check });
    }
  });

  it.each([
    ['MRSIGNER', { mrSigner: new Uint8Array(32) }],
    ['ISVPRODID', { isvProdId: 0 }],
    ['MISCSELECT', { miscSelect: 0x8000_0000 }],
    ['ATTRIBUTES.FLAGS', { flags: 0x25n }],
    ['ATTRIBUTES.XFRM', { xfrm: 0x7n }],
  ])('must have the %s that Intel says', async (field, qeReport) => {
    const platform = {
      documents: {
        qeIdentity: {
          edit: (identity: object) => ({
            ...identity,
            attributes: '1500000000000000e700000000000000',
            attributesMask: 'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF',
          }),
        },
      },
    };
    await expect(judge(await simulate({ platform }))).resolves.toMatchObject({ measurement });
    await expect(judge(await simulate({ platform, quote: { qeReport } }))).rejects.toMatchObject({
      check: 'qe-identity',
      message: expect.stringContaining(field),
    });
  });

  it('brings the advisories of its own level', async () => {
    const evidence = await simulate({
      platform: { documents: { qeIdentity: { edit: withAdvisory } } },
    });
    const accepting = parseManifest(`version = 1
[[sgx]]
mr_enclave = "${'5a'.repeat(32)}"
[intel]
tcb_statuses = ["OutOfDate"]
`);
    const claims = await judge(evidence, { policy: { ...policy, manifest: accepting } });
    expect(claims.tcb).toMatchObject({ status: 'OutOfDate', advisories: ['INTEL-SA-00042'] });
  });
});
