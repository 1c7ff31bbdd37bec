import { createPlatform, tdAttributeBits } from '@blindai/simulator';
import type { SimulatedModuleStatus, SimulatedTcbStatus, TdxOptions } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import { AttestationError, isVerified, type TdxClaims } from '../../src/index.ts';
import type { PlatformStatus } from '../../src/dcap/tcb-status.ts';
import { digits, entry, type Flaw, forms, intel, judge, mrTd, reportData, rtmrs } from './td.ts';

const tdx15 = forms['version 5 of TDX 1.5'];
const tdx10 = forms['version 5 of TDX 1.0'];

/** The status that is found in the evidence, whatever the policy thinks of it. */
async function statusOf(
  flaw: Flaw,
  form = tdx15 as Parameters<typeof judge>[1],
): Promise<string | null> {
  try {
    return (await judge(flaw, form)).tcb.status;
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    expect(error.check).toBe('tcb-status');
    return error.report.tcbStatus;
  }
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(48).fill(byte);
}

/** Attributes as a manifest has them. */
function hexOf(attributes: bigint): string {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, attributes, true);
  return Buffer.from(bytes).toString('hex');
}

describe('claims', () => {
  const quote = {
    mrConfigId: filled(1),
    mrOwner: filled(2),
    mrOwnerConfig: filled(3),
    mrSeam: filled(4),
    mrServiceTd: filled(5),
  };

  test('tell all that the report of a TD says', async () => {
    const platform = await createPlatform({ at: new Date('2026-11-23T12:00:00Z'), tee: 'tdx' });
    const claims = await judge({ quote }, tdx15);
    const { ppid, platformInstanceId, fmspc, ...details } = claims.details as TdxClaims;
    expect(claims).toMatchObject({
      format: 'tdx-dcap',
      tee: 'tdx',
      anchor: 'simulation',
      measurement: mrTd,
      registers: { rtmr0: rtmrs[0], rtmr1: rtmrs[1], rtmr2: rtmrs[2], rtmr3: rtmrs[3] },
      reportData,
      debug: false,
      hardwareId: platformInstanceId,
      entry: 'test',
      tcb: {
        status: 'UpToDate',
        advisories: [],
        evaluationDataNumber: 17,
        parts: { pceSvn: 13, tdxModuleVersion: 1, tdxModuleSvn: 4 },
      },
    });
    expect(details).toEqual({
      ...quote,
      mrTd,
      tdAttributes: 0x1000_0000n,
      septVeDisable: true,
      xfam: 0x602e7n,
      mrSignerSeam: filled(0),
      seamAttributes: 0n,
      teeTcbSvn: platform.teeTcbSvn,
      teeTcbSvn2: platform.teeTcbSvn2,
    });
    expect([ppid.length, fmspc]).toEqual([32, 'b11da1000000']);
    expect(isVerified(claims)).toBe(true);
  });

  test.each([forms['version 4'], tdx10])(
    'of TDX 1.0 lack what it does not report: %j',
    async (form) => {
      const { details } = await judge({ quote }, form);
      expect(details).toMatchObject({ mrConfigId: filled(1), teeTcbSvn2: null, mrServiceTd: null });
    },
  );

  test('report SEPT_VE_DISABLE, and demand it of nobody', async () => {
    const manifest = entry.replace('0000001000000000', '0000000000000000') + intel;
    const { details, report } = await judge({ quote: { tdAttributes: 0n }, manifest }, tdx15);
    expect(details).toMatchObject({ septVeDisable: false, tdAttributes: 0n });
    expect(report.checks.find(({ name }) => name === 'td-attributes')?.detail).toBe('no bit set');
  });

  test('name the quote by its format', async () => {
    for (const [form, name] of [
      [forms['version 4'], 'TDX 1.0 quote v4 of '],
      [tdx10, 'TDX 1.0 quote v5 of '],
      [tdx15, 'TDX 1.5 quote v5 of '],
    ] as const) {
      const { report } = await judge({ quote: { padding: 7 } }, form);
      expect(report.checks[0]).toMatchObject({
        name: 'layout',
        detail: expect.stringMatching(
          `^${name}\\d+ bytes; 7 zero bytes of padding after it, cut off$`,
        ),
      });
    }
  });
});

