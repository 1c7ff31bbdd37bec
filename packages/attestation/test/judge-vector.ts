import type * as attestation from '@blindai/attestation';
import type { simulationAnchors } from '@blindai/attestation/simulation';
import type { Vector, VectorPolicy, VectorReportData } from '../../../tools/vectors/vector.ts';

/** A build of the package: its sources, or what a browser loaded. */
export type Verifier = typeof attestation & {
  readonly simulationAnchors: typeof simulationAnchors;
};

/** A case without its verdict. Those that are not simulated name `vendor` for roots. */
export type Judgeable = Omit<Vector, 'expected'>;

/**
 * Judges one test vector as its file says, and returns the report. Runs wherever the verifier does: without
 * anything of Node.
 *
 * @param endorsements - `object`: as parsed from the file; `text`: as JSON text.
 */
export async function judgeVector(
  vector: Judgeable,
  verifier: Verifier,
  endorsements: 'object' | 'text' = 'object',
): Promise<attestation.Report> {
  const verify = prepareVector(vector, verifier, endorsements);
  try {
    return (await verify()).report;
  } catch (error) {
    if (error instanceof verifier.AttestationError) return error.report;
    throw error;
  }
}

/** Reads a test vector; what is returned verifies it, as often as it is called, and does nothing else. */
export function prepareVector(
  vector: Judgeable,
  verifier: Verifier,
  endorsements: 'object' | 'text' = 'object',
): () => Promise<attestation.UnmatchedClaims> {
  const given = vector.endorsements ?? undefined;
  const input: attestation.AttestationInput = {
    format: vector.format as attestation.Format | null,
    evidence: decodeEvidence(vector),
    endorsements:
      endorsements === 'text' && typeof given === 'object' ? JSON.stringify(given) : given,
  };
  const expected = expectedReportData(vector.policy, verifier);
  const { manifest } = vector.policy;
  const policy = {
    anchors: vector.roots === 'vendor' ? verifier.vendorAnchors : verifier.simulationAnchors,
    manifest: manifest === null ? undefined : verifier.parseManifest(manifest),
    ...weakened(vector.policy, verifier, ['allowDebug', 'anyMeasurement', 'acceptMissingCrl']),
  };
  const at = new Date(vector.at);
  return async () => verifier.verifyAttestation(input, expected, policy, at);
}

function expectedReportData(
  policy: VectorPolicy,
  verifier: Verifier,
): attestation.ExpectedReportData {
  return {
    ...(policy.reportData && decodeReportData(policy.reportData)),
    ...weakened(policy, verifier, ['acceptBootEvidence', 'anyReportData']),
  } as attestation.ExpectedReportData;
}

function decodeReportData(reportData: VectorReportData): Record<string, Uint8Array> {
  if ('exact' in reportData) return { reportData: decodeBase64(reportData.exact) };
  return Object.fromEntries(
    Object.entries(reportData).map(([name, value]) => [name, decodeBase64(value)]),
  );
}

/** The symbols of one argument of the verifier, as far as the vector names them. */
function weakened(
  { weakenings }: VectorPolicy,
  verifier: Verifier,
  names: readonly VectorPolicy['weakenings'][number][],
): Record<symbol, true> {
  return Object.fromEntries(
    names.filter((name) => weakenings.includes(name)).map((name) => [verifier[name], true]),
  );
}

/** The bytes that the hardware signed, or that hold what it signed. */
function decodeEvidence({ evidence, evidenceText }: Judgeable): Uint8Array {
  if (evidenceText !== undefined) return new TextEncoder().encode(evidenceText);
  return decodeBase64(evidence ?? '');
}

/** @throws if it is no base64. */
function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
