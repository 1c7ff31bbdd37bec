import { createAzureMachine } from './azure/machine.ts';
import { sha256, sha384, utf8 } from './bytes.ts';
import { collateralJson, type SimulatedCollateral } from './collateral.ts';
import type { EmittedTee } from './emitted-tees.ts';
import type { IntelTee } from './intel-tee.ts';
import { createNitroEnclave } from './nitro/enclave.ts';
import { nitroRootPem } from './nitro/root-certificate.ts';
import { createPlatform } from './platform.ts';
import { rootPem } from './root.ts';
import { issueAmdAuthorities } from './snp/authorities.ts';
import type { EndorsementKeyKind } from './snp/endorsement-key.ts';
import { createSnpPlatform, type SnpPlatformOptions } from './snp/platform.ts';
import type { SnpProduct } from './snp/product.ts';
import type { SimulatedTcbStatus } from './tcb-info.ts';

/** What `emit` is asked for. */
export interface EmitOptions {
  /** Default `sgx`. */
  readonly tee?: EmittedTee;
  /** Of a TD's quote: 5 holds a report of TDX 1.5. Default 4. */
  readonly version?: 4 | 5;
  /** 64 bytes. Default zeros. Nitro: the user data. Azure: what the TPM's quote holds the hash of. */
  readonly reportData?: Uint8Array;
  /**
   * MRENCLAVE, 32 bytes; MRTD, MEASUREMENT or PCR0, 48. Default SHA-256, or SHA-384, of "BlindAI SIMULATION
   * workload". A debug enclave of Nitro has zeros, whatever is given.
   */
  readonly measurement?: Uint8Array;
  /** Intel: puts the machine's PCK certificate on the CRL; AMD: what issued the endorsement key's. Default false. */
  readonly revoked?: boolean;
  /** Intel. Default `UpToDate`. */
  readonly tcbStatus?: SimulatedTcbStatus;
  /** A workload that its host can read. Default false. */
  readonly debug?: boolean;
  /** AMD: the product line. Default `Milan`. */
  readonly product?: SnpProduct;
  /** AMD: what signs the report. Default `vcek`. */
  readonly key?: EndorsementKeyKind;
  /** AMD: the privilege level that asks for the report. Default 0. */
  readonly vmpl?: number;
  /** The moment at which it counts. Default now. */
  readonly at?: Date;
}

/** Evidence for a verifier that is not ours: contents by file name, the evidence first. */
export interface Emitted {
  readonly files: Readonly<Record<string, Uint8Array | string>>;
}

/** Evidence of a TEE of Intel's, as the contents of three files. */
export interface EmittedQuote extends Emitted {
  readonly quote: Uint8Array;
  /** Collateral as JSON: hexadecimal CRLs, the exact signed texts, hexadecimal signatures. */
  readonly collateralJson: string;
  /** The root that such a verifier has to be given. */
  readonly rootPem: string;
}

/** Which options a vendor's evidence knows; the others are no options of it. */
const known = {
  intel: ['revoked', 'tcbStatus'],
  tdx: ['revoked', 'tcbStatus', 'version'],
  amd: ['revoked', 'product', 'key', 'vmpl'],
  aws: [],
} as const satisfies Record<string, readonly (keyof EmitOptions)[]>;

const knownOf: Readonly<Record<EmittedTee, readonly (keyof EmitOptions)[]>> = {
  sgx: known.intel,
  tdx: known.tdx,
  snp: known.amd,
  nitro: known.aws,
  'azure-snp': known.amd,
  'azure-tdx': known.tdx,
};

/**
 * Makes a machine, what its vendor says of it, and one piece of evidence.
 *
 * @throws {TypeError} if the report data or measurement has the wrong length, or an option is not one of the TEE.
 */
export async function emit(options?: EmitOptions & { tee?: IntelTee }): Promise<EmittedQuote>;
export async function emit(options: EmitOptions): Promise<Emitted>;
export async function emit(options: EmitOptions = {}): Promise<Emitted> {
  const { tee = 'sgx' } = options;
  refuseOthers(tee, options);
  const asked: Asked = {
    ...options,
    tee,
    at: options.at ?? new Date(),
    debug: options.debug ?? false,
    reportData: options.reportData ?? new Uint8Array(64),
    measurement: options.measurement ?? (await defaultMeasurement(tee)),
  };
  if (tee === 'snp') return emitSnp(asked);
  if (tee === 'nitro') return emitNitro(asked);
  if (tee === 'azure-snp' || tee === 'azure-tdx') return emitAzure(asked);
  return emitQuote(asked, tee);
}

