import { earliest } from '../x509/period.ts';
import { adviseOf, type PlatformTcb } from './intel-policy.ts';
import type { TdReport } from './td-report.ts';
import { reachesAll, reachesLevel, type TcbLevel } from './tcb-info.ts';
import { convergeStatus, type LevelStatus, type PlatformStatus } from './tcb-status.ts';
import { findModuleIdentity, tdxModuleOf } from './tdx-module.ts';
import type { TdxModuleIdentity, TdxTcbInfo, TdxTcbLevel } from './tdx-tcb-info.ts';
import type { VerifiedQuote } from './verify-quote.ts';

/** A part of the platform that reaches no level which Intel lists, or what they all say together. */
type Standing = Pick<PlatformTcb, 'status' | 'unmatched'>;

/**
 * Finds out how up to date the platform of a TD is: its certificate, TEE_TCB_SVN, TDX module and quoting
 * enclave, taken together as Intel's library does.
 *
 * @param identity - Of the TDX module; `null` for version 0.
 * @see Intel SGX DCAP Quote Verification Library, §4.1.2.4.17
 */
export function matchTdxTcb(
  quote: VerifiedQuote<TdReport, TdxTcbInfo>,
  identity: TdxModuleIdentity | null,
): PlatformTcb {
  const { report, platform, tcbInfo, qeLevel, evaluationDataNumber } = quote;
  const reached = tcbInfo.levels.filter((known) => reachesLevel(known, platform));
  const sgxLevel = reached[0] ?? null;
  const level = reached.find((known) => reachesTdxComponents(known, report.teeTcbSvn)) ?? null;
  const { isvSvn } = tdxModuleOf(report.teeTcbSvn);
  const moduleLevel = identity?.levels.find((known) => isvSvn >= known.isvSvn) ?? null;
  const judge = (): Standing => {
    if (!sgxLevel || !level) return none('platform');
    if (identity && !moduleLevel) return none('TDX module');
    const status = convergeStatus(level.status, moduleLevel?.status ?? 'UpToDate');
    if (status === 'Revoked') return { status, unmatched: null };
    if (!qeLevel) return none('quoting enclave');
    const mayRelaunch = moduleLevel?.status === 'OutOfDate' && qeLevel.status === 'UpToDate';
    return mayRelaunch && report.teeTcbSvn2
      ? judgeRelaunch(report.teeTcbSvn2, sgxLevel, status, tcbInfo)
      : { status: convergeStatus(status, qeLevel.status), unmatched: null };
  };
  return {
    ...judge(),
    date: level && earliest([level.date, ...(moduleLevel ? [moduleLevel.date] : [])]),
    ...adviseOf([
      ['platform', sgxLevel],
      ['platform', level],
      ['TDX module', moduleLevel],
      ['quoting enclave', qeLevel],
    ]),
    evaluationDataNumber,
  };
}

function none(unmatched: string): Standing {
  return { status: null, unmatched };
}

/** Components 0 and 1 are the TDX module's; from version 1 on it is judged by its own levels instead. */
function reachesTdxComponents({ tdxComponents }: TdxTcbLevel, teeTcbSvn: Uint8Array): boolean {
  const skipped = tdxModuleOf(teeTcbSvn).version > 0 ? 2 : 0;
  return reachesAll(teeTcbSvn.subarray(skipped), tdxComponents.slice(skipped));
}

const upToDate: readonly LevelStatus[] = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
];

/**
 * Whether nothing is out of date but the TDX module under which the TD was started, while a newer one runs by
 * now: then starting the TD again brings it up to date.
 *
 * @param status - Of the platform and its TDX module, which is out of date.
 * @see Intel SGX DCAP Quote Verification Library, §4.1.2.4.17.4.3
 */
function judgeRelaunch(
  teeTcbSvn2: Uint8Array,
  sgxLevel: TcbLevel,
  status: LevelStatus,
  tcbInfo: TdxTcbInfo,
): Standing {
  const unchanged: Standing = { status, unmatched: null };
  if (!upToDate.includes(sgxLevel.status)) return unchanged;
  const { version, isvSvn } = tdxModuleOf(teeTcbSvn2);
  const [newest] = tcbInfo.levels[0]!.tdxComponents;
  const identity = version === 0 ? null : findModuleIdentity(tcbInfo, version);
  if (version !== 0 && identity === null) return none('TDX module that runs by now');
  const demanded = identity ? identity.levels[0]!.isvSvn : newest!;
  if (isvSvn < demanded || teeTcbSvn2[2]! < tcbInfo.levels[0]!.tdxComponents[2]!) return unchanged;
  const needsConfiguration = [sgxLevel.status, status].some((each) =>
    each.includes('Configuration'),
  );
  const advised: PlatformStatus = needsConfiguration
    ? 'TDRelaunchAdvisedConfigurationNeeded'
    : 'TDRelaunchAdvised';
  return { status: advised, unmatched: null };
}
