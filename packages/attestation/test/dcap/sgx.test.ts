import { createPlatform, flags } from '@blindai/simulator';
import { describe, expect, it } from 'vitest';
import {
  allowDebug,
  anyMeasurement,
  AttestationError,
  type Check,
  parseManifest,
  type Policy,
  type Report,
  type ReportRow,
  type SgxClaims,
  type TcbStatus,
  verifyAttestation,
} from '../../src/index.ts';
import { simulationAnchors as anchors } from '../../src/simulation.ts';
import { encodeHex } from '../../src/encoding/hex.ts';
import { at, judge, measurement, reportData, type Simulated, simulate } from '../simulated.ts';

const mrEnclave = `mr_enclave = "${encodeHex(measurement)}"`;
const entry = `version = 1\n[[sgx]]\n${mrEnclave}\n`;

const policyOf = (toml: string): Policy => ({ anchors, manifest: parseManifest(toml) });

const tables = (...entries: readonly string[]): Policy =>
  policyOf(`version = 1\n${entries.map((each) => `[[sgx]]\n${each}\n`).join('')}`);

const exception = (advisory: string, until: string): string =>
  `[[exception]]\nadvisory = "${advisory}"\nuntil = ${until}\nreason = "update is scheduled"\n`;

const limit = (age: string): Policy => policyOf(`${entry}[intel]\nmax_collateral_age = "${age}"\n`);

async function reportOf(evidence: Simulated, policy: Policy): Promise<Report> {
  try {
    return (await judge(evidence, { policy })).report;
  } catch (error) {
    if (error instanceof AttestationError) return error.report;
    throw error;
  }
}

async function rowOf(evidence: Simulated, policy: Policy, name: Check): Promise<ReportRow> {
  const { checks } = await reportOf(evidence, policy);
  return checks.find((row) => row.name === name)!;
}

const genuine = await simulate();
const hardening = await simulate({ platform: { tcbStatus: 'SWHardeningNeeded' } });
const both = await simulate({ platform: { tcbStatus: 'ConfigurationAndSWHardeningNeeded' } });

