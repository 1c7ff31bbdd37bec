import type { UnmatchedClaims } from './claims.ts';
import type { Bytes } from './encoding/byte-reader.ts';
import type { Policy, UnmatchedPolicy } from './policy.ts';
import type { BoundData } from './report-data.ts';
import type { PlannedCheck, Verdict } from './verdict.ts';

/** What a format is given to judge. Evidence and endorsements are foreign. */
export interface Submission {
  /** Nobody else holds these bytes. */
  readonly evidence: Bytes;
  readonly endorsements: unknown;
  readonly policy: Policy | UnmatchedPolicy;
  readonly at: Date;
}

/** What genuine evidence says that the policy accepts. */
export interface Judged {
  readonly claims: Pick<
    UnmatchedClaims,
    'measurement' | 'registers' | 'reportData' | 'debug' | 'tcb' | 'hardwareId' | 'details'
  >;
  /** How the evidence holds the data that it vouches for. */
  readonly bound: BoundData;
  /** Name of the manifest's entry that matched; `null` if it has none or none was compared. */
  readonly entry: string | null;
  /** When the first thing ends that vouches for it, or that the policy says of it. */
  readonly validUntil: Date;
}

/** One kind of evidence: the checks that it takes, in order, and how they are made. */
export interface EvidenceFormat {
  readonly tee: UnmatchedClaims['tee'];
  /** What it proves to be there, for the verdict's sentence: "SGX enclave". */
  readonly subject: string;
  /** All checks but `report-data`, which comes last for every format. */
  plan(policy: Policy | UnmatchedPolicy): readonly PlannedCheck[];
  /** Shape and signatures first, policy after; makes exactly the planned checks or refuses. */
  judge(submission: Submission, verdict: Verdict): Promise<Judged>;
}
