import { type KeyObject, X509Certificate } from 'node:crypto';
import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { derOf } from '../../pem-der.ts';
import { type DerTree, parseDer } from '../mutate/der.ts';
import type { Submission } from '../submission.ts';
import {
  extensionOf,
  hex,
  objectionToCertificate,
  objectionToCrl,
  serialNumber,
  sha256,
  subjectName,
} from '../x509-objection.ts';
import { layOut, pckChainOf } from './quote-layout.ts';

/** 1.2.840.113741.1.13.1, encoded. */
const sgxExtensions = '2a864886f84d010d01';
const teeTypes = { sgx: 0, tdx: 0x81 } as const;
const intel = '939a7233f79c4ca9940a0db3957f0607';
/** Start and end of what is reserved in a report of SGX. */
const reserved = [
  [20, 32],
  [96, 128],
  [160, 192],
  [262, 304],
] as const;
/** Bits of TD attributes that mean something, without debugging (7 to 0) and MIGRATABLE (29). */
const tdAttributes = [16n, 27n, 28n, 30n, 31n, 62n, 63n].reduce(
  (sum, bit) => sum | (1n << bit),
  0n,
);

/**
 * Why a quote with collateral in the form of a file must be refused by a policy that takes every status but `Revoked`
 * and no debugging; `null` if nothing is known against it.
 */
export function objectionToDcap(
  tee: keyof typeof teeTypes,
  { evidence: quote, endorsements }: Submission,
  at: Date,
): string | null {
  const layout = layOut(quote);
  const chain = derOf(pckChainOf(quote) ?? '');
  if (!layout || chain.length !== 3) return 'no whole quote';
  const collateral = endorsements as Readonly<Record<string, string>>;
  const tcbInfo = JSON.parse(collateral['tcb_info']!) as TcbInfo;
  const qeIdentity = JSON.parse(collateral['qe_identity']!) as QeIdentity;
  const view = new DataView(quote.buffer, quote.byteOffset, quote.byteLength);
  const body = quote.slice(view.getUint16(0, true) === 5 ? 54 : 48, layout.authLength);
  const qeReport = quote.slice(layout.qeReport, layout.qeReport + 384);
  const attestationKey = quote.slice(layout.authLength + 4 + 64, layout.authLength + 4 + 128);
  const authData = quote.slice(layout.qeAuthLength + 2, layout.pckCertification);
  if (view.getUint16(2, true) !== 2) return 'another kind of key';
  if (view.getUint32(4, true) !== teeTypes[tee]) return 'of another TEE';
  if (hex(quote.subarray(12, 28)) !== intel) return 'of another vendor';
  if (hex(qeReport.subarray(320)) !== hex(sha256(attestationKey, authData)) + '00'.repeat(32)) {
    return 'another attestation key';
  }
  return (
    objectionToReserved(qeReport) ??
    (tee === 'sgx' ? objectionToSgxReport(body) : objectionToTdReport(body, tcbInfo)) ??
    objectionToQe(qeReport, qeIdentity) ??
    objectionToDocument(tcbInfo, at) ??
    objectionToDocument(qeIdentity, at) ??
    objectionToPlatform(chain[0]!, tcbInfo) ??
    objectionToCertificates(chain, collateral, at)
  );
}

interface Document {
  readonly issueDate: string;
  readonly nextUpdate: string;
  readonly tcbLevels: readonly { readonly tcbStatus: string }[];
}

interface TcbInfo extends Document {
  readonly fmspc: string;
  readonly pceId: string;
  readonly tdxModule?: { readonly mrsigner: string };
  readonly tdxModuleIdentities?: readonly { readonly id: string; readonly mrsigner: string }[];
}

interface QeIdentity extends Document {
  readonly mrsigner: string;
  readonly isvprodid: number;
  readonly miscselect: string;
  readonly miscselectMask: string;
  readonly attributes: string;
  readonly attributesMask: string;
}

function objectionToReserved(report: Bytes): string | null {
  const isZero = reserved.every(([start, end]) =>
    report.subarray(start, end).every((byte) => byte === 0),
  );
  return isZero ? null : 'reserved bytes of a report are not zero';
}

function objectionToSgxReport(report: Bytes): string | null {
  const flags = report[48]!;
  if ((flags & 0x05) !== 0x05) return 'not initialised, or not in 64-bit mode';
  if ((flags & 0x12) !== 0) return 'debugging or the provisioning key';
  return objectionToReserved(report);
}