describe('tcb-status', () => {
  it('passes up to date', async () => {
    expect(await rowOf(genuine, policyOf(entry), 'tcb-status')).toMatchObject({
      result: 'passed',
      detail: 'UpToDate',
    });
  });

  it('is weakened by a set that lists another status', async () => {
    const set = policyOf(`${entry}[intel]\ntcb_statuses = ["UpToDate", "SWHardeningNeeded"]\n`);
    expect(await rowOf(hardening, set, 'tcb-status')).toMatchObject({
      result: 'weakened',
      detail: expect.stringContaining('INTEL-SA-00615'),
    });
    expect(await rowOf(genuine, set, 'tcb-status')).toMatchObject({ result: 'passed' });
    expect(await rowOf(both, set, 'tcb-status')).toMatchObject({ result: 'refused' });
  });

  it('is weakened by exceptions for all advisories, which bound the claims', async () => {
    const policy = policyOf(
      entry + exception('INTEL-SA-00615', '2026-02-01') + exception('INTEL-SA-00289', '2026-01-20'),
    );
    const { report, validUntil } = await judge(both, { policy });
    expect(report.checks.find(({ name }) => name === 'tcb-status')).toMatchObject({
      result: 'weakened',
      detail: expect.stringMatching(/INTEL-SA-00289 until 2026-01-20.*update is scheduled/),
    });
    expect(validUntil).toEqual(new Date('2026-01-20T00:00:00Z'));
  });

  it.each([
    ['for one of two advisories', both, exception('INTEL-SA-00615', '2027-01-01')],
    ['that has ended', hardening, exception('INTEL-SA-00615', '2026-01-15T12:00:00Z')],
  ])('is not weakened by an exception %s', async (_, evidence, exceptions) => {
    expect(await rowOf(evidence, policyOf(entry + exceptions), 'tcb-status')).toMatchObject({
      result: 'refused',
    });
  });

  it('is not weakened by exceptions where Intel names no advisory', async () => {
    const platform = {
      documents: {
        qeIdentity: {
          edit: (identity: object) => ({
            ...identity,
            tcbLevels: [
              { tcb: { isvsvn: 1 }, tcbDate: '2024-03-13T00:00:00Z', tcbStatus: 'OutOfDate' },
            ],
          }),
        },
      },
    };
    const evidence = await simulate({ platform });
    const policy = policyOf(entry + exception('INTEL-SA-00615', '2027-01-01'));
    expect(await rowOf(evidence, policy, 'tcb-status')).toMatchObject({
      result: 'refused',
      detail: 'one of UpToDate demanded, OutOfDate found',
    });
  });

  it('is not weakened by exceptions for one part where another one has no advisory', async () => {
    const platform = {
      tcbStatus: 'SWHardeningNeeded',
      documents: {
        qeIdentity: {
          edit: (identity: object) => ({
            ...identity,
            tcbLevels: [
              { tcb: { isvsvn: 1 }, tcbDate: '2024-03-13T00:00:00Z', tcbStatus: 'OutOfDate' },
            ],
          }),
        },
      },
    } as const;
    const evidence = await simulate({ platform });
    const policy = policyOf(entry + exception('INTEL-SA-00615', '2027-01-01'));
    expect(await rowOf(evidence, policy, 'tcb-status')).toMatchObject({
      result: 'refused',
      detail:
        'one of UpToDate demanded, OutOfDate (INTEL-SA-00615) found; ' +
        'no advisory says why the quoting enclave is not up to date',
    });
  });

  it('refuses Revoked whatever is excepted', async () => {
    const revoked = await simulate({ platform: { tcbStatus: 'Revoked' } });
    const policy = policyOf(entry + exception('INTEL-SA-00477', '2027-01-01'));
    expect(await rowOf(revoked, policy, 'tcb-status')).toMatchObject({ result: 'refused' });
    const made = parseManifest(entry);
    const tcbStatuses = ['UpToDate', 'Revoked'] as TcbStatus[]; // no file can say this
    const manifest = { ...made, intel: { ...made.intel, tcbStatuses } };
    expect((await reportOf(revoked, { anchors, manifest })).check).toBe('tcb-status');
  });

  it('says what reaches no level', async () => {
    for (const [platform, what] of [
      [{ tcbStatus: 'unmatched' }, 'the platform'],
      [{ qeStatus: 'unmatched' }, 'the quoting enclave'],
    ] as const) {
      const report = await reportOf(await simulate({ platform }), policyOf(entry));
      expect(report).toMatchObject({ check: 'tcb-status', tcbStatus: null });
      expect(report.message).toContain(`${what} reaches none of the levels`);
    }
  });
});

describe('tcb-evaluation-number', () => {
  it.each([
    [null, 'weakened'],
    [16, 'passed'],
    [17, 'passed'],
    [18, 'refused'],
  ] as const)('with a minimum of %s is %s', async (minimum, result) => {
    const line = minimum === null ? '' : `[intel]\nmin_tcb_evaluation_data_number = ${minimum}\n`;
    const row = await rowOf(genuine, policyOf(entry + line), 'tcb-evaluation-number');
    expect(row.result).toBe(result);
  });
});

describe('collateral-age', () => {
  it.each([
    ['24h', 'passed'],
    ['23h', 'refused'],
    ['2d', 'passed'],
  ])('of a day, with a limit of %s, is %s', async (age, result) => {
    expect((await rowOf(genuine, limit(age), 'collateral-age')).result).toBe(result);
  });

  it('bounds the claims', async () => {
    const { validUntil } = await judge(genuine, { policy: limit('2d') });
    expect(validUntil).toEqual(new Date('2026-01-16T12:00:00Z'));
  });

  it.each(['tcbInfo', 'qeIdentity', 'pckCrl'] as const)(
    'is that of the oldest: %s',
    async (old) => {
      const validity = {
        from: new Date('2025-12-01T00:00:00Z'),
        to: new Date('2026-02-01T00:00:00Z'),
      };
      const platform = {
        documents: old === 'pckCrl' ? {} : { [old]: { validity } },
        crls: old === 'pckCrl' ? { pck: { validity } } : {},
      };
      const row = await rowOf(await simulate({ platform }), limit('40d'), 'collateral-age');
      expect(row).toMatchObject({
        result: 'refused',
        detail: expect.stringContaining('2025-12-01'),
      });
    },
  );

  it('is not that of the root CA CRL, which is issued once a year', async () => {
    const validity = {
      from: new Date('2025-03-01T00:00:00Z'),
      to: new Date('2026-03-01T00:00:00Z'),
    };
    const evidence = await simulate({ platform: { crls: { root: { validity } } } });
    expect(await rowOf(evidence, limit('40d'), 'collateral-age')).toMatchObject({
      result: 'passed',
    });
  });
});