describe('attributes of a TD', () => {
  test.each([16n, 27n, 28n, 30n, 31n, 62n, 63n])('bit %i has a meaning', async (bit) => {
    const tdAttributes = 1n << bit;
    const manifest = entry.replace('0000001000000000', hexOf(tdAttributes)) + intel;
    const { report } = await judge({ quote: { tdAttributes }, manifest });
    const [row] = report.checks.filter(({ name }) => name === 'td-attributes');
    expect(row).toMatchObject({ result: 'passed', detail: expect.stringMatching(/^[A-Z_]+$/) });
  });

  test.each([0n, 1n, 7n])('bit %i of debugging is accepted by [allowDebug] only', async (bit) => {
    const quote = { tdAttributes: tdAttributeBits.septVeDisable | (1n << bit) };
    await expect(judge({ quote })).rejects.toMatchObject({
      check: 'debug',
      report: { debug: true, tcbStatus: 'UpToDate', measurement: digits('5d') },
    });
    const claims = await judge({ quote, allowDebug: true });
    expect(claims.debug).toBe(true);
    expect(claims.report.checks.find(({ name }) => name === 'debug')?.result).toBe('weakened');
  });

  test('[allowDebug] lets no other bit through', async () => {
    for (const [bit, check] of [
      [29n, 'migration'],
      [40n, 'td-attributes'],
      [30n, 'attributes'],
    ] as const) {
      const quote = { tdAttributes: tdAttributeBits.septVeDisable | 1n | (1n << bit) };
      await expect(judge({ quote, allowDebug: true })).rejects.toMatchObject({ check });
    }
  });

  test('XFAM may have fewer bits than its mask', async () => {
    await expect(judge({ quote: { xfam: 0x3n } })).resolves.toMatchObject({ entry: 'test' });
  });
});

describe('entries of a manifest', () => {
  test('an RTMR3 that is demanded must be that one', async () => {
    const manifest = entry.replace('"unused"', `"${digits('77')}"`) + intel;
    const quote = { rtmrs: [...rtmrs.slice(0, 3), new Uint8Array(48).fill(0x77)] };
    await expect(judge({ manifest, quote })).resolves.toMatchObject({ entry: 'test' });
    await expect(judge({ manifest })).rejects.toMatchObject({ check: 'registers' });
  });

  test('all that an entry may name is compared', async () => {
    const names = ['mr_config_id', 'mr_owner', 'mr_owner_config', 'mr_seam', 'mr_service_td'];
    const bytes = ['01', '02', '03', '04', '05'];
    const keys = names.map((name, index) => `${name} = "${digits(bytes[index]!)}"\n`).join('');
    const quote = {
      mrConfigId: filled(1),
      mrOwner: filled(2),
      mrOwnerConfig: filled(3),
      mrSeam: filled(4),
      mrServiceTd: filled(5),
    };
    const { report } = await judge({ manifest: entry + keys + intel, quote }, tdx15);
    expect(report.checks.find(({ name }) => name === 'entry')?.detail).toBe(
      'as demanded: MRCONFIGID, MROWNER, MROWNERCONFIG, MRSEAM, MRSERVICETD',
    );
    for (const [member, what] of [
      ['mrConfigId', 'MRCONFIGID'],
      ['mrOwner', 'MROWNER'],
      ['mrOwnerConfig', 'MROWNERCONFIG'],
      ['mrSeam', 'MRSEAM'],
      ['mrServiceTd', 'MRSERVICETD'],
    ] as const) {
      await expect(
        judge({ manifest: entry + keys, quote: { ...quote, [member]: filled(9) } }, tdx15),
      ).rejects.toMatchObject({
        check: 'entry',
        message: expect.stringContaining(`another ${what}`),
      });
    }
  });

  test('MRSERVICETD is demanded in vain of TDX 1.0', async () => {
    const manifest = `${entry}mr_service_td = "${digits('00')}"\n${intel}`;
    await expect(judge({ manifest }, tdx15)).resolves.toMatchObject({ entry: 'test' });
    for (const form of [forms['version 4'], tdx10]) {
      await expect(judge({ manifest }, form)).rejects.toMatchObject({
        check: 'entry',
        message: expect.stringContaining('TDX 1.0 reports none'),
      });
    }
  });

  test('a measurement that does not cover everything weakens', async () => {
    const manifest = entry.replace('"initrd", ', '') + intel;
    const { report } = await judge({ manifest });
    expect(report.checks.find(({ name }) => name === 'measurement')).toMatchObject({
      result: 'weakened',
      detail: expect.stringContaining('it does not cover initrd'),
    });
  });

  test('an entry of an enclave is none of a TD, and the reverse', async () => {
    const both = `${entry}[[sgx]]\nmr_enclave = "${'5d'.repeat(32)}"\n${intel}`;
    await expect(judge({ manifest: both })).resolves.toMatchObject({ tee: 'tdx' });
  });

  test('a debug TD is accepted by no file alone', async () => {
    // Only BlindAI's file can ask for it, and that one has no entry of a TD.
    const manifest = `mr_enclave = "${'00'.repeat(32)}"\nallow_debug = true
attributes_flags_hex = "4"\nattributes_mask_flags_hex = "f"\nattributes_xfrm_hex = "3"
attributes_mask_xfrm_hex = "3"\nmisc_select_hex = "0"\nmisc_mask_hex = "0"\n`;
    await expect(judge({ manifest, quote: { debug: true } })).rejects.toMatchObject({
      check: 'debug',
    });
  });
});

