/** What a measurement really covers of the software that runs. */
export type Cover = 'firmware' | 'kernel' | 'initrd' | 'cmdline' | 'rootfs';

/** Statuses of a platform that a manifest may accept. `Revoked` is never among them. */
export type TcbStatus =
  | 'UpToDate'
  | 'SWHardeningNeeded'
  | 'ConfigurationNeeded'
  | 'ConfigurationAndSWHardeningNeeded'
  | 'OutOfDate'
  | 'OutOfDateConfigurationNeeded';

/** One `[[sgx]]` entry: a tuple, all of which must hold at once. Values of two entries never mix. */
export interface SgxEntry {
  /** Printed in the report. */
  readonly name: string | null;
  readonly covers: readonly Cover[];
  /** MRENCLAVE, 32 bytes. */
  readonly mrEnclave: Uint8Array;
  /** MRSIGNER, 32 bytes; `null`: any. */
  readonly mrSigner: Uint8Array | null;
  /** Exact; `null`: any. */
  readonly isvProdId: number | null;
  /** A floor; `null`: any. */
  readonly isvSvn: number | null;
  /** CONFIGID, 64 bytes; `null`: any. */
  readonly configId: Uint8Array | null;
  /** ATTRIBUTES.FLAGS as a number: `(flags & mask)` must equal `attributesFlags | INIT`, masked. */
  readonly attributesFlags: bigint;
  readonly attributesMaskFlags: bigint;
  /** ATTRIBUTES.XFRM as a number: `(xfrm & mask)` must equal it. */
  readonly attributesXfrm: bigint;
  readonly attributesMaskXfrm: bigint;
  /** MISCSELECT as a number: `(miscselect & mask)` must equal it. */
  readonly miscSelect: number;
  readonly miscMask: number;
  /** PPIDs or platform instance ids, 32 lower-case hex digits each; `null`: any genuine machine. */
  readonly platform: readonly string[] | null;
  /** From this moment on the entry matches nothing; `null`: no end. */
  readonly until: Date | null;
}

/** All that a client accepts, as a manifest file says it (`manifest.md`). */
export interface Manifest {
  readonly sgx: readonly SgxEntry[];
  readonly intel: {
    /** A set, not an order. */
    readonly tcbStatuses: readonly TcbStatus[];
    readonly minTcbEvaluationDataNumber: number | null;
    readonly maxCollateralAgeMs: number | null;
  };
  readonly exceptions: readonly {
    readonly advisory: string;
    readonly until: Date;
    readonly reason: string;
  }[];
  readonly transport: { readonly postQuantum: boolean };
  /** Only what the file states. */
  readonly config: {
    readonly isolation?: 'sandboxed' | 'separated' | 'none';
    readonly anonymous?: boolean;
  };
  /** BlindAI's `allow_debug = true`: honoured only together with `[allowDebug]`. */
  readonly asksForDebug: boolean;
}
