import type { TdxClaims } from '../dcap/tdx-claims.ts';
import type { SnpClaims } from '../snp/snp-claims.ts';

/** What evidence of an Azure confidential VM says of it, once verified; its PCRs are the claims' `registers`. */
export interface AzureClaims {
  /** What the hardware says of the machine in which the paravisor runs, and its vTPM. */
  readonly hardware: SnpClaims | TdxClaims;
  /**
   * How the paravisor says that the machine was configured when it started, such as `secure-boot`: as true as the
   * paravisor is, and judged by no check. Plain members only.
   */
  readonly vmConfiguration: Readonly<Record<string, string | number | boolean | null>>;
  /** What the guest left in the vTPM before, 64 bytes, hex; `null` if it is absent. */
  readonly userData: string | null;
}
