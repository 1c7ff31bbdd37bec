import { type Bytes, equalBytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import { sha256 } from '../encoding/sha256.ts';
import { verifyTpmSignature } from '../tpm/attestation-key.ts';
import { parseTpmQuote, type TpmQuote } from '../tpm/quote.ts';
import { type Facts, plan, type PlannedCheck, type Verdict } from '../verdict.ts';
import type { QuotedPcrs } from './evidence.ts';
import { parseRuntimeClaims, type RuntimeClaims } from './runtime-claims.ts';

const design = '"Azure confidential VM guest attestation design detail"';
const structures = 'TCG TPM 2.0 Library, Part 2';
const attestationKey = "the vTPM's attestation key";

/** The check of all that evidence consists of. */
export function planLayout(hardwareEvidence: string): PlannedCheck {
  return plan(
    'layout',
    `JSON of an HCL report, ${hardwareEvidence} and a quoted vTPM, each complete`,
    'nobody yet',
    `${design}, "Attestation Report Format"; docs/verify-a-server.md`,
  );
}

/** The checks that {@link verifyVtpm} makes, in order. */
export const vtpmChecks: readonly PlannedCheck[] = [
  plan(
    'runtime-data',
    'JSON with exactly one attestation key, RSA-2048',
    'nobody yet',
    `${design}, "Runtime Claims"`,
  ),
  plan(
    'runtime-binding',
    "their SHA-256 in the hardware's report data, and zeros after it",
    "the hardware's report",
    `${design}, "Runtime Data"`,
  ),
  plan(
    'tpm-quote',
    'TPMS_ATTEST that a TPM made, a quote of PCRs of SHA-256',
    'nobody yet',
    `${structures}, "TPMS_ATTEST"`,
  ),
  plan(
    'tpm-quote-signature',
    'signed by the attestation key',
    'the runtime claims',
    `${structures}, "TPMS_SIGNATURE_RSASSA"; RFC 8017 §8.2`,
  ),
  plan(
    'pcr-digest',
    'the listed PCRs are those of the quote',
    attestationKey,
    `${structures}, "TPMS_QUOTE_INFO"`,
  ),
];

/** What a vTPM vouches for, and what the hardware vouches for of the vTPM. */
export interface VtpmEvidence {
  readonly runtimeClaims: RuntimeClaims;
  /** What was demanded for the quote. */
  readonly extraData: Bytes;
  /** By number, 32 bytes each. */
  readonly pcrs: ReadonlyMap<number, Bytes>;
}

/**
 * Verifies the chain from the hardware's report to the PCRs: report data to runtime claims, the attestation key in
 * them, its signature of the quote, the digest in it.
 *
 * @param hardwareReportData - 64 bytes for which verified hardware vouches.
 * @param facts - What is known of the hardware. Its report data is not the evidence's own.
 * @see trust.md, "Report data"
 */
export async function verifyVtpm(
  { message, signature, pcrs }: QuotedPcrs,
  claimsText: Bytes,
  hardwareReportData: Bytes,
  facts: Omit<Facts, 'reportData'>,
  verdict: Verdict,
): Promise<VtpmEvidence> {
  verdict.know({ ...facts, reportData: null });
  const runtimeClaims = verdict.reading('runtime-data', () => parseRuntimeClaims(claimsText));
  verdict.passed('runtime-data', `${claimsText.length} bytes, with an attestation key of RSA-2048`);
  const expected = new Uint8Array(hardwareReportData.length);
  expected.set(await sha256(claimsText));
  if (!equalBytes(hardwareReportData, expected)) {
    verdict.refuse('runtime-binding', 'the hardware vouches for other runtime claims');
  }
  verdict.passed('runtime-binding', 'the hardware vouches for these runtime claims');
  const quote = verdict.reading('tpm-quote', () => parseTpmQuote(message));
  const count = quote.selected.length;
  verdict.passed('tpm-quote', `a quote of ${count} PCRs, SHA-256`);
  if (!(await verifyTpmSignature(runtimeClaims.attestationKey, signature, message))) {
    verdict.refuse('tpm-quote-signature', 'the quote is not signed by the attestation key');
  }
  verdict.passed('tpm-quote-signature', "the vTPM's attestation key vouches for this quote");
  await verifyPcrDigest(quote, pcrs, verdict);
  const { extraData, selected } = quote;
  verdict.know({ ...facts, reportData: encodeHex(extraData) });
  return {
    runtimeClaims,
    extraData,
    pcrs: new Map(selected.map((index, position) => [index, pcrs[position]!])),
  };
}

async function verifyPcrDigest(
  { selected, pcrDigest }: TpmQuote,
  pcrs: readonly Bytes[],
  verdict: Verdict,
): Promise<void> {
  if (pcrs.length !== selected.length) {
    verdict.refuse(
      'pcr-digest',
      `the quote is of ${selected.length} PCRs, ${pcrs.length} are listed`,
    );
  }
  const bytes = new Uint8Array(pcrs.flatMap((pcr) => [...pcr]));
  if (!equalBytes(await sha256(bytes), pcrDigest)) {
    verdict.refuse('pcr-digest', 'the quote is of PCRs with other values');
  }
  verdict.passed('pcr-digest', `the ${pcrs.length} PCRs listed are those of the quote`);
}
