import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '@blindai/attestation';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordedRun } from '../packages/cli/test/recorded-run.ts';
import { sharedAvailable, sharedFolder } from './support/optional.ts';

const vectors = join(sharedFolder, 'vectors');

/** What a case must end with. */
interface Expected {
  readonly verdict: Report['verdict'];
  /** Where it is known. */
  readonly check?: string | undefined;
  readonly tcbStatus?: string | null;
  readonly debug?: boolean;
}

/** A piece of real evidence, as the command is given it. */
interface Case {
  readonly folder: string;
  readonly name: string;
  readonly args: readonly string[];
  readonly at: string;
  readonly expected: Expected;
}

/** As strict as can be without knowing what the evidence is of. */
const strict = ['--any-measurement'];
/** With the eyes of Intel's library, which judges neither status nor debug bit. */
const loose = (): readonly string[] => [...strict, '--allow-debug', '--manifest', everyStatus];
let everyStatus: string;

/** Whatever `expected.json` of a kind says. */
type Told = Readonly<Record<string, unknown>> & {
  readonly verifyAt: string;
  readonly expect: { readonly defaultPolicy: string; readonly check?: string };
};

/** A text follows this quote, which we refuse before we look at its status; Intel's library does not mind. */
const trailing = 'tdx-v4-tdx_prod_quote_SPR_E4-6dde5548-2025-10-21';

/** The verdict on evidence of a folder, by what its `expected.json` says. */
const expectations: Readonly<Record<string, (told: Told, name: string) => Expected>> = {
  dcap: ({ expect: { defaultPolicy, ...told } }, name) => {
    const { tcbStatus, debug } = told as { tcbStatus: string | null; debug: boolean };
    if (name === trailing) return { verdict: 'refuse', check: 'layout' };
    if (defaultPolicy === 'accept') return { verdict: 'accept', tcbStatus, debug };
    return { verdict: 'refuse', check: debug ? 'debug' : 'tcb-status', tcbStatus, debug };
  },
  // We refuse three more than Intel's library does (README of the vectors).
  'dcap-mutated': ({ accept }, name) => ({
    verdict: accept === true && !/^sgx-(?:19|20|45)-/.test(name) ? 'accept' : 'refuse',
  }),
  // What was asked from another privilege level than 0 takes a manifest that says so.
  snp: ({ expected, observed }) => {
    if (!String(expected).startsWith('accept')) return { verdict: 'refuse' };
    const { vmpl } = observed as { vmpl: number };
    return vmpl === 0 ? { verdict: 'accept' } : { verdict: 'refuse', check: 'vmpl' };
  },
  nitro: ({ expected }) => {
    if (expected === 'accept') return { verdict: 'accept', debug: false };
    return { verdict: 'refuse', check: String(expected).includes('debug') ? 'debug' : undefined };
  },
  'azure-vtpm': ({ expect: { defaultPolicy, check, ...told } }) => ({
    verdict: defaultPolicy === 'accept' ? 'accept' : 'refuse',
    check,
    ...('tcbStatus' in told && { tcbStatus: told['tcbStatus'] as string }),
  }),
};

/** Evidence, and what goes with it, by folder. */
const files: Readonly<Record<string, readonly string[]>> = {
  dcap: ['quote.bin', '--endorsements', 'collateral.json'],
  'dcap-mutated': ['quote.bin', '--endorsements', 'collateral.json'],
  snp: ['report.bin', '--endorsements', 'ek.der'],
  nitro: ['doc.cbor'],
};

function readCases(folder: string): readonly Case[] {
  const names = readdirSync(join(vectors, folder));
  if (folder !== 'azure-vtpm')
    return names.map((name) => {
      const path = join(vectors, folder, name);
      const args = files[folder]!.map((word) => (word.startsWith('--') ? word : join(path, word)));
      return toCase(folder, name, args, join(path, 'expected.json'));
    });
  return names
    .filter((name) => name.endsWith('.expected.json'))
    .map((name) => {
      const path = join(vectors, folder);
      const { collateral } = read(join(path, name)) as { collateral?: string };
      const evidence = join(path, name.replace('.expected', ''));
      const given = collateral === undefined ? [] : ['--endorsements', join(path, collateral)];
      return toCase(
        folder,
        name.replace('.expected.json', ''),
        [evidence, ...given],
        join(path, name),
      );
    });
}

function read(path: string): Told {
  return JSON.parse(readFileSync(path, 'utf8')) as Told;
}

function toCase(folder: string, name: string, args: readonly string[], expected: string): Case {
  const told = read(expected);
  const at = told.verifyAt ?? middleOf((told['observed'] as { ekValid: string[] }).ekValid);
  return { folder, name, args, at, expected: expectations[folder]!(told, name) };
}

/** Of a certificate's validity. */
function middleOf(span: readonly string[]): string {
  const [from, to] = span.map((date) => Date.parse(date));
  return new Date((from! + to!) / 2).toISOString();
}

async function judge({ folder, args, at }: Case): Promise<{ status: number; report: Report }> {
  const policy = folder === 'dcap-mutated' ? loose() : strict;
  const command = ['evidence', 'verify', ...args, '--at', at, '--json', ...policy];
  const { status, out } = await recordedRun(command);
  return { status, report: JSON.parse(out) as Report };
}

