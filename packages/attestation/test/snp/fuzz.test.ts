import { createSnpPlatform } from '@blindai/simulator';
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { sharedAvailable, sharedFolder } from '../../../../test/support/optional.ts';
import {
  acceptMissingCrl,
  allowDebug,
  anyMeasurement,
  anyReportData,
  AttestationError,
  type Check,
  type TrustAnchors,
  vendorAnchors,
  verifyAttestation,
} from '../../src/index.ts';
import { type Bytes, equalBytes } from '../../src/encoding/byte-reader.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { simulationAnchors } from '../../src/simulation.ts';
import { parseEkExtensions } from '../../src/snp/ek-extensions.ts';
import { parseSnpEndorsements } from '../../src/snp/endorsements.ts';
import { parseSnpReport } from '../../src/snp/report.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { parseCrl } from '../../src/x509/crl.ts';
import { mutateBytes, mutatePem, mutateText } from '../fuzz/mutate.ts';
import { Random } from '../fuzz/random.ts';
import { pemOf } from '../pem-der.ts';
import { at, measurement, reportData } from './guest.ts';

/*
 * BLINDAI_FUZZ_CASES=100000 npx vitest run packages/attestation/test/snp/fuzz.test.ts
 *
 * BLINDAI_FUZZ_SEED makes another run; a failure names seed and case, which bring it back.
 */
const cases = Number(process.env['BLINDAI_FUZZ_CASES'] ?? 3_000);
const runSeed = Number(process.env['BLINDAI_FUZZ_SEED'] ?? 1);
const timeoutMs = 120_000 + cases * 50;

/** Genuine evidence to start from. */
interface Seed {
  readonly name: string;
  readonly report: Bytes;
  readonly ek: Bytes;
  readonly crl: Bytes | null;
  readonly anchors: TrustAnchors;
  readonly at: Date;
}

let seeds: readonly Seed[];
beforeAll(async () => {
  seeds = [...(await simulated()), ...real()];
});

async function simulated(): Promise<Seed[]> {
  const machines = [
    { product: 'Milan', key: 'vcek', version: 2 },
    { product: 'Milan', key: 'vlek', version: 3 },
    { product: 'Genoa', key: 'vcek', version: 3 },
    { product: 'Turin', key: 'vcek', version: 5 },
  ] as const;
  return Promise.all(
    machines.map(async ({ product, key, version }) => {
      const platform = await createSnpPlatform({ at, product, key });
      return {
        name: `${product} ${key}`,
        report: await platform.report({ version, measurement, reportData }),
        ek: platform.ek,
        crl: platform.crl,
        anchors: simulationAnchors,
        at,
      };
    }),
  );
}

function real(): Seed[] {
  if (!sharedAvailable('vectors/snp')) return [];
  const folder = `${sharedFolder}/vectors/snp`;
  return readdirSync(folder)
    .filter((name) => name.startsWith('v') && !/TAMPERED|TRUNCATED|WRONGCERT|vlek/.test(name))
    .map((name) => {
      const read = (file: string): Bytes =>
        new Uint8Array(readFileSync(`${folder}/${name}/${file}`));
      const ek = read('ek.der');
      const { validity } = parseCertificate('ek', ek, profile);
      return {
        name,
        report: read('report.bin'),
        ek,
        crl: null,
        anchors: vendorAnchors,
        at: new Date(validity.from.getTime() + 24 * 60 * 60 * 1000),
      };
    });
}

const profile = { kinds: ['P-384', 'RSA-4096'], required: [] } as const;

/** Evidence with a few random changes. */
interface FuzzCase {
  readonly seed: Seed;
  readonly report: Bytes;
  readonly endorsements: unknown;
  /** The changes, for a failure's message. */
  readonly trail: readonly string[];
}

/** Case `number` of a run; the same for the same arguments. */
function makeCase(number: number): FuzzCase {
  const random = new Random(Math.imul(runSeed, 0x01000193) ^ number);
  const seed = random.pick(seeds);
  const other = random.pick(seeds);
  const trail: string[] = [];
  let { report, ek, crl } = seed;
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const what = random.pick(['report', 'report', 'ek', 'crl'] as const);
    trail.push(what);
    if (what === 'report') report = mutateBytes(report, random, other.report);
    if (what === 'ek') ek = mutateBytes(ek, random, other.ek);
    if (what === 'crl') crl = mutateBytes(crl ?? other.crl ?? ek, random, other.crl ?? ek);
  }
  return { seed, report, endorsements: writeEndorsements(ek, crl, random, trail), trail };
}

