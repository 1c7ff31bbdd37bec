import { sha256, utf8 } from './bytes.ts';
import { collateralJson } from './collateral.ts';
import { createPlatform } from './platform.ts';
import type { SimulatedTcbStatus } from './tcb-info.ts';

/** What `emit` is asked for. */
export interface EmitOptions {
  /** 64 bytes. Default zeros. */
  readonly reportData?: Uint8Array;
  /** MRENCLAVE, 32 bytes. Default SHA-256 of "BlindAI SIMULATION workload". */
  readonly measurement?: Uint8Array;
  /** Puts the machine's PCK certificate on the CRL. Default false. */
  readonly revoked?: boolean;
  /** Default `UpToDate`. */
  readonly tcbStatus?: SimulatedTcbStatus;
  /** Sets the workload's DEBUG bit. Default false. */
  readonly debug?: boolean;
  /** The moment at which it counts. Default now. */
  readonly at?: Date;
}

/** Evidence for a verifier that is not ours, as the contents of three files. */
export interface Emitted {
  readonly quote: Uint8Array;
  /** Collateral as JSON: hexadecimal CRLs, the exact signed texts, hexadecimal signatures. */
  readonly collateralJson: string;
  /** The root that such a verifier has to be given. */
  readonly rootPem: string;
}

/**
 * Makes a machine, its collateral and one quote.
 *
 * @throws {TypeError} if the report data or measurement has the wrong length.
 */
export async function emit(options: EmitOptions = {}): Promise<Emitted> {
  const platform = await createPlatform({
    at: options.at ?? new Date(),
    tcbStatus: options.tcbStatus ?? 'UpToDate',
    revoked: options.revoked === true ? ['pck'] : [],
  });
  const quote = await platform.quote({
    reportData: options.reportData ?? new Uint8Array(64),
    measurement: options.measurement ?? (await sha256(utf8('BlindAI SIMULATION workload'))),
    debug: options.debug ?? false,
  });
  const { collateral, rootPem } = platform;
  return { quote, collateralJson: collateralJson(collateral), rootPem };
}
