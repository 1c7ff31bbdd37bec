import type { Bytes } from '../encoding/byte-reader.ts';
import { FormatError } from '../encoding/format-error.ts';
import { decodeHex } from '../encoding/hex.ts';
import { JsonObject } from '../encoding/json.ts';
import { parsePem } from '../encoding/pem.ts';
import { decodeUtf8 } from '../encoding/utf8.ts';

const what = 'collateral';
const maxTextLength = 1024 * 1024;
const signatureLength = 64;
const issuerChainLength = 2;

/** Of Intel's collateral structure: the PCS version, with the way CRLs were encoded in the upper half. */
const versions: readonly number[] = [1, 3, 4, 0x1_0003, 0x1_0004];

const chainMembers = ['pck_crl_issuer_chain', 'tcb_info_issuer_chain', 'qe_identity_issuer_chain'];
const otherMembers = ['root_ca_crl', 'pck_crl', 'tcb_info', 'qe_identity'];
const wireOnlyMembers = ['version', 'pck_certificate', 'pck_signing_chain'];
const fileOnlyMembers = ['tcb_info_signature', 'qe_identity_signature'];

/** A document of Intel's: the exact text that is signed. */
export interface SignedDocument {
  readonly text: string;
  /** r ‖ s. */
  readonly signature: Bytes;
}

/** What Intel signed about a platform (wire.md §2, "Endorsements"). Nothing in it is verified yet. */
export interface Collateral {
  /** CA of the PCK, root; DER, like the other chains. */
  readonly pckCrlIssuerChain: readonly Bytes[];
  /** TCB signer, root. */
  readonly tcbInfoIssuerChain: readonly Bytes[];
  readonly qeIdentityIssuerChain: readonly Bytes[];
  readonly rootCaCrl: Bytes;
  readonly pckCrl: Bytes;
  readonly tcbInfo: SignedDocument;
  readonly qeIdentity: SignedDocument;
  /** PCK certificate, its CA, the root, as the map of `/collateral` repeats them; `null` in the other form. */
  readonly pckChain: readonly Bytes[] | null;
}

/**
 * Reads collateral in either of its two forms: the map of `/collateral` (PEM CRLs, each document with its
 * signature as Intel serves it), or the members of a `collateral.json` (hex CRLs, bare documents,
 * signatures apart).
 *
 * @throws {FormatError} for absent, doubled or unknown members, or one that is not what it must be.
 */
export function parseCollateral(endorsements: unknown): Collateral {
  const members = new Members(endorsements);
  const isFile = fileOnlyMembers.some((name) => members.has(name));
  members.exactly([
    ...chainMembers,
    ...otherMembers,
    ...(isFile ? fileOnlyMembers : wireOnlyMembers),
  ]);
  return {
    pckCrlIssuerChain: members.chain('pck_crl_issuer_chain', issuerChainLength),
    tcbInfoIssuerChain: members.chain('tcb_info_issuer_chain', issuerChainLength),
    qeIdentityIssuerChain: members.chain('qe_identity_issuer_chain', issuerChainLength),
    ...(isFile ? parseFileMembers(members) : parseWireMembers(members)),
  };
}

type FormMembers = Pick<Collateral, 'rootCaCrl' | 'pckCrl' | 'tcbInfo' | 'qeIdentity' | 'pckChain'>;

function parseFileMembers(members: Members): FormMembers {
  const document = (name: string): SignedDocument => ({
    text: members.text(name),
    signature: members.hex(`${name}_signature`, signatureLength),
  });
  return {
    rootCaCrl: members.hex('root_ca_crl'),
    pckCrl: members.hex('pck_crl'),
    tcbInfo: document('tcb_info'),
    qeIdentity: document('qe_identity'),
    pckChain: null,
  };
}

function parseWireMembers(members: Members): FormMembers {
  const version = members.value('version');
  if (!versions.some((known) => known === version)) {
    throw new FormatError(`${what}.version`, 'unknown');
  }
  return {
    rootCaCrl: members.crl('root_ca_crl'),
    pckCrl: members.crl('pck_crl'),
    tcbInfo: parseWrapped(members, 'tcb_info', 'tcbInfo'),
    qeIdentity: parseWrapped(members, 'qe_identity', 'enclaveIdentity'),
    pckChain: [...members.chain('pck_certificate', 1), ...members.chain('pck_signing_chain', 2)],
  };
}

/** `{"tcbInfo": …, "signature": …}`: the signature covers the exact text of the inner object. */
function parseWrapped(members: Members, name: string, inner: string): SignedDocument {
  const where = `${what}.${name}`;
  const json = JsonObject.parse(where, members.text(name));
  json.exactly([inner, 'signature']);
  return {
    text: json.objectText(inner),
    signature: decodeUnsignedHex(`${where}.signature`, json.string('signature'), signatureLength),
  };
}

/** Hex that no signature covers: of one case only, so that there are few ways to write the same. */
function decodeUnsignedHex(where: string, text: string, length?: number): Bytes {
  if (text !== text.toLowerCase() && text !== text.toUpperCase()) {
    throw new FormatError(where, 'hex in one case expected');
  }
  return decodeHex(where, text, length);
}

/** The members of a foreign object, map or JSON text, each read once. */
class Members {
  readonly #members: ReadonlyMap<string, unknown>;

  constructor(endorsements: unknown) {
    this.#members = toMap(endorsements);
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  exactly(names: readonly string[]): void {
    const absent = names.find((name) => !this.has(name));
    if (absent !== undefined) throw new FormatError(`${what}.${absent}`, 'absent');
    if (this.#members.size !== names.length) throw new FormatError(what, 'an unknown member');
  }

  value(name: string): unknown {
    return this.#members.get(name);
  }

  text(name: string): string {
    const value = this.value(name);
    if (typeof value !== 'string') throw new FormatError(`${what}.${name}`, 'text expected');
    if (value.length > maxTextLength) throw new FormatError(`${what}.${name}`, 'more than 1 MiB');
    return value;
  }

  hex(name: string, length?: number): Bytes {
    return decodeUnsignedHex(`${what}.${name}`, this.text(name), length);
  }

  chain(name: string, length: number): Bytes[] {
    return parsePem(`${what}.${name}`, this.text(name), 'CERTIFICATE', length);
  }

  crl(name: string): Bytes {
    const [crl] = parsePem(`${what}.${name}`, this.text(name), 'X509 CRL', 1);
    return crl!;
  }
}

function toMap(endorsements: unknown): ReadonlyMap<string, unknown> {
  if (endorsements instanceof Uint8Array) return toMap(decodeUtf8(what, endorsements));
  if (typeof endorsements === 'string') {
    if (endorsements.length > 4 * maxTextLength) throw new FormatError(what, 'more than 4 MiB');
    return JsonObject.parse(what, endorsements).scalars();
  }
  if (endorsements instanceof Map) return new Map<string, unknown>(endorsements);
  if (endorsements === undefined || endorsements === null) throw new FormatError(what, 'absent');
  if (typeof endorsements !== 'object') throw new FormatError(what, 'a map expected');
  return new Map<string, unknown>(Object.entries(endorsements));
}
