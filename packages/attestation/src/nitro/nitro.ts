import { enforceDebug, planDebug } from '../enforce/debug.ts';
import { enforceEntries, planEntries } from '../enforce/entries.ts';
import { pcrClaims } from '../enforce/pcrs.ts';
import type { EvidenceFormat, Judged, Submission } from '../evidence-format.ts';
import type { Verdict } from '../verdict.ts';
import { earliest } from '../x509/period.ts';
import type { NitroDocument } from './document.ts';
import type { NitroClaims } from './nitro-claims.ts';
import { nitroEntryRules, parentInstanceOf } from './nitro-entry.ts';
import { nitroEvidenceChecks, verifyNitro } from './verify-nitro.ts';

const debugCheck = planDebug(
  'AWS, in the document; judged by the policy',
  'AWS Nitro Enclaves, "Cryptographic attestation": PCRs of zeros in debug mode',
);

/** AWS Nitro enclaves. */
export const awsNitro: EvidenceFormat = {
  tee: 'nitro',
  subject: 'Nitro enclave',
  plan: (policy) => [...nitroEvidenceChecks, debugCheck, ...planEntries(nitroEntryRules, policy)],
  judge,
};

async function judge(
  { evidence, endorsements, policy, at }: Submission,
  verdict: Verdict,
): Promise<Judged> {
  const nitro = await verifyNitro(evidence, endorsements, policy.anchors, at, verdict);
  const { document, pcrs, isDebug } = nitro;
  enforceDebug(isDebug, 'enclave', policy, verdict);
  const entry = enforceEntries(nitroEntryRules, nitro, policy, at, verdict);
  const { userData, nonce } = document;
  return {
    claims: {
      measurement: pcrs.get(0)!,
      registers: pcrClaims(pcrs),
      reportData: userData ?? new Uint8Array(),
      debug: isDebug,
      tcb: { status: null, advisories: [], evaluationDataNumber: null, date: null, parts: {} },
      hardwareId: parentInstanceOf(nitro),
      details: toDetails(document),
    },
    bound: { kind: 'document', userData, nonce },
    entry: entry?.name ?? null,
    validUntil: earliest([nitro.validUntil, ...(entry?.until ? [entry.until] : [])]),
  };
}

function toDetails({
  moduleId,
  timestamp,
  publicKey,
  userData,
  nonce,
}: NitroDocument): NitroClaims {
  return { moduleId, timestamp, publicKey, userData, nonce };
}
