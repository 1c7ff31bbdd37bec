import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as attestation from '@blindai/attestation';
import { simulationAnchors } from '@blindai/attestation/simulation';
import {
  type Judgeable,
  judgeVector,
  type Verifier,
} from '../../packages/attestation/test/judge-vector.ts';
import { readRealVectors, realPolicies } from '../../test/support/real-vectors.ts';

/** Of the checkout; this runs from `bench/dist/bench/verify`. */
const root = new URL('../../../../', import.meta.url);
const vectors = new URL('packages/attestation/test/vectors/', root);
const shared = fileURLToPath(new URL('../shared', root));

const verifier: Verifier = { ...attestation, simulationAnchors };

/** Real evidence that is measured: the first of each kind that is accepted. */
const realKinds = [
  'dcap/sgx-v3',
  'dcap/tdx-v4',
  'dcap/tdx-v5',
  'snp/v2-milan',
  'snp/v3-genoa',
  'snp/v5-turin',
  'nitro/prod',
  'azure-vtpm/snp',
  'azure-vtpm/tdx',
];

/** What is verified: the plainest simulated evidence of each format, and real evidence where it is. */
export async function findSubjects(): Promise<readonly Judgeable[]> {
  const simulated = attestation.formats
    .map((format) => new URL(`${format}/accept.up-to-date.json`, vectors))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Judgeable);
  const real = readRealVectors(shared, realPolicies.loose);
  const subjects: Judgeable[] = [...simulated];
  for (const kind of realKinds) {
    for (const vector of real.filter(({ name }) => name.startsWith(kind))) {
      if ((await judgeVector(vector, verifier)).verdict !== 'accept') continue;
      subjects.push(vector);
      break;
    }
  }
  return subjects;
}