/** Options without what everybody is told by default. */
type Asked = EmitOptions &
  Required<Pick<EmitOptions, 'tee' | 'at' | 'debug' | 'reportData' | 'measurement'>>;

function refuseOthers(tee: EmittedTee, options: EmitOptions): void {
  const own: readonly string[] = knownOf[tee];
  for (const [name, value] of Object.entries(options)) {
    const isVendors = Object.values(known).some((names) => names.some((each) => each === name));
    if (isVendors && !own.includes(name) && value !== undefined && value !== false) {
      throw new TypeError(`${name}: no option of evidence of ${tee}`);
    }
  }
}

async function emitQuote(asked: Asked, tee: IntelTee): Promise<EmittedQuote> {
  const { reportData, measurement, debug, version = 4 } = asked;
  const platform = await createPlatform({ ...intelOptions(asked), tee });
  const quote =
    tee === 'sgx'
      ? await platform.quote({ reportData, measurement, debug })
      : await platform.tdQuote({ reportData, measurement, debug, version });
  const collateral = collateralJson(platform.collateral);
  return {
    files: { 'quote.bin': quote, 'collateral.json': collateral, 'root.pem': rootPem },
    quote,
    collateralJson: collateral,
    rootPem,
  };
}

async function emitSnp(asked: Asked): Promise<Emitted> {
  const { reportData, measurement, debug, vmpl = 0 } = asked;
  const platform = await createSnpPlatform(amdOptions(asked));
  return {
    files: {
      'report.bin': await platform.report({ reportData, measurement, debug, vmpl }),
      'ek.der': platform.ek,
      'crl.der': platform.crl,
      'cert_chain.pem': await certificateChain(asked),
    },
  };
}

async function emitNitro({ at, reportData, measurement, debug }: Asked): Promise<Emitted> {
  const enclave = await createNitroEnclave({ at });
  const pcrs = debug ? {} : { 0: measurement };
  const document = await enclave.document({ userData: reportData, debug, pcrs });
  return { files: { 'doc.cbor': document, 'root.pem': nitroRootPem } };
}

async function emitAzure(asked: Asked): Promise<Emitted> {
  const { tee, reportData, measurement, debug, vmpl = 0, version = 4 } = asked;
  if (tee === 'azure-snp') {
    const machine = await createAzureMachine({ ...amdOptions(asked), tee: 'snp' });
    const evidence = await machine.evidence({ reportData, measurement, report: { debug, vmpl } });
    const { crl } = machine.endorsements as { readonly crl: Uint8Array };
    const chain = await certificateChain(asked);
    return { files: { 'evidence.json': evidence, 'crl.der': crl, 'cert_chain.pem': chain } };
  }
  const machine = await createAzureMachine({ ...intelOptions(asked), tee: 'tdx' });
  const evidence = await machine.evidence({ reportData, measurement, tdQuote: { debug, version } });
  const collateral = collateralJson(machine.endorsements as SimulatedCollateral);
  return {
    files: { 'evidence.json': evidence, 'collateral.json': collateral, 'root.pem': rootPem },
  };
}

function intelOptions({ at, tcbStatus = 'UpToDate', revoked }: Asked) {
  return { at, tcbStatus, revoked: revoked === true ? (['pck'] as const) : [] };
}

function amdOptions({ at, product = 'Milan', key = 'vcek', revoked }: Asked): SnpPlatformOptions {
  const issuer = key === 'vcek' ? 'ask' : 'asvk';
  return { at, product, key, revoked: revoked === true ? [issuer] : [] };
}

/** As AMD serves it: what issued the endorsement key's certificate, then the root. */
async function certificateChain({ product = 'Milan', key = 'vcek' }: Asked): Promise<string> {
  const { ark, ask, asvk } = await issueAmdAuthorities(product);
  return `${(key === 'vcek' ? ask : asvk).pem}${ark.pem}`;
}

async function defaultMeasurement(tee: EmittedTee): Promise<Uint8Array> {
  const label = utf8('BlindAI SIMULATION workload');
  return tee === 'sgx' ? sha256(label) : sha384(label);
}