/** Of what is accepted: AMD's CRLs are not among the vectors, and nothing is compared with what it is of. */
function weakenedBy({ folder, name }: Case): readonly string[] {
  const isAmd = folder === 'snp' || name.startsWith('snp-');
  const isIntel = folder.startsWith('dcap') || name.startsWith('tdx-');
  const rows = [
    ...(isAmd ? ['crl', 'crl-signature', 'crl-validity', 'certificate-revoked'] : []),
    ...(folder === 'dcap-mutated' ? ['tcb-status'] : []),
    ...(isIntel ? ['tcb-evaluation-number'] : []),
  ];
  return [...rows, 'measurement', 'report-data'];
}

const weakenedOf = ({ checks }: Report): string[] =>
  checks.filter(({ result }) => result === 'weakened').map(({ name }) => name);

describe.skipIf(!sharedAvailable('vectors'))('real evidence, judged by the command', () => {
  let temporary: string;
  const lines: string[] = [];
  beforeAll(() => {
    temporary = mkdtempSync(join(tmpdir(), 'blindai-real-'));
    everyStatus = join(temporary, 'every-status.toml');
    const statuses = `["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded",
"ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded"]`;
    writeFileSync(everyStatus, `version = 1\n[intel]\ntcb_statuses = ${statuses}\n`);
  });
  afterAll(() => {
    rmSync(temporary, { recursive: true });
    if (process.env['BLINDAI_PRINT_TABLES'] === '1') process.stderr.write(`${lines.join('\n')}\n`);
  });

  describe.each(Object.keys(expectations))('%s', (folder) => {
    const cases = sharedAvailable('vectors') ? readCases(folder) : [];

    test('has cases, of which each says what to expect', () => {
      expect(cases.length).toBeGreaterThan(1);
    });

    test.each(cases.map((each) => [each.name, each] as const))('%s', async (name, each) => {
      const { status, report } = await judge(each);
      const { verdict, check, ...facts } = each.expected;
      const weakened = weakenedOf(report);
      const by = (report.check ?? '').padEnd(21);
      const cells = [folder.padEnd(12), name.padEnd(48), verdict, report.verdict, by];
      lines.push(`${cells.join('  ')}  ${weakened.length} weakened`);
      expect(report).toMatchObject({
        verdict,
        ...(check === undefined ? {} : { check }),
        ...facts,
        anchor: 'vendor',
      });
      expect(status).toBe(verdict === 'accept' ? 0 : 2);
      expect(report.check === null).toBe(verdict === 'accept');
      if (verdict === 'accept') expect(weakened).toEqual(weakenedBy(each));
    });
  });

  /** Judges a case with a manifest of its own, whatever the evidence is of. */
  async function accepts(each: Case, name: string, manifest: string, flags: readonly string[]) {
    const file = join(temporary, name);
    writeFileSync(file, `version = 1\n${manifest}`);
    const command = ['evidence', 'verify', ...each.args, '--at', each.at, '--json', ...flags];
    const { out } = await recordedRun([...command, '--manifest', file]);
    return JSON.parse(out) as Report;
  }

  test('a manifest accepts what the default does not: a status, a privilege level', async () => {
    const azure = readCases('azure-vtpm').find(({ name }) => name.startsWith('tdx'))!;
    const statuses = '[intel]\ntcb_statuses = ["OutOfDate"]\n';
    const outdated = await accepts(azure, 'statuses.toml', statuses, strict);
    expect(outdated).toMatchObject({ verdict: 'accept', tcbStatus: 'OutOfDate' });
    expect(weakenedOf(outdated)).toContain('tcb-status');

    const vlek = readCases('snp').find(({ name }) => name.includes('vlek'))!;
    const { measurement } = (await judge(vlek)).report;
    const entry = `[[sev_snp]]
measurement = "${measurement}"
guest_policy = { smt = true, abi_major = 0, abi_minor = 0 }
minimum_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 217 }
covers = ["firmware"]
`;
    expect((await accepts(vlek, 'vmpl-0.toml', entry, [])).check).toBe('vmpl');
    const accepted = await accepts(vlek, 'vmpl-1.toml', `${entry}vmpl = 1\n`, []);
    expect(accepted.verdict, accepted.message).toBe('accept');
    expect(weakenedOf(accepted)).toEqual(expect.arrayContaining(['vmpl', 'measurement']));
  });

  test('documents of Nitro hold to the second of their window', async () => {
    const genuine = readCases('nitro').filter(({ expected }) => expected.verdict === 'accept');
    expect(genuine.length).toBeGreaterThan(0);
    for (const each of genuine) {
      const told = read(join(vectors, 'nitro', each.name, 'expected.json'));
      const [from, to] = (told['window'] as string[]).map((time) => Date.parse(time));
      for (const [at, check] of [
        [from! - 1000, 'certificate-validity'],
        [to!, null],
        [to! + 1000, 'certificate-validity'],
      ] as const) {
        const { report } = await judge({ ...each, at: new Date(at).toISOString() });
        expect(report.check, `${each.name} at ${at}`).toBe(check);
      }
    }
  });
});
