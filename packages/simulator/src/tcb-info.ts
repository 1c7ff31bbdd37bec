import { toHex } from './bytes.ts';
import type { IntelTee } from './intel-tee.ts';
import { isoSeconds } from './iso-seconds.ts';
import { moduleSvns, tdxModule, tdxModuleIdentities } from './tdx-module.ts';
import type { TdxModule, TdxModuleIdentity } from './tdx-module.ts';
import type { Validity } from './validity.ts';

/** TCB info of PCS API version 4, as its JSON has it ("version" 3). */
export interface TcbInfo {
  readonly id: string;
  readonly version: number;
  readonly issueDate: string;
  readonly nextUpdate: string;
  readonly fmspc: string;
  readonly pceId: string;
  readonly tcbType: number;
  readonly tcbEvaluationDataNumber: number;
  /** TDX only. */
  readonly tdxModule?: TdxModule;
  /** TDX only. */
  readonly tdxModuleIdentities?: readonly TdxModuleIdentity[];
  readonly tcbLevels: readonly TcbLevel[];
}

/** One level of TCB info: a platform that is nowhere below it has its status, or a better one. */
export interface TcbLevel {
  readonly tcb: {
    readonly sgxtcbcomponents: readonly TcbComponent[];
    readonly pcesvn: number;
    /** TDX only: 0 and 1 are of the TDX module, 2 is microcode. */
    readonly tdxtcbcomponents?: readonly TcbComponent[];
  };
  readonly tcbDate: string;
  readonly tcbStatus: string;
  readonly advisoryIDs?: readonly string[];
}

/** One of 16 parts of a TCB, with the least SVN that the level asks of it. */
export interface TcbComponent {
  readonly svn: number;
  /** What updates it, where the vendor says so: in TCB info for TDX. */
  readonly category?: string;
  readonly type?: string;
}

/** The levels, best first. Each is below the one before in its first two components. */
const levels = [
  { status: 'UpToDate', date: '2024-03-13', advisories: [] },
  { status: 'SWHardeningNeeded', date: '2023-08-09', advisories: ['INTEL-SA-00615'] },
  { status: 'ConfigurationNeeded', date: '2023-02-15', advisories: ['INTEL-SA-00289'] },
  {
    status: 'ConfigurationAndSWHardeningNeeded',
    date: '2022-11-09',
    advisories: ['INTEL-SA-00289', 'INTEL-SA-00615'],
  },
  { status: 'OutOfDate', date: '2022-08-10', advisories: ['INTEL-SA-00657'] },
  {
    status: 'OutOfDateConfigurationNeeded',
    date: '2021-11-10',
    advisories: ['INTEL-SA-00289', 'INTEL-SA-00657'],
  },
  { status: 'Revoked', date: '2020-11-11', advisories: ['INTEL-SA-00477'] },
] as const;

/**
 * A status that a simulated platform can have; `unmatched` is below every level.
 *
 * @useDeclaredType
 */
export type SimulatedTcbStatus = (typeof levels)[number]['status'] | 'unmatched';

/** Every status that a simulated platform can have, best first. */
export const simulatedTcbStatuses: readonly SimulatedTcbStatus[] = [
  ...levels.map(({ status }) => status),
  'unmatched',
];

/** The provisioning enclave's SVN of every simulated platform. */
export const pceSvn = 13;

/** The 16 component SVNs of a platform that has this status. */
export function componentSvns(status: SimulatedTcbStatus): readonly number[] {
  const microcode = microcodeSvn(status);
  return [microcode, microcode, 3, 3, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
}

/**
 * TEE_TCB_SVN, 16 bytes, of a platform that has this status.
 *
 * @param module - SVN and version of the TDX module.
 */
export function teeTcbSvn(module: readonly number[], status: SimulatedTcbStatus): Uint8Array {
  return Uint8Array.from([...module, microcodeSvn(status), ...Array<number>(13).fill(0)]);
}

/** The TCB info for a kind of platform. */
export function createTcbInfo(
  tee: IntelTee,
  machine: { readonly fmspc: Uint8Array; readonly pceId: Uint8Array },
  validity: Validity,
  evaluationDataNumber: number,
): TcbInfo {
  return {
    id: tee === 'sgx' ? 'SGX' : 'TDX',
    version: 3,
    issueDate: isoSeconds(validity.from),
    nextUpdate: isoSeconds(validity.to),
    fmspc: toHex(machine.fmspc).toUpperCase(),
    pceId: toHex(machine.pceId).toUpperCase(),
    tcbType: 0,
    tcbEvaluationDataNumber: evaluationDataNumber,
    ...(tee === 'tdx' && { tdxModule, tdxModuleIdentities }),
    tcbLevels: levels.map(({ status, date, advisories }) => ({
      tcb: tee === 'sgx' ? sgxTcb(status) : tdxTcb(status),
      tcbDate: `${date}T00:00:00Z`,
      tcbStatus: status,
      ...(advisories.length > 0 && { advisoryIDs: advisories }),
    })),
  };
}

type LevelStatus = (typeof levels)[number]['status'];

/** The part that differs between the statuses. */
function microcodeSvn(status: SimulatedTcbStatus): number {
  return 14 - simulatedTcbStatuses.indexOf(status);
}

function sgxTcb(status: LevelStatus): TcbLevel['tcb'] {
  return { sgxtcbcomponents: componentSvns(status).map((svn) => ({ svn })), pcesvn: pceSvn };
}

/** The vendor names the parts where the platform is one for TDX. */
function tdxTcb(status: LevelStatus): TcbLevel['tcb'] {
  const svns = teeTcbSvn(moduleSvns(0, moduleStatus(status)), status);
  return {
    sgxtcbcomponents: named(componentSvns(status), sgxComponentNames),
    pcesvn: pceSvn,
    tdxtcbcomponents: named([...svns], tdxComponentNames),
  };
}

function named(svns: readonly number[], names: readonly object[]): readonly TcbComponent[] {
  return svns.map((svn, index) => ({ svn, ...names[index] }));
}

function moduleStatus(status: LevelStatus): 'UpToDate' | 'OutOfDate' | 'Revoked' {
  if (status === 'Revoked') return 'Revoked';
  return status.startsWith('OutOfDate') ? 'OutOfDate' : 'UpToDate';
}

const bios = { category: 'BIOS' };
const operatingSystem = { category: 'OS/VMM' };

const sgxComponentNames = [
  { ...bios, type: 'Early Microcode Update' },
  { ...operatingSystem, type: 'SGX Late Microcode Update' },
  { ...operatingSystem, type: 'TXT SINIT' },
  bios,
  bios,
  bios,
  {},
  { ...operatingSystem, type: 'SEAMLDR ACM' },
];

const tdxComponentNames = [
  { ...operatingSystem, type: 'TDX Module' },
  { ...operatingSystem, type: 'TDX Module' },
  { ...operatingSystem, type: 'TDX Late Microcode Update' },
];
