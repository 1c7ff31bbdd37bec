import { describe, expect, test } from 'vitest';
import { createPlatform, simulatedModuleStatuses, simulatedTcbStatuses } from '../src/index.ts';
import type {
  QeIdentity,
  SimulatedPlatform,
  SimulatedTcbStatus,
  TcbInfo,
  TdxOptions,
} from '../src/index.ts';

const at = new Date('2026-11-23T12:00:00Z');
const td = { reportData: new Uint8Array(64), measurement: new Uint8Array(48) };

function tcbInfo({ collateral }: Pick<SimulatedPlatform, 'collateral'>): TcbInfo {
  return (JSON.parse(collateral.tcb_info) as { tcbInfo: TcbInfo }).tcbInfo;
}

function qeIdentity({ collateral }: Pick<SimulatedPlatform, 'collateral'>): QeIdentity {
  return (JSON.parse(collateral.qe_identity) as { enclaveIdentity: QeIdentity }).enclaveIdentity;
}

/** The level of a TD: PCS API version 4, "Get TDX TCB Info", on determining the TCB status. */
function tcbStatus(platform: SimulatedPlatform): string {
  const { machine, teeTcbSvn } = platform;
  const first = (teeTcbSvn[1] ?? 0) > 0 ? 2 : 0;
  const level = tcbInfo(platform).tcbLevels.find(
    ({ tcb }) =>
      tcb.sgxtcbcomponents.every(({ svn }, index) => (machine.componentSvns[index] ?? 0) >= svn) &&
      machine.pceSvn >= tcb.pcesvn &&
      tcb.tdxtcbcomponents?.every(
        ({ svn }, index) => index < first || (teeTcbSvn[index] ?? 0) >= svn,
      ),
  );
  return level?.tcbStatus ?? 'unmatched';
}

/** What the identity of a module's version says of it; without one, nothing. */
function moduleStatus(platform: SimulatedPlatform): string | null {
  const [isvSvn = 0, version = 0] = platform.teeTcbSvn;
  const id = `TDX_${version.toString(16).padStart(2, '0')}`;
  const identity = tcbInfo(platform).tdxModuleIdentities?.find((known) => known.id === id);
  if (identity === undefined) return null;
  return identity.tcbLevels.find(({ tcb }) => isvSvn >= tcb.isvsvn)?.tcbStatus ?? 'unmatched';
}

async function platformWith(
  tdx: TdxOptions = {},
  status: SimulatedTcbStatus = 'UpToDate',
): Promise<SimulatedPlatform> {
  return createPlatform({ at, tee: 'tdx', tcbStatus: status, tdx });
}

describe('the TCB of a machine', () => {
  test.each(simulatedTcbStatuses)('is %s in all parts', async (status) => {
    const platform = await platformWith({}, status);
    expect(tcbStatus(platform)).toBe(status);
    expect(moduleStatus(platform)).toBe('UpToDate');
    const quote = Buffer.from(await platform.tdQuote(td));
    expect(quote.subarray(48, 64)).toEqual(Buffer.from(platform.teeTcbSvn));
  });

  test.each(simulatedTcbStatuses)('is %s in the part that is only of TDX', async (status) => {
    const platform = await platformWith({ tcbStatus: status });
    expect(platform.machine.componentSvns[0]).toBe(14);
    expect(tcbStatus(platform)).toBe(status);
  });

  test('is no better than its other parts', async () => {
    expect(tcbStatus(await platformWith({ tcbStatus: 'UpToDate' }, 'OutOfDate'))).toBe('OutOfDate');
  });
});

describe('the TDX module', () => {
  const cases = [1, 3].flatMap((version) =>
    simulatedModuleStatuses.map((status) => [version, status] as const),
  );

  test.each(cases)('of version %i is %s by its identity alone', async (version, status) => {
    const platform = await platformWith({ moduleVersion: version, moduleStatus: status });
    expect(moduleStatus(platform)).toBe(status);
    expect(tcbStatus(platform)).toBe('UpToDate');
    const level = tcbInfo(platform).tcbLevels[0]?.tcb.tdxtcbcomponents ?? [];
    expect(platform.teeTcbSvn[0]).toBeLessThan(level[0]?.svn ?? 0);
  });

  test.each(simulatedModuleStatuses)('of version 0 is %s by the levels', async (status) => {
    const platform = await platformWith({ moduleVersion: 0, moduleStatus: status });
    expect(moduleStatus(platform)).toBeNull();
    expect(tcbStatus(platform)).toBe(status);
  });

  test('of another version has no identity', async () => {
    const platform = await platformWith({ moduleVersion: 7 });
    expect([...platform.teeTcbSvn.subarray(0, 2)]).toEqual([4, 7]);
    expect(moduleStatus(platform)).toBeNull();
  });

  test('is what it was at launch unless the machine was updated since', async () => {
    const options = { moduleStatus: 'OutOfDate', tcbStatus: 'ConfigurationNeeded' } as const;
    const same = await platformWith(options);
    expect(same.teeTcbSvn2).toEqual(same.teeTcbSvn);
    const updated = await platformWith({ ...options, updatedSinceLaunch: true });
    expect(updated.teeTcbSvn).toEqual(same.teeTcbSvn);
    expect(updated.teeTcbSvn2).toEqual((await platformWith()).teeTcbSvn);
    const quote = Buffer.from(await updated.tdQuote({ ...td, version: 5 }));
    expect(quote.subarray(54, 70)).toEqual(Buffer.from(updated.teeTcbSvn));
    expect(quote.subarray(54 + 584, 54 + 600)).toEqual(Buffer.from(updated.teeTcbSvn2));
  });
});

function withoutIdentities(document: TcbInfo): object {
  return { ...document, tdxModuleIdentities: undefined };
}

describe('the collateral', () => {
  test('is that of the TEE', async () => {
    const platform = await createPlatform({ at });
    expect([tcbInfo(platform).id, qeIdentity(platform).id]).toEqual(['SGX', 'QE']);
    const collateral = await platform.issueCollateral(at, { tee: 'tdx' });
    expect([tcbInfo({ collateral }).id, qeIdentity({ collateral }).id]).toEqual(['TDX', 'TD_QE']);
    expect(qeIdentity({ collateral }).isvprodid).toBe(2);
    const later = await (await platformWith()).issueCollateral(new Date('2027-06-01T00:00:00Z'));
    expect(tcbInfo({ collateral: later })).toMatchObject({
      id: 'TDX',
      issueDate: '2027-05-31T00:00:00Z',
    });
  });

  test('can have other module identities, or none', async () => {
    const none = await createPlatform({
      at,
      tee: 'tdx',
      documents: { tcbInfo: { edit: withoutIdentities } },
    });
    expect(moduleStatus(none)).toBeNull();
    const other = await createPlatform({
      at,
      tee: 'tdx',
      documents: {
        tcbInfo: {
          edit: (document) => ({
            ...document,
            tdxModuleIdentities: document.tdxModuleIdentities?.map((identity) => ({
              ...identity,
              mrsigner: 'AB'.repeat(48),
            })),
          }),
        },
      },
    });
    expect(tcbInfo(other).tdxModuleIdentities?.map(({ mrsigner }) => mrsigner)).toEqual([
      'AB'.repeat(48),
      'AB'.repeat(48),
    ]);
  });
});