function objectionToTdReport(report: Bytes, tcbInfo: TcbInfo): string | null {
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
  if (view.getBigUint64(112, true) !== 0n) return 'attributes of the TDX module';
  if ((view.getBigUint64(120, true) & ~tdAttributes) !== 0n) return 'attributes of the TD';
  // The identity of the module's version counts where it has one: only version 0 has none.
  const version = report[1]!;
  const id = `TDX_${hex(report.subarray(1, 2))}`;
  const listed =
    version === 0
      ? tcbInfo.tdxModule
      : tcbInfo.tdxModuleIdentities?.find(
          (identity) => identity.id.toLowerCase() === id.toLowerCase(),
        );
  const isListed = hex(report.subarray(64, 112)) === listed?.mrsigner.toLowerCase();
  return isListed ? null : 'signer of the TDX module';
}

function objectionToQe(report: Bytes, identity: QeIdentity): string | null {
  const isIntels =
    hex(report.subarray(128, 160)) === identity.mrsigner.toLowerCase() &&
    hex(report.subarray(256, 258)) === hex(Uint16Array.of(identity.isvprodid)) &&
    masked(report.slice(16, 20), identity.miscselectMask) === identity.miscselect.toLowerCase() &&
    masked(report.slice(48, 64), identity.attributesMask) === identity.attributes.toLowerCase();
  return isIntels ? null : 'the quoting enclave is not that of the identity';
}

function masked(bytes: Bytes, mask: string): string {
  return hex(bytes.map((byte, index) => byte & Buffer.from(mask, 'hex')[index]!));
}

function objectionToDocument(document: Document, at: Date): string | null {
  const isCurrent =
    Date.parse(document.issueDate) <= at.getTime() &&
    at.getTime() <= Date.parse(document.nextUpdate);
  if (!isCurrent) return 'a document is not current';
  return document.tcbLevels.every(({ tcbStatus }) => tcbStatus === 'Revoked')
    ? 'all revoked'
    : null;
}

function objectionToPlatform(pck: Bytes, tcbInfo: TcbInfo): string | null {
  const extension = extensionOf(pck, sgxExtensions);
  const members = extension?.children[0]?.children ?? [];
  const ids = members.map(({ children }) => hex(children[0]?.content ?? new Uint8Array()));
  if (members.length === 0 || new Set(ids).size !== ids.length) return 'members of SGX extensions';
  const value = (arc: number): DerTree | undefined =>
    members[ids.indexOf(`${sgxExtensions}${arc.toString(16).padStart(2, '0')}`)]?.children[1];
  const isFor =
    hex(value(4)?.content ?? new Uint8Array()) === tcbInfo.fmspc.toLowerCase() &&
    hex(value(3)?.content ?? new Uint8Array()) === tcbInfo.pceId.toLowerCase();
  return isFor ? null : 'TCB info for another platform';
}

function key(der: Bytes): KeyObject {
  return new X509Certificate(der).publicKey;
}

function objectionToCertificates(
  chain: readonly Bytes[],
  collateral: Readonly<Record<string, string>>,
  at: Date,
): string | null {
  const [pck, intermediate, root] = chain as [Bytes, Bytes, Bytes];
  const signers = ['tcb_info_issuer_chain', 'qe_identity_issuer_chain'].map(
    (name) => derOf(collateral[name]!)[0]!,
  );
  const crl = (name: string): Bytes => new Uint8Array(Buffer.from(collateral[name]!, 'hex'));
  return (
    objectionToCertificate(pck, key(intermediate), { isCa: false, at }) ??
    objectionToCertificate(intermediate, key(root), { isCa: true, at }) ??
    objectionToCertificate(root, key(root), { isCa: true, at }) ??
    signers
      .map((signer) => objectionToCertificate(signer, key(root), { isCa: false, at }))
      .find((each) => each !== null) ??
    objectionToCrl(crl('root_ca_crl'), key(root), {
      issuerName: subjectName(root),
      serials: [intermediate, ...signers].map(serialNumber),
      at,
    }) ??
    objectionToCrl(crl('pck_crl'), key(intermediate), {
      issuerName: subjectName(intermediate),
      serials: [serialNumber(pck)],
      at,
    }) ??
    (parseDer(pck) ? null : 'no certificate')
  );
}
