import { beforeAll, describe, expect, it } from 'vitest';
import { AttestationError } from '../src/errors.ts';
import { allowDebug, anyMeasurement, anyReportData } from '../src/policy.ts';
import { parseManifest } from '../src/manifest.ts';
import { verifyAttestation } from '../src/verify.ts';
import { parseCollateral } from '../src/dcap/collateral.ts';
import { parsePckExtensions } from '../src/dcap/pck-extensions.ts';
import { parseQeIdentity } from '../src/dcap/qe-identity.ts';
import { parseQuote } from '../src/dcap/quote.ts';
import { parseSgxTcbInfo } from '../src/dcap/tcb-info.ts';
import { sgx } from '../src/dcap/verify-sgx.ts';
import { type Bytes, equalBytes } from '../src/encoding/byte-reader.ts';
import { FormatError } from '../src/encoding/format-error.ts';
import { intelProfile } from '../src/dcap/certificates.ts';
import { parseCertificate } from '../src/x509/certificate.ts';
import { parseCrl } from '../src/x509/crl.ts';
import { findSeeds, type FuzzCase, makeCase, type Seed } from './fuzz/cases.ts';
import { meaningOf } from './fuzz/meaning.ts';
import { mutateBytes, mutateText } from './fuzz/mutate.ts';
import { Random } from './fuzz/random.ts';

/*
 * BLINDAI_FUZZ_CASES=100000 npx vitest run packages/attestation/test/fuzz.test.ts
 *
 * BLINDAI_FUZZ_SEED makes another run; a failure names seed and case, which bring it back.
 */
const cases = Number(process.env['BLINDAI_FUZZ_CASES'] ?? 5_000);
const runSeed = Number(process.env['BLINDAI_FUZZ_SEED'] ?? 1);
const timeoutMs = 120_000 + cases * 50;

/** Accepts as much as a policy can: what is refused all the same is not genuine. */
const everything = parseManifest(`version = 1
[intel]
tcb_statuses = ["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded"]
`);

let seeds: readonly Seed[];
beforeAll(async () => {
  seeds = await findSeeds();
});

/** The check that refused, `null` for an acceptance. */
async function judge(
  fuzzCase: Pick<FuzzCase, 'seed' | 'quote' | 'endorsements'>,
): Promise<string | null> {
  const { seed, quote, endorsements } = fuzzCase;
  try {
    await verifyAttestation(
      { format: 'sgx-dcap', evidence: quote, endorsements },
      { [anyReportData]: true },
      { anchors: seed.anchors, manifest: everything, [anyMeasurement]: true, [allowDebug]: true },
      seed.at,
    );
    return null;
  } catch (error) {
    if (error instanceof AttestationError) return error.check;
    throw error;
  }
}

describe('random changes of genuine evidence', () => {
  it('start from evidence that is accepted', async () => {
    for (const seed of seeds) {
      expect(await judge({ seed, quote: seed.quote, endorsements: seed.members })).toBeNull();
    }
  });

  it(
    `are refused, ${cases} of them, unless they change nothing that is said`,
    async () => {
      const verdicts = new Map<string, number>();
      for (let number = 0; number < cases; number++) {
        const fuzzCase = makeCase(seeds, runSeed, number);
        const where = `seed ${runSeed}, case ${number} (${fuzzCase.seed.name}: ${fuzzCase.trail.join(', ')})`;
        const check = await judge(fuzzCase).catch((error: unknown) => {
          throw new Error(`${where} threw something else`, { cause: error });
        });
        if (check === null) expect(saysTheSame(fuzzCase), `${where} was accepted`).toBe(true);
        const verdict =
          check ?? (isChanged(fuzzCase) ? 'accepted: the same, written otherwise' : 'unchanged');
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      }
      const total = [...verdicts.values()].reduce((sum, count) => sum + count, 0);
      expect(total).toBe(cases);
      if (process.env['BLINDAI_FUZZ_CASES'] !== undefined) printCounts(verdicts);
      // Changes must get past the first checks, or the run says little.
      if (cases < 1000) return;
      for (const check of [
        'layout',
        'endorsements',
        'certificate',
        'crl',
        'certificate-chain',
      ] as const) {
        expect(verdicts.get(check)).toBeGreaterThan(0);
      }
    },
    timeoutMs,
  );
});

function saysTheSame({ seed, quote, members, endorsements }: FuzzCase): boolean {
  const given =
    typeof endorsements === 'string' ? (JSON.parse(endorsements) as FuzzCase['members']) : members;
  return meaningOf(quote, given) === meaningOf(seed.quote, seed.members);
}

/** Some changes put back what was there. */
function isChanged({ seed, quote, members, endorsements }: FuzzCase): boolean {
  return !(
    equalBytes(quote, seed.quote) &&
    JSON.stringify(members) === JSON.stringify(seed.members) &&
    (endorsements === members || endorsements === JSON.stringify(members))
  );
}

function printCounts(verdicts: ReadonlyMap<string, number>): void {
  const lines = [...verdicts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`);
  process.stdout.write(`fuzz, seed ${runSeed}, ${cases} cases:\n  ${lines.join('\n  ')}\n`);
}

/** Each reader, with what it reads in genuine evidence: no signature stands before it here. */
function readersOf(
  seed: Seed,
): readonly (readonly [string, Bytes | string, (input: never) => unknown])[] {
  const quote = parseQuote(seed.quote, sgx);
  const collateral = parseCollateral(seed.members);
  const pck = parseCertificate('PCK', quote.pckChain[0]!, intelProfile);
  const [sgxId, sgxExtensions] = [...pck.extensions].find(([id]) =>
    id.startsWith('1.2.840.113741'),
  )!;
  const withSgx = (value: Bytes): unknown =>
    parsePckExtensions({ ...pck, extensions: new Map([[sgxId, { critical: false, value }]]) });
  return [
    ['quote', seed.quote, (bytes: Bytes) => parseQuote(bytes, sgx)],
    ['certificate', quote.pckChain[0]!, (der: Bytes) => parseCertificate('c', der, intelProfile)],
    [
      'CA certificate',
      quote.pckChain[1]!,
      (der: Bytes) => parseCertificate('c', der, intelProfile),
    ],
    ['CRL', collateral.pckCrl, (der: Bytes) => parseCrl('c', der)],
    ['PCK extensions', sgxExtensions.value, withSgx],
    ['TCB info', collateral.tcbInfo.text, parseSgxTcbInfo],
    ['QE identity', collateral.qeIdentity.text, (text: string) => parseQeIdentity(text, 'QE')],
  ];
}

describe('readers behind a signature, given random changes', () => {
  it(
    `read or refuse, ${cases} of them`,
    () => {
      const readers = seeds.flatMap((seed) => readersOf(seed));
      let refused = 0;
      for (let number = 0; number < cases; number++) {
        const random = new Random(Math.imul(runSeed, 0x01000193) ^ number);
        const [name, genuine, read] = random.pick(readers);
        let input = genuine;
        for (let changes = 1 + random.below(3); changes > 0; changes--) {
          input =
            typeof input === 'string'
              ? mutateText(input, random, input)
              : mutateBytes(input, random, input);
        }
        try {
          read(input as never);
        } catch (error) {
          if (!(error instanceof FormatError)) {
            throw new Error(`seed ${runSeed}, case ${number} (${name}) threw something else`, {
              cause: error,
            });
          }
          refused++;
        }
      }
      expect(refused).toBeGreaterThan(cases / 2);
    },
    timeoutMs,
  );
});
