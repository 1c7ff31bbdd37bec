import type { IntelTee } from './intel-tee.ts';
import { isoSeconds } from './iso-seconds.ts';
import type { Validity } from './validity.ts';

/** The identity of the quoting enclave, as its JSON has it ("version" 2). */
export interface QeIdentity {
  readonly id: string;
  readonly version: number;
  readonly issueDate: string;
  readonly nextUpdate: string;
  readonly tcbEvaluationDataNumber: number;
  readonly miscselect: string;
  readonly miscselectMask: string;
  readonly attributes: string;
  readonly attributesMask: string;
  readonly mrsigner: string;
  readonly isvprodid: number;
  readonly tcbLevels: readonly QeTcbLevel[];
}

/** One level of the identity: a quoting enclave whose SVN is not below it has its status. */
export interface QeTcbLevel {
  readonly tcb: { readonly isvsvn: number };
  readonly tcbDate: string;
  readonly tcbStatus: string;
  readonly advisoryIDs?: readonly string[];
}

/** Which SVN gives a simulated quoting enclave which status; `unmatched` is below every level. */
const svns = { UpToDate: 8, OutOfDate: 6, Revoked: 4, unmatched: 2 } as const;

/**
 * A status that a simulated quoting enclave can have; `unmatched` is below every level.
 *
 * @useDeclaredType
 */
export type SimulatedQeStatus = keyof typeof svns;

/** The SVN of a quoting enclave that has this status. */
export function qeIsvSvn(status: SimulatedQeStatus): number {
  return svns[status];
}

/** MRSIGNER of the simulated quoting enclaves: SHA-256 of "BlindAI SIMULATION quoting enclave". */
export const qeMrSigner = '38ff85f65d3c125c33e3ffddad8a5664d64e779fb24070a4362489d6d1887488';

/** The two quoting enclaves; their ISVPRODIDs and the identities' names are the vendor's. */
export const quotingEnclaves = {
  sgx: { id: 'QE', isvProdId: 1, code: 'BlindAI SIMULATION quoting enclave code' },
  tdx: { id: 'TD_QE', isvProdId: 2, code: 'BlindAI SIMULATION TD quoting enclave code' },
} as const;

/** The identity document of a simulated quoting enclave. */
export function createQeIdentity(
  tee: IntelTee,
  validity: Validity,
  evaluationDataNumber: number,
): QeIdentity {
  const { id, isvProdId } = quotingEnclaves[tee];
  return {
    id,
    version: 2,
    issueDate: isoSeconds(validity.from),
    nextUpdate: isoSeconds(validity.to),
    tcbEvaluationDataNumber: evaluationDataNumber,
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: '11000000000000000000000000000000',
    attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
    mrsigner: qeMrSigner.toUpperCase(),
    isvprodid: isvProdId,
    tcbLevels: [
      { tcb: { isvsvn: svns.UpToDate }, tcbDate: '2024-03-13T00:00:00Z', tcbStatus: 'UpToDate' },
      {
        tcb: { isvsvn: svns.OutOfDate },
        tcbDate: '2021-11-10T00:00:00Z',
        tcbStatus: 'OutOfDate',
        advisoryIDs: ['INTEL-SA-00615'],
      },
      {
        tcb: { isvsvn: svns.Revoked },
        tcbDate: '2019-11-13T00:00:00Z',
        tcbStatus: 'Revoked',
        advisoryIDs: ['INTEL-SA-00334', 'INTEL-SA-00615'],
      },
    ],
  };
}
