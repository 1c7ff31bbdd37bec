import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '@blindai/attestation';
import { type AttestationReply, encodeAttestationReply } from '@blindai/protocol';
import { type EmittedTee, emittedTees } from '@blindai/simulator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordedRun } from '../packages/cli/test/recorded-run.ts';
import { section, tableRows } from './support/markdown.ts';

const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

/** What `evidence verify --json` prints. */
type Verdict = Report & {
  readonly claims?: {
    readonly tee: string;
    readonly registers: Readonly<Record<string, string>>;
    readonly tcb: { readonly parts: Readonly<Record<string, number>> };
    readonly hardwareId: string | null;
    readonly validUntil: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'blindai-evidence-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Emits into a folder of its own, and returns that. */
async function emit(tee: EmittedTee, ...flags: readonly string[]): Promise<string> {
  const target = mkdtempSync(join(folder, `${tee}-`));
  const finished = await recordedRun(['simulator', 'emit', target, '--tee', tee, ...flags]);
  expect(finished.status, finished.err).toBe(0);
  return target;
}

/** The file of evidence that `emit` wrote, and what goes with it. */
const evidenceArgs: Readonly<Record<EmittedTee, (at: string) => readonly string[]>> = {
  sgx: (at) => [join(at, 'quote.bin'), '--endorsements', join(at, 'collateral.json')],
  tdx: (at) => [join(at, 'quote.bin'), '--endorsements', join(at, 'collateral.json')],
  snp: (at) => [
    join(at, 'report.bin'),
    '--endorsements',
    join(at, 'ek.der'),
    '--crl',
    join(at, 'crl.der'),
  ],
  nitro: (at) => [join(at, 'doc.cbor')],
  'azure-snp': (at) => [join(at, 'evidence.json'), '--crl', join(at, 'crl.der')],
  'azure-tdx': (at) => [join(at, 'evidence.json'), '--endorsements', join(at, 'collateral.json')],
};

const formats: Readonly<Record<EmittedTee, Report['format']>> = {
  sgx: 'sgx-dcap',
  tdx: 'tdx-dcap',
  snp: 'sev-snp',
  nitro: 'aws-nitro',
  'azure-snp': 'azure-snp-vtpm',
  'azure-tdx': 'azure-tdx-vtpm',
};

interface Judged {
  readonly status: number;
  readonly err: string;
  readonly verdict: Verdict;
}

async function judge(args: readonly string[]): Promise<Judged> {
  const { status, out, err } = await recordedRun(['evidence', 'verify', ...args, '--json']);
  return { status, err, verdict: (out === '' ? null : JSON.parse(out)) as Verdict };
}

const namesOf = ({ checks }: Report, result?: string): readonly string[] =>
  checks.filter((row) => result === undefined || row.result === result).map(({ name }) => name);

const all = 'covers = ["firmware", "kernel", "initrd", "cmdline", "rootfs"]';
const intel = '[intel]\nmin_tcb_evaluation_data_number = 17\n';

/** Bytes of a number as a report has them. */
const littleEndian = (number: unknown): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number as string));
  return bytes.toString('hex');
};

const table = (values: object): string =>
  `{ ${Object.entries(values)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join(', ')} }`;

/** The strictest manifest that accepts evidence, from what an accepted verdict says. */
const manifestFor: Readonly<Record<EmittedTee, (verdict: Verdict) => string>> = {
  sgx: ({ measurement }) => `[[sgx]]\nmr_enclave = "${measurement}"\n${intel}`,
  tdx: ({ measurement, claims }) => `[[tdx]]
mr_td = "${measurement}"
rtmr = ${JSON.stringify([...Object.values(claims!.registers).slice(0, 3), 'unused'])}
td_attributes = "${littleEndian(claims!.details['tdAttributes'])}"
xfam_mask = "${littleEndian(claims!.details['xfam'])}"
${all}
${intel}`,
  snp: ({ measurement, claims }) => `[[sev_snp]]
measurement = "${measurement}"
guest_policy = { smt = true, abi_major = 0, abi_minor = 31 }
minimum_tcb = ${table(claims!.tcb.parts)}
${all}
`,
  nitro: ({ claims }) => `[[nitro]]
pcrs = ${table(Object.fromEntries([0, 1, 2].map((pcr) => [pcr, claims!.registers[`pcr${pcr}`]])))}
`,
  'azure-snp': (verdict) =>
    `${azureEntry(verdict)}minimum_tcb = ${table(verdict.claims!.tcb.parts)}\n`,
  'azure-tdx': (verdict) =>
    `${azureEntry(verdict)}platform = ["${verdict.claims!.hardwareId}"]\n${intel}`,
};

