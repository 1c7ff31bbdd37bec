import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { derOf } from '../../pem-der.ts';
import { collateralMeaning, quoteMeaning } from '../dcap/meaning.ts';
import { endorsementsMeaning } from '../snp/meaning.ts';
import type { Submission } from '../submission.ts';
import { hex } from '../x509-objection.ts';
import { claimsOf, hcl } from './parts.ts';

/** TDREPORT: only its own machine can verify it, and a quote stands in for it. */
const tdReportLength = 1024;

interface TpmQuote {
  readonly message: readonly number[];
  readonly pcrs: readonly (readonly number[])[];
  readonly signature: readonly number[];
}

/**
 * Evidence over SNP without white space, order and escapes of its JSON, the version of the HCL report, zeros after
 * it, and the form of the certificates.
 */
export function azureSnpMeaning({ evidence, endorsements }: Submission): string {
  const { quote, report, vcek } = JSON.parse(Buffer.from(evidence).toString()) as {
    quote: TpmQuote;
    report: readonly number[];
    vcek: string;
  };
  return JSON.stringify([
    tpmMeaning(quote),
    hclMeaning(Uint8Array.from(report), 0),
    endorsementsMeaning(endorsements, new Uint8Array(derOf(vcek)[0]!)),
  ]);
}

/** The same over TDX, without the TDREPORT in the HCL report too. */
export function azureTdxMeaning({ evidence, endorsements }: Submission): string {
  const members = JSON.parse(Buffer.from(evidence).toString()) as {
    tpm_quote: TpmQuote;
    hcl_report: readonly number[];
    td_quote: readonly number[];
  };
  return JSON.stringify([
    tpmMeaning(members.tpm_quote),
    hclMeaning(Uint8Array.from(members.hcl_report), tdReportLength),
    quoteMeaning(Uint8Array.from(members.td_quote)),
    collateralMeaning(endorsements),
  ]);
}

function tpmMeaning({ message, pcrs, signature }: TpmQuote): unknown {
  return [message, pcrs, signature];
}

/** @param unverified - How many bytes of the hardware's report nobody can verify. */
function hclMeaning(report: Bytes, unverified: number): unknown {
  const claims = claimsOf(report);
  return [
    hex(report.subarray(0, 4)),
    hex(report.subarray(8, hcl.hardwareReport)),
    hex(report.subarray(hcl.hardwareReport + unverified, hcl.claims)),
    hex(claims),
  ];
}
