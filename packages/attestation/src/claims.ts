import type { AzureClaims } from './azure/azure-claims.ts';
import type { TdxClaims } from './dcap/tdx-claims.ts';
import type { Format } from './evidence.ts';
import type { NitroClaims } from './nitro/nitro-claims.ts';
import type { Report } from './report.ts';
import type { SnpClaims } from './snp/snp-claims.ts';

/** How up to date a platform is, as far as its vendor says. */
export interface TcbClaims {
  /**
   * Intel: the status, after convergence with the quoting enclave's; `Revoked` is never accepted. `null` for
   * vendors that publish none.
   */
  readonly status: string | null;
  /** Every advisory of the levels that matched, without doubles. */
  readonly advisories: readonly string[];
  /** Intel: the smaller one of TCB info's and QE identity's; `null` for others. */
  readonly evaluationDataNumber: number | null;
  /** Intel: date of the platform's level: all updates up to then are applied; `null` for others. */
  readonly date: Date | null;
  /** Versions of the parts, by name, as the evidence reports them; empty where there are none. */
  readonly parts: Readonly<Record<string, number>>;
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

/** The format's own details; `claims.format` tells which. */
export type EvidenceDetails = SgxClaims | TdxClaims | NitroClaims | SnpClaims | AzureClaims;

/**
 * What genuine evidence says, without it having been matched with a manifest's entry or bound to a
 * connection's keys: good for looking at. No method that moves data takes it.
 */
export interface UnmatchedClaims {
  readonly format: Format;
  readonly tee: 'sgx' | 'tdx' | 'sev-snp' | 'azure' | 'nitro';
  /** Whose root keys were trusted. */
  readonly anchor: 'vendor' | 'simulation';
  /** The TEE's own measurement of what it runs: MRENCLAVE (32 bytes); MRTD, MEASUREMENT or PCR0 (48). */
  readonly measurement: Uint8Array;
  /** Further measurements, by name: `rtmr0` to `rtmr3` of a TD, `pcr0`, `pcr1`, … of Nitro and Azure. */
  readonly registers: Readonly<Record<string, Uint8Array>>;
  /** What the evidence vouches for: 64 bytes, as the workload gave them; Azure: their SHA-256; Nitro: `user_data`. */
  readonly reportData: Uint8Array;
  readonly debug: boolean;
  readonly tcb: TcbClaims;
  /** What tells this machine from others, in its vendor's terms, hex; `null` if the evidence does not say. */
  readonly hardwareId: string | null;
  /** From this moment on the evidence must be judged again: something that vouches for it ends. */
  readonly validUntil: Date;
  /** Name of the manifest's entry that matched; `null` if it has none or there was none. */
  readonly entry: string | null;
  readonly details: EvidenceDetails;
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