function azureEntry({ measurement, claims }: Verdict): string {
  const pcrs = [4, 11, 12].map((pcr) => [pcr, claims!.registers[`pcr${pcr}`]] as const);
  return `[[azure]]\nmeasurement = "${measurement}"\npcrs = ${table(Object.fromEntries(pcrs))}\n${all}\n`;
}

let files = 0;
const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, `${(files += 1)}-${name}`);
  writeFileSync(path, content);
  return path;
};

/** The rows that a TEE has, by the documentation; those of an entry too. */
function documentedRows(tee: EmittedTee, withEntry: boolean): readonly string[] {
  const rows = tableRows(section('docs/verify-a-server.md', 'Which rows there are'));
  const column = 1 + emittedTees.indexOf(tee);
  return rows
    .filter((row) => (withEntry ? '●○' : '●').includes(row[column]!) && row[column] !== '')
    .map(([name]) => name!);
}

describe.each(emittedTees)('evidence of %s', (tee) => {
  let emitted: string;
  let args: readonly string[];
  let accepted: Judged;
  let manifest: string;
  beforeAll(async () => {
    emitted = await emit(tee);
    args = [...evidenceArgs[tee](emitted), '--simulation'];
    accepted = await judge(args);
    manifest = `version = 1\n${manifestFor[tee](accepted.verdict)}`;
  });

  test('is recognised, and accepted in a simulation with the rows that it has', () => {
    const { status, verdict } = accepted;
    expect(status).toBe(0);
    expect(verdict).toMatchObject({
      verdict: 'accept',
      check: null,
      format: formats[tee],
      anchor: 'simulation',
      debug: false,
      tcbStatus: ['sgx', 'tdx', 'azure-tdx'].includes(tee) ? 'UpToDate' : null,
    });
    expect(namesOf(verdict)).toEqual(documentedRows(tee, false));
    for (const row of verdict.checks)
      for (const text of [row.detail, row.demanded, row.vouchedBy, row.specification])
        expect(text, row.name).toMatch(/\S/);
    expect(Date.parse(verdict.claims!.validUntil)).toBeGreaterThan(Date.now());
  });

  test('is accepted by its manifest without a weakening but the simulation', async () => {
    const file = write('manifest.toml', manifest);
    const { status, verdict } = await judge([
      ...args,
      '--manifest',
      file,
      '--report-data',
      '00'.repeat(64),
    ]);
    expect(verdict.message).toMatch(/^a SIMULATED /);
    expect(status).toBe(0);
    expect(namesOf(verdict)).toEqual(documentedRows(tee, true));
    expect(namesOf(verdict, 'weakened')).toEqual(['trust-anchor']);
    const checked = await recordedRun(['manifest', 'check', file, '--json']);
    const pin = sha256(readFileSync(file)).toString('hex');
    const description = { valid: true, sha256: pin, weakened: [], notes: [] };
    expect(JSON.parse(checked.out)).toMatchObject(description);
    expect(verdict).toMatchObject({ manifestSha256: pin });
    expect(accepted.verdict).toMatchObject({ manifestSha256: null });
    const text = await recordedRun(['evidence', 'verify', ...args, '--manifest', file]);
    expect(text.out).toMatch(new RegExp(`^  manifest +sha256 ${pin}$`, 'm'));
  });

  test('is refused for another measurement or report data', async () => {
    const { measurement } = accepted.verdict;
    const other = write('other.toml', manifest.replace(measurement!, `11${measurement!.slice(2)}`));
    const measured = await judge([...args, '--manifest', other]);
    expect(measured.status).toBe(2);
    expect(measured.verdict).toMatchObject({
      verdict: 'refuse',
      check: 'measurement',
      manifestSha256: sha256(readFileSync(other)).toString('hex'),
    });
    const bound = await judge([...args, '--report-data', 'ff'.repeat(64)]);
    expect(bound.verdict).toMatchObject({ verdict: 'refuse', check: 'report-data' });
  });

  test('is refused for real hardware, whatever the manifest says', async () => {
    const file = write('manifest.toml', manifest);
    const { status, verdict } = await judge([
      ...args.filter((arg) => arg !== '--simulation'),
      '--manifest',
      file,
    ]);
    expect(status).toBe(2);
    expect(verdict).toMatchObject({ check: 'trust-anchor', anchor: 'vendor' });
    expect(verdict.message).toContain('simulat');
  });

  test('is refused if it can be debugged, and weakened by --allow-debug', async () => {
    const debug = [...evidenceArgs[tee](await emit(tee, '--debug')), '--simulation'];
    const refused = await judge(debug);
    expect(refused.status).toBe(2);
    expect(refused.verdict).toMatchObject({ verdict: 'refuse', check: 'debug', debug: true });
    const { verdict } = await judge([...debug, '--allow-debug']);
    expect(verdict).toMatchObject({ verdict: 'accept', debug: true });
    expect(namesOf(verdict, 'weakened')).toContain('debug');
  });

  test('is the same by its name as by its looks, and by another name no evidence', async () => {
    const named = await judge([...args, '--format', formats[tee]!]);
    expect(named.verdict).toMatchObject({ verdict: 'accept', format: formats[tee] });
    for (const other of emittedTees.filter((each) => each !== tee)) {
      const [file] = args;
      const { status, verdict } = await judge([file!, '--format', formats[other]!, '--simulation']);
      expect(status, other).toBe(2);
      expect(verdict, other).toMatchObject({ check: 'layout', format: formats[other] });
    }
  });

  test('that is cut off or has a byte too many is a refusal with the whole JSON', async () => {
    const [file, ...others] = args;
    const bytes = readFileSync(file!);
    for (const damaged of [bytes.subarray(0, -3), Buffer.concat([bytes, Buffer.from([1])])]) {
      const { status, verdict } = await judge([
        write('damaged', damaged),
        ...others,
        '--format',
        formats[tee]!,
      ]);
      expect(status).toBe(2);
      expect(verdict).toMatchObject({ verdict: 'refuse', check: 'layout', format: formats[tee] });
      expect(namesOf(verdict)).toEqual(documentedRows(tee, false));
      expect(namesOf(verdict, 'not-reached')).toHaveLength(verdict.checks.length - 1);
    }
  });

  test('as text tells the same, with and without --explain', async () => {
    for (const explain of [[], ['--explain']]) {
      const { out, status } = await recordedRun(['evidence', 'verify', ...args, ...explain], 100);
      expect(status).toBe(0);
      for (const { name, result } of accepted.verdict.checks)
        expect(out).toMatch(new RegExp(`^  ${result === 'passed' ? '✓' : '!'} ${name}\\b`, 'm'));
      const weakened = namesOf(accepted.verdict, 'weakened');
      const words = out.replaceAll(/\s+/g, ' ');
      expect(words).toContain(`ACCEPTED, ${weakened.length} weakened: ${weakened.join(', ')} `);
      expect(out.includes('vouched by')).toBe(explain.length > 0);
    }
  });
});

