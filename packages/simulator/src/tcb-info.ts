import { toHex } from './bytes.ts';
import { isoSeconds } from './iso-seconds.ts';
import type { Validity } from './validity.ts';

/** TCB info of PCS API version 4, as its JSON has it ("version" 3, SGX). */
export interface TcbInfo {
  readonly id: string;
  readonly version: number;
  readonly issueDate: string;
  readonly nextUpdate: string;
  readonly fmspc: string;
  readonly pceId: string;
  readonly tcbType: number;
  readonly tcbEvaluationDataNumber: number;
  readonly tcbLevels: readonly TcbLevel[];
}

/** One level of TCB info: a platform that is nowhere below it has its status, or a better one. */
export interface TcbLevel {
  readonly tcb: {
    readonly sgxtcbcomponents: readonly { readonly svn: number }[];
    readonly pcesvn: number;
  };
  readonly tcbDate: string;
  readonly tcbStatus: string;
  readonly advisoryIDs?: readonly string[];
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
  const first = 14 - simulatedTcbStatuses.indexOf(status);
  return [first, first, 3, 3, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
}

/** The TCB info for a kind of platform. */
export function createTcbInfo(
  machine: { readonly fmspc: Uint8Array; readonly pceId: Uint8Array },
  validity: Validity,
  evaluationDataNumber: number,
): TcbInfo {
  return {
    id: 'SGX',
    version: 3,
    issueDate: isoSeconds(validity.from),
    nextUpdate: isoSeconds(validity.to),
    fmspc: toHex(machine.fmspc).toUpperCase(),
    pceId: toHex(machine.pceId).toUpperCase(),
    tcbType: 0,
    tcbEvaluationDataNumber: evaluationDataNumber,
    tcbLevels: levels.map(({ status, date, advisories }) => ({
      tcb: { sgxtcbcomponents: componentSvns(status).map((svn) => ({ svn })), pcesvn: pceSvn },
      tcbDate: `${date}T00:00:00Z`,
      tcbStatus: status,
      ...(advisories.length > 0 && { advisoryIDs: advisories }),
    })),
  };
}