describe('how up to date a platform is', () => {
  const outdated: TdxOptions = { moduleStatus: 'OutOfDate' };

  /** With a TDX module that is out of date: what the platform's status becomes. */
  test.each<[SimulatedTcbStatus, PlatformStatus]>([
    ['UpToDate', 'OutOfDate'],
    ['SWHardeningNeeded', 'OutOfDate'],
    ['ConfigurationNeeded', 'OutOfDateConfigurationNeeded'],
    ['ConfigurationAndSWHardeningNeeded', 'OutOfDateConfigurationNeeded'],
    ['OutOfDate', 'OutOfDate'],
    ['OutOfDateConfigurationNeeded', 'OutOfDateConfigurationNeeded'],
    ['Revoked', 'Revoked'],
  ])('%s converges with its TDX module', async (tcbStatus, expected) => {
    for (const form of [forms['version 4'], tdx15]) {
      expect(await statusOf({ platform: { tcbStatus, tdx: outdated } }, form)).toBe(expected);
      const revoked = { platform: { tcbStatus, tdx: { moduleStatus: 'Revoked' as const } } };
      expect(await statusOf(revoked, form)).toBe('Revoked');
      expect(await statusOf({ platform: { tcbStatus } }, form)).toBe(tcbStatus);
    }
  });

  test.each<[SimulatedModuleStatus, string | null]>([
    ['UpToDate', 'UpToDate'],
    ['OutOfDate', 'OutOfDate'],
    ['Revoked', 'Revoked'],
    ['unmatched', null],
  ])(
    'a module of version 0 that is %s is judged by the levels of the platform',
    async (moduleStatus, expected) => {
      expect(await statusOf({ platform: { tdx: { moduleVersion: 0, moduleStatus } } })).toBe(
        expected,
      );
    },
  );

  test('a quoting enclave counts for TDs as for enclaves', async () => {
    expect(await statusOf({ platform: { qeStatus: 'OutOfDate' } })).toBe('OutOfDate');
    expect(await statusOf({ platform: { qeStatus: 'Revoked' } })).toBe('Revoked');
    expect(await statusOf({ platform: { qeStatus: 'unmatched' } })).toBeNull();
    const module = { moduleStatus: 'Revoked' as const };
    expect(await statusOf({ platform: { qeStatus: 'unmatched', tdx: module } })).toBe('Revoked');
  });

  test('the advisories of every level that matched are told', async () => {
    const manifest = `${entry}[intel]\ntcb_statuses = ["OutOfDate"]\n`;
    const claims = await judge({
      platform: { tcbStatus: 'SWHardeningNeeded', tdx: outdated },
      manifest,
    });
    expect(claims.tcb.advisories).toEqual(['INTEL-SA-00615', 'INTEL-SA-01036']);
    expect(claims.tcb.date).toEqual(new Date('2023-08-09T00:00:00Z'));
  });

  test('what is missing is named', async () => {
    for (const [platform, what] of [
      [{ tcbStatus: 'unmatched' }, 'the platform reaches none'],
      [{ tdx: { tcbStatus: 'unmatched' } }, 'the platform reaches none'],
      [{ tdx: { moduleStatus: 'unmatched' } }, 'the TDX module reaches none'],
      [{ qeStatus: 'unmatched' }, 'the quoting enclave reaches none'],
    ] as const) {
      await expect(judge({ platform })).rejects.toMatchObject({
        check: 'tcb-status',
        message: expect.stringContaining(what),
        report: { tcbStatus: null, debug: false, measurement: digits('5d') },
      });
    }
  });
});

