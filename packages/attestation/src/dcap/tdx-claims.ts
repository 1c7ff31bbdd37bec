/** What a TD quote says of its TD, once verified; its RTMRs are the claims' `registers`. */
export interface TdxClaims {
  /** MRTD, 48 bytes: of what the TD was started with. */
  readonly mrTd: Uint8Array;
  /** MRCONFIGID, MROWNER and MROWNERCONFIG, 48 bytes each, as whoever started the TD gave them. */
  readonly mrConfigId: Uint8Array;
  readonly mrOwner: Uint8Array;
  readonly mrOwnerConfig: Uint8Array;
  /** ATTRIBUTES and XFAM as numbers. */
  readonly tdAttributes: bigint;
  readonly xfam: bigint;
  /** A bit of ATTRIBUTES: pages that the host takes away stop the TD and raise no exception inside. */
  readonly septVeDisable: boolean;
  /** MRSEAM, 48 bytes: of the TDX module. */
  readonly mrSeam: Uint8Array;
  /** MRSIGNERSEAM, 48 bytes: of the key that signed it; zeros are Intel's. */
  readonly mrSignerSeam: Uint8Array;
  /** SEAMATTRIBUTES as a number; 0. */
  readonly seamAttributes: bigint;
  /** TEE_TCB_SVN, 16 bytes: versions of the TDX module and the platform's other parts when the TD was started. */
  readonly teeTcbSvn: Uint8Array;
  /** TEE_TCB_SVN2, 16 bytes: the same as of now; `null` before TDX 1.5. */
  readonly teeTcbSvn2: Uint8Array | null;
  /** MRSERVICETD, 48 bytes: of the service TDs bound to this one; `null` before TDX 1.5. */
  readonly mrServiceTd: Uint8Array | null;
  /** 6 bytes, hex: the family, model and stepping of the platform. */
  readonly fmspc: string;
  /** 16 bytes, hex. */
  readonly ppid: string;
  /** 16 bytes, hex; `null` for a platform of one package, whose certificate has none. */
  readonly platformInstanceId: string | null;
}
