import type { Report } from './report.ts';

/** Base of everything that BlindAI throws at its users. `code` is stable and comes from a closed set. */
export class BlindAIError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * Every check that can refuse evidence, in the order of the report, and what a refusal says:
 *
 * - `malformed`: the bytes are not what they claim to be;
 * - `untrusted`: the vendor does not vouch for them, or not at this time;
 * - `policy`: genuine evidence, of something that this policy does not accept.
 */
export const checks = {
  layout: 'malformed', // the evidence: fields in order, reserved bytes zero, nothing left over
  endorsements: 'malformed', // what the vendor signed: every member once, none unknown
  certificate: 'malformed', // DER, version, algorithms, extensions
  crl: 'malformed',
  'trust-anchor': 'untrusted', // each chain ends in the pinned key of the vendor
  'certificate-chain': 'untrusted', // names, signatures, CA constraints
  'certificate-validity': 'untrusted',
  'crl-signature': 'untrusted', // issued and signed by the CA that it is for
  'crl-validity': 'untrusted',
  'certificate-revoked': 'untrusted',
  'tcb-info-signature': 'untrusted',
  'tcb-info': 'malformed',
  'tcb-info-validity': 'untrusted',
  'qe-identity-signature': 'untrusted',
  'qe-identity-document': 'malformed',
  'qe-identity-validity': 'untrusted',
  'platform-match': 'untrusted', // what the vendor signed is for this platform and its firmware
  'qe-vendor': 'untrusted',
  'qe-report-signature': 'untrusted', // the PCK vouches for the quoting enclave
  'qe-report-binding': 'untrusted', // the quoting enclave vouches for the attestation key
  'qe-identity': 'untrusted', // the quoting enclave is Intel's
  'quote-signature': 'untrusted', // the attestation key vouches for the report (Intel)
  'tdx-module': 'untrusted', // the TDX module is one that Intel lists
  'report-signature': 'untrusted', // the chip's key vouches for the report (AMD)
  'document-signature': 'untrusted', // the module's key vouches for the document (AWS)
  'runtime-data': 'malformed', // Azure: the JSON that names the attestation key of the vTPM
  'runtime-binding': 'untrusted', // the hardware's report vouches for that JSON
  'tpm-quote': 'malformed', // TPMS_ATTEST: magic, type, PCR selection
  'tpm-quote-signature': 'untrusted', // the vTPM's attestation key vouches for the quote
  'pcr-digest': 'untrusted', // the listed PCRs are those of the quote
  debug: 'policy', // the host could read the workload's memory
  migration: 'policy', // another machine could be given the workload's memory
  'td-attributes': 'policy', // reserved bits of a TD's attributes
  mode: 'policy', // MODE64BIT
  'provisioning-key': 'policy',
  'tcb-status': 'policy',
  'tcb-evaluation-number': 'policy',
  'collateral-age': 'policy',
  measurement: 'policy',
  registers: 'policy', // measurements of what was started: RTMRs, PCRs
  vmpl: 'policy', // the privilege level inside a confidential machine
  'guest-policy': 'policy', // SMT, ABI version
  'minimum-tcb': 'policy', // versions of AMD firmware
  attributes: 'policy',
  'misc-select': 'policy',
  'host-data': 'policy',
  entry: 'policy', // the rest of the manifest's tuple: signer, product, version, config id, end
  platform: 'policy',
  'report-data': 'policy', // evidence vouches for other keys or another nonce
  keyset: 'policy',
  config: 'policy',
  transport: 'policy',
} as const;

/** The name of a check; the step that refused is `AttestationError.check`. */
export type Check = keyof typeof checks;

/**
 * Evidence was refused. `check` names the one step that refused; `message` says what was demanded, what
 * was found and, where there is something to do, what to do; `report` has every row.
 */
export class AttestationError extends BlindAIError {
  declare readonly code: 'attestation-refused';
  readonly check: Check;
  readonly report: Report;

  /** @throws {TypeError} if the report's verdict is not `refuse`. */
  constructor(report: Report) {
    if (report.verdict !== 'refuse' || report.check === null) {
      throw new TypeError('an AttestationError needs the report of a refusal');
    }
    super('attestation-refused', `${report.check}: ${report.message}`);
    this.check = report.check;
    this.report = report;
  }
}
