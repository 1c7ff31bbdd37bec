import { AttestationError, type Check } from '../../src/errors.ts';
import type { Format } from '../../src/evidence.ts';
import { type Manifest, parseManifest } from '../../src/manifest.ts';
import { acceptMissingCrl, allowDebug, anyMeasurement, anyReportData } from '../../src/policy.ts';
import { verifyAttestation } from '../../src/verify.ts';
import type { Seed } from './seed.ts';
import type { Submission } from './submission.ts';

const everyStatus: Manifest = parseManifest(`version = 1
[intel]
tcb_statuses = ["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded"]
`);

/**
 * Judges by a policy that accepts as much as can be: what is refused all the same is not genuine.
 *
 * @param debug - Whether workloads that can be debugged are accepted.
 * @returns The check that refused, `null` for an acceptance. Anything else that is thrown stays thrown.
 */
export async function judge(
  format: Format,
  { anchors, at, lacksCrl = false }: Pick<Seed, 'anchors' | 'at' | 'lacksCrl'>,
  submission: Submission,
  debug: 'allowed' | 'refused',
): Promise<Check | null> {
  try {
    await verifyAttestation(
      { format, ...submission },
      { [anyReportData]: true },
      {
        anchors,
        manifest: everyStatus,
        [anyMeasurement]: true,
        [acceptMissingCrl]: lacksCrl,
        ...(debug === 'allowed' && { [allowDebug]: true }),
      },
      at,
    );
    return null;
  } catch (error) {
    if (error instanceof AttestationError) return error.check;
    throw error;
  }
}