function writeEndorsements(ek: Bytes, crl: Bytes | null, random: Random, trail: string[]): unknown {
  const given = crl === null ? { ek } : { ek, crl };
  if (random.below(4) !== 0) return given;
  const pem = {
    ek: pemOf('CERTIFICATE', ek),
    ...(crl && { crl: pemOf('X509 CRL', crl) }),
  };
  const changed = random.below(2) === 0 ? { ...pem, ek: mutatePem(pem.ek, random, '') } : pem;
  const text = JSON.stringify(changed);
  trail.push('text');
  return random.below(2) === 0 ? text : mutateText(text, random, text);
}

/** The check that refused, `null` for an acceptance. Accepts as much as a policy can. */
async function judge({
  seed,
  report,
  endorsements,
}: Pick<FuzzCase, 'seed' | 'report' | 'endorsements'>): Promise<Check | null> {
  try {
    await verifyAttestation(
      { format: 'sev-snp', evidence: report, endorsements },
      { [anyReportData]: true },
      {
        anchors: seed.anchors,
        [anyMeasurement]: true,
        [allowDebug]: true,
        [acceptMissingCrl]: true,
      },
      seed.at,
    );
    return null;
  } catch (error) {
    if (error instanceof AttestationError) return error.check;
    throw error;
  }
}

/** Whether it is what it was, perhaps in another of the forms that endorsements have. */
function isUnchanged({ seed, report, endorsements }: FuzzCase): boolean {
  const { ek, crl } = parseSnpEndorsements(endorsements);
  // A list may be left out here, but not be another one.
  const isSameCrl = crl === null || (seed.crl !== null && equalBytes(crl, seed.crl));
  return equalBytes(report, seed.report) && equalBytes(ek, seed.ek) && isSameCrl;
}

describe('random changes of genuine reports', () => {
  test('start from evidence that is accepted', async () => {
    for (const seed of seeds) {
      const { ek, crl } = seed;
      const endorsements = crl === null ? ek : { ek, crl };
      expect([seed.name, await judge({ seed, report: seed.report, endorsements })]).toEqual([
        seed.name,
        null,
      ]);
    }
  });

  test(
    `are refused, ${cases} of them, unless nothing is changed`,
    async () => {
      const verdicts = new Map<string, number>();
      for (let number = 0; number < cases; number++) {
        const fuzzCase = makeCase(number);
        const where = `seed ${runSeed}, case ${number} (${fuzzCase.seed.name}: ${fuzzCase.trail.join(', ')})`;
        const check = await judge(fuzzCase).catch((error: unknown) => {
          throw new Error(`${where} threw something else`, { cause: error });
        });
        if (check === null) expect(isUnchanged(fuzzCase), `${where} was accepted`).toBe(true);
        const verdict = check ?? 'unchanged';
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      }
      const total = [...verdicts.values()].reduce((sum, count) => sum + count, 0);
      expect(total).toBe(cases);
      if (process.env['BLINDAI_FUZZ_CASES'] !== undefined) printCounts(verdicts);
      if (cases < 1000) return;
      // Changes must get past the first checks, or the run says little.
      for (const check of [
        'layout',
        'endorsements',
        'certificate',
        'crl',
        'certificate-chain',
        'crl-signature',
        'report-signature',
      ]) {
        expect(verdicts.get(check), check).toBeGreaterThan(0);
      }
    },
    timeoutMs,
  );
});

function printCounts(verdicts: ReadonlyMap<string, number>): void {
  const lines = [...verdicts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`);
  process.stdout.write(`fuzz, seed ${runSeed}, ${cases} cases:\n  ${lines.join('\n  ')}\n`);
}

/** Each reader, with what it reads in genuine evidence: no signature stands before it here. */
function readersOf({
  report,
  ek,
  crl,
}: Seed): readonly (readonly [Bytes, (input: Bytes) => unknown])[] {
  return [
    [report, parseSnpReport],
    [ek, (der) => parseEkExtensions(parseCertificate('ek', der, profile))],
    ...(crl ? ([[crl, (der: Bytes) => parseCrl('crl', der)]] as const) : []),
    [ek, parseSnpEndorsements],
  ];
}

test(
  `readers read or refuse, given ${cases} random changes`,
  () => {
    const readers = seeds.flatMap((seed) => readersOf(seed));
    let refused = 0;
    for (let number = 0; number < cases; number++) {
      const random = new Random(Math.imul(runSeed, 0x01000193) ^ number);
      const [genuine, read] = random.pick(readers);
      let input = genuine;
      for (let changes = 1 + random.below(3); changes > 0; changes--) {
        input = mutateBytes(input, random, input);
      }
      try {
        read(input);
      } catch (error) {
        if (!(error instanceof FormatError)) {
          throw new Error(`seed ${runSeed}, case ${number} threw something else`, { cause: error });
        }
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(cases / 10);
  },
  timeoutMs,
);