describe('starting a TD again', () => {
  const old = { moduleStatus: 'OutOfDate', updatedSinceLaunch: true } as const;

  test.each<[SimulatedTcbStatus, PlatformStatus]>([
    ['UpToDate', 'TDRelaunchAdvised'],
    ['SWHardeningNeeded', 'TDRelaunchAdvised'],
    ['ConfigurationNeeded', 'TDRelaunchAdvisedConfigurationNeeded'],
    ['ConfigurationAndSWHardeningNeeded', 'TDRelaunchAdvisedConfigurationNeeded'],
    ['OutOfDate', 'OutOfDate'],
    ['OutOfDateConfigurationNeeded', 'OutOfDateConfigurationNeeded'],
    ['Revoked', 'Revoked'],
  ])('is advised on a platform that is %s: %s', async (tcbStatus, expected) => {
    const tdx = { ...old, tcbStatus: tcbStatus === 'Revoked' ? tcbStatus : ('UpToDate' as const) };
    expect(await statusOf({ platform: { tcbStatus, tdx } })).toBe(expected);
  });

  test('is advised of TDX 1.5 only, which reports what runs by now', async () => {
    const platform = { tdx: old };
    expect(await statusOf({ platform })).toBe('TDRelaunchAdvised');
    expect(await statusOf({ platform }, tdx10)).toBe('OutOfDate');
    expect(await statusOf({ platform }, forms['version 4'])).toBe('OutOfDate');
  });

  test('is not advised where a quoting enclave is out of date', async () => {
    expect(await statusOf({ platform: { qeStatus: 'OutOfDate', tdx: old } })).toBe('OutOfDate');
    expect(await statusOf({ platform: { qeStatus: 'Revoked', tdx: old } })).toBe('Revoked');
  });

  test('is not advised where the module of the TD is up to date, or revoked', async () => {
    const updated = { updatedSinceLaunch: true, tcbStatus: 'OutOfDate' } as const;
    expect(await statusOf({ platform: { tdx: updated } })).toBe('OutOfDate');
    const revoked = { ...old, moduleStatus: 'Revoked' } as const;
    expect(await statusOf({ platform: { tdx: revoked } })).toBe('Revoked');
  });

  /** TEE_TCB_SVN2: ISVSVN and version of the module that runs by now, and the platform's microcode. */
  test.each<[string, readonly number[], PlatformStatus | null]>([
    ['the newest of the same version', [4, 1, 14], 'TDRelaunchAdvised'],
    ['newer than Intel lists', [9, 1, 14], 'TDRelaunchAdvised'],
    ['the newest of another version', [4, 3, 14], 'TDRelaunchAdvised'],
    ['the newest of version 0', [7, 0, 14], 'TDRelaunchAdvised'],
    ['not the newest of the same version', [3, 1, 14], 'OutOfDate'],
    ['not the newest of version 0', [6, 0, 14], 'OutOfDate'],
    ['the newest, but microcode is not', [4, 1, 13], 'OutOfDate'],
    ['the newest of version 0, but microcode is not', [7, 0, 13], 'OutOfDate'],
    ['none that Intel lists', [4, 9, 14], null],
  ])('depends on the module that runs by now: %s', async (_, svns, expected) => {
    const teeTcbSvn2 = Uint8Array.from([...svns, ...Array<number>(13).fill(0)]);
    expect(await statusOf({ platform: { tdx: old }, quote: { teeTcbSvn2 } })).toBe(expected);
  });

  test.each(['TDRelaunchAdvised', 'TDRelaunchAdvisedConfigurationNeeded'] as const)(
    '%s is a status that a manifest may accept',
    async (status) => {
      const tcbStatus = status === 'TDRelaunchAdvised' ? 'UpToDate' : 'ConfigurationNeeded';
      const flaw = { platform: { tcbStatus, tdx: { ...old, tcbStatus: 'UpToDate' } } } as const;
      await expect(judge(flaw, tdx15)).rejects.toMatchObject({ check: 'tcb-status' });
      const manifest = `${entry}[intel]\ntcb_statuses = ["UpToDate", "${status}"]\n`;
      const claims = await judge({ ...flaw, manifest }, tdx15);
      expect(claims.tcb.status).toBe(status);
      expect(claims.report.checks.find(({ name }) => name === 'tcb-status')).toMatchObject({
        result: 'weakened',
        detail: expect.stringContaining(status),
      });
    },
  );

  test('is no reason to refuse where all its advisories are excepted', async () => {
    const exception = `[[exception]]\nadvisory = "INTEL-SA-01036"\nuntil = 2099-01-01\nreason = "r"\n`;
    const claims = await judge({ platform: { tdx: old }, manifest: entry + exception }, tdx15);
    expect(claims.tcb).toMatchObject({
      status: 'TDRelaunchAdvised',
      advisories: ['INTEL-SA-01036'],
    });
  });
});