describe('debug', () => {
  const asks = `mr_enclave = "${encodeHex(measurement)}"
allow_debug = true
attributes_flags_hex = "0000000000000004"
attributes_mask_flags_hex = "ffffffffffffffff"
attributes_xfrm_hex = "0000000000000003"
attributes_mask_xfrm_hex = "ffffffffffffff1b"
misc_select_hex = "00000000"
misc_mask_hex = "ffffffff"
`;

  it('is asked for by a file alone in vain, even of an enclave that is none', async () => {
    const report = await reportOf(genuine, policyOf(asks));
    expect(report).toMatchObject({ check: 'debug', debug: false });
    expect(report.message).toContain('--allow-debug');
  });

  it('takes the symbol, and then drops that bit from the comparison with the entry', async () => {
    const debug = await simulate({ quote: { debug: true } });
    for (const toml of [asks, entry, asks.replace('000004"', '000006"')]) {
      const { report, debug: isDebug } = await judge(debug, {
        policy: { ...policyOf(toml), [allowDebug]: true },
      });
      expect(isDebug).toBe(true);
      expect(report.checks.find(({ name }) => name === 'debug')?.result).toBe('weakened');
    }
  });

  it('is a passed check where the symbol was not needed', async () => {
    const policy = { ...policyOf(asks), [allowDebug]: true } as const;
    expect((await rowOf(genuine, policy, 'debug')).result).toBe('passed');
  });
});