describe('evidence that departs from good one is refused by its check', () => {
  test.each([
    ['sgx', ['--revoked'], 'certificate-revoked'],
    ['tdx', ['--revoked'], 'certificate-revoked'],
    ['tdx', ['--tcb-status', 'OutOfDate'], 'tcb-status'],
    ['tdx', ['--quote-version', '5', '--tcb-status', 'Revoked'], 'tcb-status'],
    ['snp', ['--revoked'], 'certificate-revoked'],
    ['snp', ['--revoked', '--key', 'vlek'], 'certificate-revoked'],
    ['snp', ['--vmpl', '1'], 'vmpl'],
    ['azure-snp', ['--revoked'], 'certificate-revoked'],
    ['azure-snp', ['--vmpl', '2'], 'vmpl'],
    ['azure-tdx', ['--tcb-status', 'ConfigurationNeeded'], 'tcb-status'],
    ['azure-tdx', ['--revoked'], 'certificate-revoked'],
  ] as const)('%s %j: %s', async (tee, flags, check) => {
    const args = evidenceArgs[tee](await emit(tee, ...flags));
    const { status, verdict } = await judge([...args, '--simulation']);
    expect(status).toBe(2);
    expect(verdict).toMatchObject({ verdict: 'refuse', check, format: formats[tee] });
  });

  test.each([
    ['tdx', ['--quote-version', '5']],
    ['snp', ['--product', 'Genoa']],
    ['snp', ['--product', 'Turin', '--key', 'vlek']],
    ['azure-snp', ['--product', 'Genoa']],
    ['azure-tdx', ['--quote-version', '5']],
  ] as const)('%s %j is good, too', async (tee, flags) => {
    const args = evidenceArgs[tee](await emit(tee, ...flags));
    expect((await judge([...args, '--simulation'])).status).toBe(0);
  });
});

