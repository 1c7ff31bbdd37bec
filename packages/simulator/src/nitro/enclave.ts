import { utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import type { CertificateOverrides } from '../certificate.ts';
import { cborArray, cborBytes, cborInteger, cborMap, cborText } from './cbor.ts';
import type { CborMember } from './cbor.ts';
import { createNitroCertificates, randomHex } from './certificates.ts';
import type { NitroCertificateName, NitroCertificates, NitroIdentity } from './certificates.ts';

/** An enclave of the fake AWS, and how its certificates depart from good ones. */
export interface NitroEnclaveOptions extends Partial<NitroIdentity> {
  /** The moment at which all of it counts. */
  readonly at: Date;
  readonly certificates?: Partial<Record<NitroCertificateName, CertificateOverrides>>;
}

/** The members of a document by name, encoded: in AWS's order, unless `edit` says otherwise. */
export type NitroMembers = readonly (readonly [name: string, value: Uint8Array])[];

/** What a document is asked for, and how it departs from a good one. */
export interface NitroDocumentOptions {
  /** Default null. */
  readonly userData?: Uint8Array | null;
  /** Default null. */
  readonly nonce?: Uint8Array | null;
  /** Default null. */
  readonly publicKey?: Uint8Array | null;
  /**
   * By index, in place of the ones that it would have; `null` leaves one out. Default: PCR 0 to 2 and 4 hashes,
   * the other twelve zeros; 48 bytes each.
   */
  readonly pcrs?: Readonly<Record<number, Uint8Array | null>>;
  /** Makes PCR 0 to 2 zeros, as the hypervisor does for an enclave with a console. Default false. */
  readonly debug?: boolean;
  /** Default the instance's id and the enclave's. */
  readonly moduleId?: string;
  /** Default `at`. */
  readonly timestamp?: Date;
  /** Default `SHA384`. */
  readonly digest?: string;
  /** Encoded protected header. Default {1: -35}, ES384. */
  readonly protectedHeader?: Uint8Array;
  /** Encoded unprotected header. Default an empty map. */
  readonly unprotectedHeader?: Uint8Array;
  /** Signs the document. Default the key of the leaf certificate. */
  readonly signedBy?: CryptoKey;
  /** Changes the members of the payload, encoded as they are: leaves out, doubles, adds, reorders. */
  readonly edit?: (members: NitroMembers) => NitroMembers;
  /** Changes the encoded payload before it is signed. */
  readonly editPayload?: (payload: Bytes) => Bytes;
  /** Changes the document after it was signed. */
  readonly tamper?: (document: Bytes) => Bytes;
}

/** An enclave of the fake AWS. Its documents have the real format and protect nothing. */
export interface SimulatedNitroEnclave {
  readonly certificates: NitroCertificates;
  readonly identity: NitroIdentity;
  /** Makes an attestation document, CBOR. */
  document(options?: NitroDocumentOptions): Promise<Bytes>;
}

/** Makes an enclave with a key of its own and the certificates above it. */
export async function createNitroEnclave(
  options: NitroEnclaveOptions,
): Promise<SimulatedNitroEnclave> {
  const { at, instanceId = `i-0${randomHex(8)}`, enclaveId = `01${randomHex(7)}` } = options;
  const identity = { instanceId, enclaveId };
  const certificates = await createNitroCertificates(at, identity, options.certificates);
  const { root, regional, zonal, instance, leaf } = certificates;
  const moduleId = `${instanceId}-enc${enclaveId}`;
  const defaults = await defaultPcrs(instanceId);

  const document = async (asked: NitroDocumentOptions = {}): Promise<Bytes> => {
    const members: NitroMembers = [
      ['module_id', cborText(asked.moduleId ?? moduleId)],
      ['digest', cborText(asked.digest ?? 'SHA384')],
      ['timestamp', cborInteger((asked.timestamp ?? at).getTime())],
      ['pcrs', encodePcrs({ ...defaults, ...(asked.debug === true ? zeros : {}), ...asked.pcrs })],
      ['certificate', cborBytes(leaf.der)],
      ['cabundle', cborArray([root, regional, zonal, instance].map(({ der }) => cborBytes(der)))],
      ['public_key', cborBytes(asked.publicKey ?? null)],
      ['user_data', cborBytes(asked.userData ?? null)],
      ['nonce', cborBytes(asked.nonce ?? null)],
    ];
    const edited = asked.edit?.(members) ?? members;
    const encoded = cborMap(edited.map(([name, value]) => [cborText(name), value]));
    const payload = asked.editPayload?.(encoded) ?? encoded;
    const signed = await coseSign1(asked, payload, asked.signedBy ?? leaf.keys.privateKey);
    return asked.tamper?.(signed) ?? signed;
  };
  return { certificates, identity, document };
}

/** COSE_Sign1 without its tag, as AWS sends it: RFC 9052, sections 4.2 and 4.4. */
async function coseSign1(
  headers: Pick<NitroDocumentOptions, 'protectedHeader' | 'unprotectedHeader'>,
  payload: Bytes,
  key: CryptoKey,
): Promise<Bytes> {
  const es384: CborMember = [cborInteger(1), cborInteger(-35)];
  const protectedHeader = cborBytes(headers.protectedHeader ?? cborMap([es384]));
  const nothing = cborBytes(new Uint8Array());
  const toBeSigned = cborArray([
    cborText('Signature1'),
    protectedHeader,
    nothing,
    cborBytes(payload),
  ]);
  const algorithm = { name: 'ECDSA', hash: 'SHA-384' };
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, key, toBeSigned));
  return cborArray([
    protectedHeader,
    headers.unprotectedHeader ?? cborMap([]),
    cborBytes(payload),
    cborBytes(signature),
  ]);
}

const zeros = { 0: new Uint8Array(48), 1: new Uint8Array(48), 2: new Uint8Array(48) };

/** PCR 0 to 2 stand for the image, PCR 4 for the instance; 3 (role), 8 (signer) and the others are unused. */
async function defaultPcrs(instanceId: string): Promise<Record<number, Uint8Array | null>> {
  const pcrs: Record<number, Uint8Array | null> = {};
  for (let index = 0; index < 16; index += 1) pcrs[index] = new Uint8Array(48);
  for (const index of [0, 1, 2]) pcrs[index] = await sha384(`BlindAI SIMULATION PCR${index}`);
  pcrs[4] = await sha384(instanceId);
  return pcrs;
}

function encodePcrs(pcrs: Readonly<Record<number, Uint8Array | null>>): Bytes {
  const members: CborMember[] = Object.entries(pcrs).flatMap(([index, value]) =>
    value === null ? [] : [[cborInteger(Number(index)), cborBytes(value)]],
  );
  return cborMap(members);
}

async function sha384(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-384', utf8(text)));
}