describe('the entries of a manifest', () => {
  const other = `mr_enclave = "${'00'.repeat(32)}"`;
  it('are tried in order, and the one that matches is named', async () => {
    const policy = tables(
      other,
      `name = "old"\n${mrEnclave}\nisv_svn = 1`,
      `name = "new"\n${mrEnclave}`,
    );
    const claims = await judge(genuine, { policy });
    expect(claims.entry).toBe('new');
    expect(claims.report.checks.find(({ name }) => name === 'measurement')?.detail).toContain(
      '"new"',
    );
  });

  it('are tuples: values of two of them never mix', async () => {
    const { details } = await judge(genuine, { policy: tables(mrEnclave) });
    const { mrSigner } = details as SgxClaims;
    const policy = tables(
      `${other}\nmr_signer = "${encodeHex(mrSigner)}"`,
      `${mrEnclave}\nmr_signer = "${'00'.repeat(32)}"`,
    );
    expect((await reportOf(genuine, policy)).check).toBe('entry');
  });

  it.each<[Check, string]>([
    ['attributes', `${mrEnclave}\nattributes_flags_hex = "14"`],
    ['misc-select', `${mrEnclave}\nmisc_select_hex = "1"`],
    ['entry', `${mrEnclave}\nisv_prod_id = 7`],
    ['platform', `${mrEnclave}\nplatform = ["${'00'.repeat(16)}"]`],
  ])('refuse by the check of the one that got furthest: %s', async (check, furthest) => {
    for (const policy of [tables(other, furthest, other), tables(furthest, other)]) {
      const report = await reportOf(genuine, policy);
      expect(report.check).toBe(check);
      const measured = report.checks.find(({ name }) => name === 'measurement');
      expect(measured?.result).toBe('passed');
    }
  });

  it('refuse by measurement if none has it', async () => {
    const report = await reportOf(genuine, tables(other, other));
    expect(report).toMatchObject({ check: 'measurement', measurement: encodeHex(measurement) });
    expect(report.message).toContain("none of the manifest's 2 [[sgx]] entries");
  });

  it('demand attributes under their masks, as BlindAI does', async () => {
    const wide = await simulate({
      quote: { report: { flags: flags.init | flags.mode64Bit | 0x80n, xfrm: 0xe7n } },
    });
    const demand = async (lines: string): Promise<string | null> =>
      (await reportOf(wide, tables(`${mrEnclave}\n${lines}`))).check;
    expect(await demand('')).toBe('attributes');
    expect(await demand('attributes_flags_hex = "84"')).toBeNull();
    expect(await demand('attributes_mask_flags_hex = "ffffffffffffff7f"')).toBeNull();
    expect(await demand('attributes_flags_hex = "84"\nattributes_mask_flags_hex = "86"')).toBe(
      'attributes',
    );
    expect(await demand('attributes_flags_hex = "84"\nattributes_xfrm_hex = "e7"')).toBe(
      'attributes',
    );
  });

  it.each<[Check, string, string]>([
    ['attributes', '', 'passed'],
    ['attributes', 'attributes_mask_flags_hex = "ffffffffffffff7f"', 'weakened'],
    ['attributes', 'attributes_mask_xfrm_hex = "3"', 'weakened'],
    ['attributes', 'attributes_mask_xfrm_hex = "ffffffffffffff1b"', 'passed'],
    ['misc-select', 'misc_mask_hex = "fffffffe"', 'weakened'],
    // What checks of their own judge, and BlindAI's file leaves out of its mask.
    ['attributes', 'attributes_mask_flags_hex = "fffffffffffffffd"', 'passed'],
  ])('%s with %s is %s', async (check, mask, result) => {
    expect((await rowOf(genuine, tables(`${mrEnclave}\n${mask}`), check)).result).toBe(result);
  });

  it('accept a later version, and end at their date', async () => {
    const later = await simulate({ quote: { report: { isvSvn: 5, isvProdId: 2 } } });
    const policy = tables(`${mrEnclave}\nisv_svn = 4\nisv_prod_id = 2\nuntil = 2026-01-20`);
    expect((await judge(later, { policy })).validUntil).toEqual(new Date('2026-01-20T00:00:00Z'));
    const ended = tables(`${mrEnclave}\nuntil = 2026-01-15T12:00:00Z`);
    expect((await reportOf(genuine, ended)).check).toBe('entry');
  });

  it('accept a machine by its PPID or its platform instance id', async () => {
    const platform = await createPlatform({ at });
    const evidence: Simulated = {
      format: 'sgx-dcap',
      evidence: await platform.quote({ measurement, reportData }),
      endorsements: platform.collateral,
    };
    for (const id of [platform.machine.ppid, platform.machine.platformInstanceId]) {
      const policy = tables(`${mrEnclave}\nplatform = ["${'00'.repeat(16)}", "${encodeHex(id)}"]`);
      expect((await reportOf(evidence, policy)).verdict).toBe('accept');
    }
  });

  it('say that any machine will do where they list none', async () => {
    expect((await rowOf(genuine, policyOf(entry), 'platform')).detail).toContain(
      'any genuine machine',
    );
  });

  it('weaken the measurement by what it does not cover', async () => {
    const policy = policyOf(`${entry}covers = ["firmware", "kernel"]\n`);
    expect(await rowOf(genuine, policy, 'measurement')).toMatchObject({
      result: 'weakened',
      detail: expect.stringContaining('does not cover initrd, cmdline, rootfs'),
    });
  });
});

describe('[anyMeasurement]', () => {
  it('drops the comparison with entries as one row, and nothing else', async () => {
    const manifest = parseManifest(
      `${entry}isv_svn = 9\n[intel]\nmin_tcb_evaluation_data_number = 17\n`,
    );
    const policy = { anchors, manifest, [anyMeasurement]: true } as const;
    const judged = async (evidence: Simulated): Promise<Report> =>
      (await verifyAttestation(evidence, { reportData }, policy, at)).report;
    const { checks } = await judged(await simulate({ quote: { measurement: new Uint8Array(32) } }));
    expect(checks.filter(({ result }) => result === 'weakened').map(({ name }) => name)).toEqual([
      'trust-anchor',
      'measurement',
    ]);
    for (const [check, options] of [
      ['debug', { quote: { debug: true } }],
      ['mode', { quote: { report: { flags: flags.init } } }],
      ['provisioning-key', { quote: { report: { flags: 0x15n } } }],
      ['tcb-status', { platform: { tcbStatus: 'OutOfDate' } }],
      ['tcb-evaluation-number', { platform: { evaluationDataNumber: 16 } }],
    ] as const) {
      await expect(judged(await simulate(options))).rejects.toMatchObject({ check });
    }
  });
});