describe("AMD's revocation list", () => {
  const rows = ['crl', 'crl-signature', 'crl-validity', 'certificate-revoked'];

  test.each(['snp', 'azure-snp'] as const)('may be missing here: %s', async (tee) => {
    const args = evidenceArgs[tee](await emit(tee)).slice(0, tee === 'snp' ? 3 : 1);
    const { status, verdict } = await judge([...args, '--simulation']);
    expect(status).toBe(0);
    expect(namesOf(verdict, 'weakened')).toEqual(expect.arrayContaining(rows));
    expect(verdict.checks.find(({ name }) => name === 'crl')?.detail).toContain('acceptMissingCrl');
  });

  test.each(['snp', 'azure-snp'] as const)('that is given is judged: %s', async (tee) => {
    const emitted = await emit(tee);
    const base = evidenceArgs[tee](emitted).slice(0, -1);
    const turin = join(await emit(tee, '--product', 'Turin'), 'crl.der');
    const late = new Date(Date.now() + 60 * 24 * 3_600_000).toISOString();
    for (const [crl, check, flags] of [
      [turin, 'crl-signature', []],
      [write('crl', 'garbage'), 'crl', []],
      [write('crl', ''), 'crl', []],
      [join(emitted, 'crl.der'), 'crl-validity', ['--at', late]],
    ] as const) {
      const { status, verdict } = await judge([...base, crl, '--simulation', ...flags]);
      expect(status).toBe(2);
      expect(verdict).toMatchObject({ verdict: 'refuse', check });
    }
  });

  test('and certificate may be PEM', async () => {
    const emitted = await emit('snp');
    const pem = (label: string, name: string): string => {
      const base64 = readFileSync(join(emitted, name)).toString('base64');
      const lines = base64.replaceAll(/.{64}/g, '$&\n').trimEnd();
      return write(name, `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`);
    };
    const { status } = await judge([
      join(emitted, 'report.bin'),
      '--endorsements',
      pem('CERTIFICATE', 'ek.der'),
      '--crl',
      pem('X509 CRL', 'crl.der'),
      '--simulation',
    ]);
    expect(status).toBe(0);
  });

  test.each(['sgx', 'tdx', 'nitro', 'azure-tdx'] as const)('has no place with %s', async (tee) => {
    const crl = write('crl.der', readFileSync(join(await emit('snp'), 'crl.der')));
    const args = evidenceArgs[tee](await emit(tee));
    const { status, err, verdict } = await judge([...args, '--simulation', '--crl', crl]);
    expect(status).toBe(64);
    expect(err).toContain('--crl');
    expect(verdict).toBeNull();
  });
});

describe('endorsements', () => {
  test.each([
    ['sgx', 'endorsements'],
    ['tdx', 'endorsements'],
    ['snp', 'endorsements'],
    ['azure-tdx', 'endorsements'],
  ] as const)('of %s are missed', async (tee, check) => {
    const [file] = evidenceArgs[tee](await emit(tee));
    const { status, verdict } = await judge([file!, '--simulation']);
    expect(status).toBe(2);
    expect(verdict).toMatchObject({ verdict: 'refuse', check });
  });

  test('have no place with Nitro', async () => {
    const [file] = evidenceArgs.nitro(await emit('nitro'));
    const given = ['--endorsements', write('collateral.json', '{}')];
    const { status, verdict } = await judge([file!, '--simulation', ...given]);
    expect(status).toBe(2);
    expect(verdict).toMatchObject({ verdict: 'refuse', check: 'endorsements' });
  });

  test.each([
    ['snp', 'certificate', 'garbage'],
    ['snp', 'platform-match', null],
    ['tdx', 'endorsements', 'garbage'],
    ['azure-snp', 'platform-match', null],
    ['azure-tdx', 'endorsements', '{}'],
  ] as const)('of %s that are wrong refuse by %s', async (tee, check, content) => {
    const [file] = evidenceArgs[tee](await emit(tee));
    const wrong =
      content === null ? join(await emit('snp'), 'ek.der') : write('endorsements', content);
    const { status, verdict } = await judge([file!, '--simulation', '--endorsements', wrong]);
    expect(status).toBe(2);
    expect(verdict.check).toMatch(check === 'certificate' ? /^(certificate|endorsements)$/ : check);
  });
});

