import type { Format } from './evidence.ts';
import type { Report } from './report.ts';

/** Status of a platform, as far as the vendor's words go; `Revoked` is never accepted. */
export interface TcbClaims {
  /** After convergence with the quoting enclave's. */
  readonly status: string;
  /** Every advisory of the levels that matched, without doubles. */
  readonly advisories: readonly string[];
  /** The smaller one of TCB info's and QE identity's. */
  readonly evaluationDataNumber: number;
  /** Date of the platform's level: all updates up to then are applied. */
  readonly date: Date;
}

/** What an SGX quote says of its enclave, once verified. */
export interface SgxClaims {
  /** MRENCLAVE, 32 bytes. */
  readonly mrEnclave: Uint8Array;
  /** MRSIGNER, 32 bytes. */
  readonly mrSigner: Uint8Array;
  readonly isvProdId: number;
  readonly isvSvn: number;
  /** CONFIGID, 64 bytes. */
  readonly configId: Uint8Array;
  readonly configSvn: number;
  /** ATTRIBUTES.FLAGS and ATTRIBUTES.XFRM as numbers. */
  readonly attributesFlags: bigint;
  readonly attributesXfrm: bigint;
  readonly miscSelect: number;
  /** ISVEXTPRODID and ISVFAMILYID, 16 bytes each. */
  readonly isvExtProdId: Uint8Array;
  readonly isvFamilyId: Uint8Array;
  readonly cpuSvn: Uint8Array;
  /** 6 bytes, hex: the family, model and stepping of the platform. */
  readonly fmspc: string;
  /** 16 bytes, hex. */
  readonly ppid: string;
  /** 16 bytes, hex; `null` for a platform of one package, whose certificate has none. */
  readonly platformInstanceId: string | null;
}

/**
 * What genuine evidence says, without it having been matched with a manifest's entry or bound to a
 * connection's keys: good for looking at. No method that moves data takes it.
 */
export interface UnmatchedClaims {
  readonly format: Format;
  readonly tee: 'sgx';
  /** Whose root keys were trusted. */
  readonly anchor: 'vendor' | 'simulation';
  /** The TEE's own measurement of what it runs (MRENCLAVE, 32 bytes). */
  readonly measurement: Uint8Array;
  /** Further measurements made while it runs, by name. SGX has none. */
  readonly registers: Readonly<Record<string, Uint8Array>>;
  /** 64 bytes. */
  readonly reportData: Uint8Array;
  readonly debug: boolean;
  readonly tcb: TcbClaims;
  /** What tells this machine from others: the platform instance id if there is one, else the PPID; hex. */
  readonly hardwareId: string;
  /** From this moment on the evidence must be judged again: something that vouches for it ends. */
  readonly validUntil: Date;
  /** Name of the manifest's entry that matched; `null` if it has none or there was none. */
  readonly entry: string | null;
  readonly details: SgxClaims;
  readonly report: Report;
}

declare const verified: unique symbol;

/** Claims that passed every check. Only the verifier can make them: see {@link isVerified}. */
export interface VerifiedClaims extends UnmatchedClaims {
  readonly [verified]: true;
}

const made = new WeakSet<UnmatchedClaims>();

/** Whether these very claims came out of the verifier, matched and bound; no copy or look-alike passes. */
export function isVerified(claims: UnmatchedClaims): claims is VerifiedClaims {
  return made.has(claims);
}

/** For the verifier alone; the package does not export it. */
export function markVerified(claims: UnmatchedClaims): VerifiedClaims {
  made.add(claims);
  return claims as VerifiedClaims;
}
