import type { Endorsements, EvidenceFormat, ServerConfig } from '@blindai/protocol';

/** What the hardware signed, with what a verifier needs besides. */
export interface Evidence {
  /** In the provider's format. */
  readonly evidence: Uint8Array;
  /** They fit this very evidence: both come from one platform and one collection of collateral. */
  readonly endorsements: Endorsements;
  /** From this time on a verifier may find some of it too old: ask again. */
  readonly renewAt: Date;
}

/** A TEE, as far as the server needs one: it signs 64 bytes of report data. */
export interface EvidenceProvider {
  readonly tee: ServerConfig['tee'];
  readonly format: EvidenceFormat;
  /** Of the code that runs (MRENCLAVE, MRTD, …). */
  readonly measurement: Uint8Array;
  /** Makes evidence over exactly 64 bytes. Slow: milliseconds of hardware that all callers share. */
  readonly attest: (reportData: Uint8Array) => Promise<Evidence>;
}