describe('a reply of /attestation brings its endorsements', () => {
  const nonce = Buffer.alloc(32, 7);
  const certificate = Buffer.from('certificate');
  const keyset = Buffer.from('keyset');
  const label = Buffer.from('blindai keyset v1\0');
  const reportData = Buffer.concat([
    sha256(certificate),
    sha256(label, sha256(keyset), nonce),
  ]).toString('hex');

  async function replyOf(tee: EmittedTee): Promise<AttestationReply> {
    const emitted = await emit(tee, '--report-data', reportData);
    const [file] = evidenceArgs[tee](emitted);
    const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(emitted, name)));
    const endorsements =
      tee === 'snp'
        ? { ek: read('ek.der'), crl: read('crl.der') }
        : tee === 'azure-snp'
          ? { crl: read('crl.der') }
          : {};
    const evidence = new Uint8Array(readFileSync(file!));
    return { format: formats[tee]!, evidence, endorsements, certificate, keyset };
  }

  test.each([
    ['snp', 'cbor'],
    ['snp', 'json'],
    ['azure-snp', 'cbor'],
    ['azure-snp', 'json'],
  ] as const)('of %s as %s, and answers its nonce', async (tee, as) => {
    const file = write('reply', encodeAttestationReply(await replyOf(tee), as));
    const { status, verdict } = await judge([
      file,
      '--simulation',
      '--nonce',
      nonce.toString('hex'),
    ]);
    expect(verdict.message).toContain('SIMULATED');
    expect(status).toBe(0);
    expect(namesOf(verdict, 'weakened')).toEqual(['trust-anchor', 'measurement']);
    const other = await judge([file, '--simulation', '--nonce', '00'.repeat(32)]);
    expect(other.verdict.check).toBe('report-data');
  });

  test('of Nitro is empty; its nonce has to stand in the document, too', async () => {
    const reply = await replyOf('nitro');
    for (const as of ['cbor', 'json'] as const) {
      const file = write('reply', encodeAttestationReply(reply, as));
      expect((await judge([file, '--simulation'])).status).toBe(0);
      const exact = await judge([file, '--simulation', '--report-data', reportData]);
      expect(exact.status).toBe(0);
      // What `simulator emit` writes has no nonce.
      const asked = await judge([file, '--simulation', '--nonce', nonce.toString('hex')]);
      expect(asked.verdict.check).toBe('report-data');
    }
  });
});

describe('what manifest check warns of is what the verdict weakens', () => {
  test.each<[EmittedTee, string, readonly string[], (manifest: string, machine: string) => string]>(
    [
      ['sgx', 'no number', [], (text) => text.replace(intel, '')],
      ['sgx', 'a mask', [], (text) => text.replace(intel, `misc_mask_hex = "0"\n${intel}`)],
      ['tdx', 'covers', [], (text) => text.replace(all, 'covers = ["firmware"]')],
      [
        'tdx',
        'a status',
        ['--tcb-status', 'OutOfDate'],
        (text) => `${text}tcb_statuses = ["OutOfDate"]\n`,
      ],
      ['snp', 'covers', [], (text) => text.replace(all, 'covers = ["firmware", "kernel"]')],
      ['snp', 'a VMPL', ['--vmpl', '1'], (text) => `${text}vmpl = 1\n`],
      ['nitro', 'covers', [], (text) => text.replace('[[nitro]]', '$&\ncovers = ["kernel"]')],
      [
        'azure-snp',
        'no floor',
        [],
        (text, machine) => text.replace(/minimum_tcb.*/, `chip_id = ["${machine}"]`),
      ],
    ],
  )('%s: %s', async (tee, _what, flags, change) => {
    const good = await emit(tee);
    const looked = (await judge([...evidenceArgs[tee](good), '--simulation'])).verdict;
    const text = change(`version = 1\n${manifestFor[tee](looked)}`, looked.claims!.hardwareId!);
    const file = write('manifest.toml', text);
    const args = evidenceArgs[tee](flags.length === 0 ? good : await emit(tee, ...flags));
    const { verdict } = await judge([
      ...args,
      '--simulation',
      '--manifest',
      file,
      '--report-data',
      '00'.repeat(64),
    ]);
    expect(verdict.verdict, verdict.message).toBe('accept');
    const { out } = await recordedRun(['manifest', 'check', file, '--json']);
    const { weakened } = JSON.parse(out) as { weakened: { check: string }[] };
    expect(weakened).toHaveLength(1);
    expect(namesOf(verdict, 'weakened')).toEqual(['trust-anchor', weakened[0]!.check]);
  });
});
