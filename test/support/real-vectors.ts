import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { detectFormat, type Format } from '@blindai/attestation';
import type { Judgeable } from '../../packages/attestation/test/judge-vector.ts';
import type { VectorPolicy } from '../../tools/vectors/vector.ts';

/** Accepts every status that Intel gives, so that what comes after it is judged too. */
const everyStatus = `version = 1
[intel]
tcb_statuses = ["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded"]
`;

/** What real evidence is judged by: as strictly as can be without knowing what it is of, and as loosely. */
export const realPolicies: Readonly<Record<'strict' | 'loose', VectorPolicy>> = {
  strict: {
    manifest: null,
    reportData: null,
    weakenings: ['anyMeasurement', 'anyReportData', 'acceptMissingCrl'],
  },
  loose: {
    manifest: everyStatus,
    reportData: null,
    weakenings: ['anyMeasurement', 'anyReportData', 'acceptMissingCrl', 'allowDebug'],
  },
};

/** Where the pieces of real evidence of each kind are. */
const kinds: readonly {
  readonly under: string;
  readonly evidence: string;
  readonly endorsements: (path: string) => unknown;
}[] = [
  { under: 'dcap', evidence: 'quote.bin', endorsements: collateral },
  { under: 'dcap-mutated', evidence: 'quote.bin', endorsements: collateral },
  {
    under: 'snp',
    evidence: 'report.bin',
    endorsements: (path) => ({ ek: pem('CERTIFICATE', readFileSync(join(path, 'ek.der'))) }),
  },
  { under: 'nitro', evidence: 'doc.cbor', endorsements: () => null },
];

function collateral(path: string): unknown {
  return JSON.parse(readFileSync(join(path, 'collateral.json'), 'utf8'));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

/**
 * All real evidence, none where it is absent.
 *
 * @param shared - The folder beside a checkout.
 */
export function readRealVectors(shared: string, policy: VectorPolicy): readonly Judgeable[] {
  const folder = join(shared, 'vectors');
  if (!existsSync(folder)) return [];
  return [...readFolders(folder, policy), ...readAzure(folder, policy)];
}

function readFolders(folder: string, policy: VectorPolicy): readonly Judgeable[] {
  return kinds.flatMap(({ under, evidence, endorsements }) =>
    readdirSync(join(folder, under)).map((name) => {
      const path = join(folder, under, name);
      const bytes = readFileSync(join(path, evidence));
      return real(`${under}/${name}`, bytes, {
        format: detectFormat(bytes),
        at: momentOf(path),
        endorsements: endorsements(path),
        policy,
      });
    }),
  );
}

/** Inside the validity of what is judged: the moment that the case names, or the middle of a span that it names. */
function momentOf(path: string): string {
  const { verifyAt, observed } = JSON.parse(readFileSync(join(path, 'expected.json'), 'utf8')) as {
    verifyAt?: string;
    observed?: { ekValid?: readonly [string, string] };
  };
  if (verifyAt !== undefined) return verifyAt;
  const [from, to] = observed!.ekValid!.map((date) => Date.parse(date));
  return new Date((from! + to!) / 2).toISOString();
}

function readAzure(folder: string, policy: VectorPolicy): readonly Judgeable[] {
  const path = join(folder, 'azure-vtpm');
  return readdirSync(path)
    .filter((file) => file.endsWith('.expected.json'))
    .map((file) => {
      const expected = JSON.parse(readFileSync(join(path, file), 'utf8')) as {
        format: Format;
        verifyAt: string;
        collateral?: string;
      };
      const endorsements =
        expected.collateral === undefined
          ? null
          : (JSON.parse(readFileSync(join(path, expected.collateral), 'utf8')) as unknown);
      const evidence = readFileSync(join(path, file.replace('.expected.json', '.json')));
      return real(`azure-vtpm/${file.replace('.expected.json', '')}`, evidence, {
        format: expected.format,
        at: expected.verifyAt,
        endorsements,
        policy,
      });
    });
}

function real(
  name: string,
  evidence: Buffer,
  rest: Pick<Judgeable, 'format' | 'at' | 'endorsements' | 'policy'>,
): Judgeable {
  return {
    name,
    about: 'Real evidence.',
    roots: 'vendor',
    evidence: evidence.toString('base64'),
    ...rest,
  };
}
