import { toHex } from './bytes.ts';
import type { SimulatedCertificate } from './certificate.ts';
import { issueCrl } from './crl.ts';
import type { CrlOverrides } from './crl.ts';
import type { CertificateName, Hierarchy } from './hierarchy.ts';
import type { IntelTee } from './intel-tee.ts';
import { crlPem, fromPem } from './pem.ts';
import { createQeIdentity } from './qe-identity.ts';
import type { QeIdentity } from './qe-identity.ts';
import type { MachineIdentity } from './sgx-extension.ts';
import { signDocument, splitDocument } from './signed-document.ts';
import type { DocumentOverrides } from './signed-document.ts';
import { createTcbInfo } from './tcb-info.ts';
import type { TcbInfo } from './tcb-info.ts';
import { around } from './validity.ts';
import type { Validity } from './validity.ts';

/** The map of BlindAI's `/collateral`: PEM texts, and signed JSON verbatim. */
export type SimulatedCollateral = {
  /** Of Intel's collateral structure. */
  readonly version: number;
  readonly pck_crl_issuer_chain: string;
  readonly root_ca_crl: string;
  readonly pck_crl: string;
  readonly tcb_info_issuer_chain: string;
  readonly tcb_info: string;
  readonly qe_identity_issuer_chain: string;
  readonly qe_identity: string;
  readonly pck_certificate: string;
  readonly pck_signing_chain: string;
};

/** What the fake vendor publishes about a machine, and how it departs from a good word. */
export interface CollateralOptions {
  /** Whether TCB info and QE identity are those for SGX or for TDX. Default `sgx`. */
  readonly tee?: IntelTee;
  /** From when until when the CRLs and documents count. Default: a day before until 30 days after. */
  readonly validity?: Validity;
  /** Certificates on the list of whoever issued them. Default none. */
  readonly revoked?: readonly Exclude<CertificateName, 'root'>[];
  /** `tcbEvaluationDataNumber` of both documents. Default 17. */
  readonly evaluationDataNumber?: number;
  readonly crls?: { readonly root?: CrlOverrides; readonly pck?: CrlOverrides };
  readonly documents?: {
    readonly tcbInfo?: DocumentOverrides<TcbInfo>;
    readonly qeIdentity?: DocumentOverrides<QeIdentity>;
  };
}

/** Issues CRLs, TCB info and QE identity for a machine, as of a moment. */
export async function issueCollateral(
  at: Date,
  hierarchy: Hierarchy,
  machine: MachineIdentity,
  options: CollateralOptions,
): Promise<SimulatedCollateral> {
  const { root, intermediate, pck, tcbSigning } = hierarchy;
  const {
    tee = 'sgx',
    revoked = [],
    evaluationDataNumber = 17,
    crls = {},
    documents = {},
  } = options;
  const validity = options.validity ?? around(at, 1, 30);
  const listed = (
    ...issued: readonly Exclude<CertificateName, 'root'>[]
  ): readonly SimulatedCertificate[] =>
    issued.filter((name) => revoked.includes(name)).map((name) => hierarchy[name]);

  const rootCrl = await issueCrl(root, validity, listed('intermediate', 'tcbSigning'), crls.root);
  const pckCrl = await issueCrl(intermediate, validity, listed('pck'), crls.pck);
  const tcbInfo = await signDocument(
    'tcbInfo',
    createTcbInfo(tee, machine, documents.tcbInfo?.validity ?? validity, evaluationDataNumber),
    tcbSigning.keys.privateKey,
    documents.tcbInfo,
  );
  const qeIdentity = await signDocument(
    'enclaveIdentity',
    createQeIdentity(tee, documents.qeIdentity?.validity ?? validity, evaluationDataNumber),
    tcbSigning.keys.privateKey,
    documents.qeIdentity,
  );
  return {
    version: 3,
    pck_crl_issuer_chain: intermediate.pem + root.pem,
    root_ca_crl: crlPem(rootCrl),
    pck_crl: crlPem(pckCrl),
    tcb_info_issuer_chain: tcbSigning.pem + root.pem,
    tcb_info: tcbInfo,
    qe_identity_issuer_chain: tcbSigning.pem + root.pem,
    qe_identity: qeIdentity,
    pck_certificate: pck.pem,
    pck_signing_chain: intermediate.pem + root.pem,
  };
}

/** The same collateral as a file for other verifiers: CRLs and signatures in hexadecimal. */
export function collateralJson(collateral: SimulatedCollateral): string {
  const tcbInfo = splitDocument(collateral.tcb_info);
  const qeIdentity = splitDocument(collateral.qe_identity);
  const members = {
    pck_crl_issuer_chain: collateral.pck_crl_issuer_chain,
    root_ca_crl: toHex(fromPem(collateral.root_ca_crl)),
    pck_crl: toHex(fromPem(collateral.pck_crl)),
    tcb_info_issuer_chain: collateral.tcb_info_issuer_chain,
    tcb_info: tcbInfo.document,
    tcb_info_signature: tcbInfo.signature,
    qe_identity_issuer_chain: collateral.qe_identity_issuer_chain,
    qe_identity: qeIdentity.document,
    qe_identity_signature: qeIdentity.signature,
  };
  return `${JSON.stringify(members, null, 1)}\n`;
}
