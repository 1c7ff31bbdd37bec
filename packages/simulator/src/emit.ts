import { sha256, sha384, utf8 } from './bytes.ts';
import { collateralJson } from './collateral.ts';
import type { IntelTee } from './intel-tee.ts';
import { createPlatform } from './platform.ts';
import type { SimulatedTcbStatus } from './tcb-info.ts';

/** What `emit` is asked for. */
export interface EmitOptions {
  /** Default `sgx`. */
  readonly tee?: IntelTee;
  /** Of a TD's quote: 5 holds a report of TDX 1.5. Default 4. */
  readonly version?: 4 | 5;
  /** 64 bytes. Default zeros. */
  readonly reportData?: Uint8Array;
  /** MRENCLAVE, 32 bytes, or MRTD, 48. Default SHA-256, or SHA-384, of "BlindAI SIMULATION workload". */
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
  const { tee = 'sgx', version = 4, debug = false } = options;
  const platform = await createPlatform({
    at: options.at ?? new Date(),
    tee,
    tcbStatus: options.tcbStatus ?? 'UpToDate',
    revoked: options.revoked === true ? ['pck'] : [],
  });
  const reportData = options.reportData ?? new Uint8Array(64);
  const measurement = options.measurement ?? (await defaultMeasurement(tee));
  const quote =
    tee === 'sgx'
      ? await platform.quote({ reportData, measurement, debug })
      : await platform.tdQuote({ reportData, measurement, debug, version });
  const { collateral, rootPem } = platform;
  return { quote, collateralJson: collateralJson(collateral), rootPem };
}

async function defaultMeasurement(tee: IntelTee): Promise<Uint8Array> {
  const label = utf8('BlindAI SIMULATION workload');
  return tee === 'sgx' ? sha256(label) : sha384(label);
}
