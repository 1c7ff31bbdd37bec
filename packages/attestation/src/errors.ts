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
  layout: 'malformed', // the quote: fields in order, reserved bytes zero, nothing left over
  endorsements: 'malformed', // the collateral: every member once, none unknown
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
  'platform-match': 'untrusted', // TCB info is for this platform's FMSPC and PCEID
  'qe-vendor': 'untrusted',
  'qe-report-signature': 'untrusted', // the PCK vouches for the quoting enclave
  'qe-report-binding': 'untrusted', // the quoting enclave vouches for the attestation key
  'qe-identity': 'untrusted', // the quoting enclave is Intel's
  'quote-signature': 'untrusted', // the attestation key vouches for the report
  debug: 'policy', // the host could read the enclave's memory
  vmpl: 'policy', // the privilege level inside a confidential machine
  mode: 'policy', // MODE64BIT
  'provisioning-key': 'policy',
  'tcb-status': 'policy',
  'tcb-evaluation-number': 'policy',
  'collateral-age': 'policy',
  measurement: 'policy',
  attributes: 'policy',
  'misc-select': 'policy',
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
