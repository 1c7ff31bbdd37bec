import type { Manifest } from './manifest.ts';
import type { TrustAnchors } from './roots/trust-anchors.ts';

/** Weakening: accept an enclave whose memory the host can read. */
export const allowDebug: unique symbol = Symbol('allowDebug');
/** Weakening: accept the quote made at boot, which answers no nonce and may be old. */
export const acceptBootEvidence: unique symbol = Symbol('acceptBootEvidence');
/** Weakening: compare with no entry of a manifest. The claims are then good for looking at only. */
export const anyMeasurement: unique symbol = Symbol('anyMeasurement');
/**
 * Weakening, for evidence of AMD: judge it without a revocation list if none is given. One that is given is
 * judged all the same. The claims are then good for looking at only.
 */
export const acceptMissingCrl: unique symbol = Symbol('acceptMissingCrl');
/** Weakening: do not judge report data. The claims are then good for looking at only. */
export const anyReportData: unique symbol = Symbol('anyReportData');

interface AnyPolicy {
  /** Exactly one set, chosen in code: `vendorAnchors`, or `simulationAnchors` from the entry apart. */
  readonly anchors: TrustAnchors;
  /** Required under vendor anchors; without it under simulation anchors the row is `weakened`. */
  readonly manifest?: Manifest | undefined;
  readonly [allowDebug]?: true | undefined;
}

/**
 * What a relying party accepts. Defaults are strict: TCB status `UpToDate`, not debug, 64-bit mode, no
 * provisioning key.
 */
export interface Policy extends AnyPolicy {
  readonly [anyMeasurement]?: false | undefined;
  readonly [acceptMissingCrl]?: false | undefined;
}

/**
 * A policy that compares with no entry, or does without a revocation list; what a manifest says of TCB
 * statuses holds all the same.
 */
export interface UnmatchedPolicy extends AnyPolicy {
  readonly [anyMeasurement]?: boolean | undefined;
  readonly [acceptMissingCrl]?: boolean | undefined;
}

/** The 64 bytes that evidence must vouch for (trust.md, "Report data"). */
export type BoundReportData =
  /** The TLS certificate in DER, the exact bytes of the keyset, and 32 bytes of nonce. */
  | { readonly certificate: Uint8Array; readonly keyset: Uint8Array; readonly nonce: Uint8Array }
  /** The same of the quote made at boot, which has no nonce. */
  | {
      readonly certificate: Uint8Array;
      readonly keyset: Uint8Array;
      readonly [acceptBootEvidence]: true;
    }
  /** Exactly these 64 bytes. */
  | { readonly reportData: Uint8Array };

/** Report data is not judged. */
export interface UnboundReportData {
  readonly [anyReportData]: true;
}

/** What to compare report data with. */
export type ExpectedReportData = BoundReportData | UnboundReportData;
