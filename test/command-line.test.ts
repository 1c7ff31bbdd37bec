import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash, X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blindai, type Serving, serve } from './support/command.ts';

const example = (name: string): string =>
  fileURLToPath(new URL(`../examples/breast-cancer/${name}`, import.meta.url));

interface Verdict {
  verdict: string;
  check: string | null;
  message: string;
  format: string | null;
  anchor: string;
  tcbStatus: string | null;
  debug: boolean | null;
  measurement: string | null;
  reportData: string | null;
  checks: { name: string; result: string; detail: string }[];
}
const verdictOf = (text: string): Verdict => JSON.parse(text) as Verdict;
const row = (verdict: Verdict, name: string) => verdict.checks.find((each) => each.name === name);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'blindai-command-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content?: string | Uint8Array): string => {
  const path = join(folder, name);
  if (content !== undefined) writeFileSync(path, content);
  return path;
};

describe('a served simulation', () => {
  let server: Serving;
  let manifest: string;
  let token: string;
  beforeAll(async () => {
    server = await serve();
    manifest = file('manifest.toml', (await blindai(['manifest'])).out);
    token = file('owner-token');
  });
  afterAll(() => server.stop());

  test('says what it is in one line', () => {
    expect(server.ready).toMatchObject({
      event: 'ready',
      tee: 'simulation',
      simulation: true,
      // As this machine allows; what is missing is told.
      isolation: expect.stringMatching(/^(?:sandboxed|separated|none)$/) as string,
    });
    expect(server.ready.isolationMissing.length === 0).toBe(server.ready.isolation === 'sandboxed');
    expect(server.ready.measurement).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(manifest, 'utf8')).toContain(server.ready.measurement);
  });

  test('verify accepts it with the manifest of the build, and shows every check', async () => {
    const { status, out } = await blindai([
      'verify',
      'localhost',
      ...server.ports,
      '--simulation',
      '--manifest',
      manifest,
      '--json',
    ]);
    expect(status).toBe(0);
    const verdict = verdictOf(out);
    expect(verdict).toMatchObject({
      verdict: 'accept',
      check: null,
      format: 'sgx-dcap',
      anchor: 'simulation',
      tcbStatus: 'UpToDate',
      debug: false,
      measurement: server.ready.measurement,
      config: { tee: 'simulation', isolation: server.ready.isolation, anonymous: true },
    });
    for (const name of ['measurement', 'report-data', 'keyset'])
      expect(row(verdict, name), name).toMatchObject({ result: 'passed' });
  });

  test("the build's manifest in the predecessor's form says the same", async () => {
    const legacy = file('legacy.toml', (await blindai(['manifest', '--legacy'])).out);
    expect(readFileSync(legacy, 'utf8')).toMatch(/^mr_enclave = "[0-9a-f]{64}"$/m);
    const { status, out } = await blindai([
      'verify',
      'localhost',
      ...server.ports,
      '--simulation',
      '--manifest',
      legacy,
      '--json',
    ]);
    expect(status).toBe(0);
    expect(row(verdictOf(out), 'measurement')).toMatchObject({ result: 'passed' });
  });

  test('verify without a manifest weakens that row, and prints a table for people', async () => {
    const { status, out } = await blindai(['verify', 'localhost', ...server.ports, '--simulation']);
    expect(status).toBe(0);
    expect(out).toMatch(/! measurement +weakened: /);
    expect(out).toContain('ACCEPTED');
    expect(out, 'no colours where there is no terminal').not.toContain('\u001b');
  });

  test('verify --write-cert writes the certificate after acceptance, and only then', async () => {
    const refused = file('refused.pem');
    const other = file(
      'other.toml',
      readFileSync(manifest, 'utf8').replace(server.ready.measurement, '00'.repeat(32)),
    );
    const no = await blindai([
      'verify',
      'localhost',
      ...server.ports,
      '--simulation',
      '--manifest',
      other,
      '--write-cert',
      refused,
    ]);
    expect(no.status).toBe(2);
    expect(() => statSync(refused)).toThrow();
    const accepted = file('accepted.pem');
    const yes = await blindai([
      'verify',
      'localhost',
      ...server.ports,
      '--simulation',
      '--write-cert',
      accepted,
      '--json',
    ]);
    expect(yes.status).toBe(0);
    const certificate = new X509Certificate(readFileSync(accepted));
    expect(certificate.subjectAltName).toBe('DNS:blindai-srv');
    expect(verdictOf(yes.out).reportData!.slice(0, 64)).toBe(
      createHash('sha256').update(certificate.raw).digest('hex'),
    );
  });

  test.each([
    ['another measurement', ['--simulation'], 'measurement'],
    ['a vendor where the simulator signed', [], 'trust-anchor'],
  ])('verify refuses %s', async (_what, flags, check) => {
    const other = file(
      'other.toml',
      readFileSync(manifest, 'utf8').replace(server.ready.measurement, '11'.repeat(32)),
    );
    const { status, out } = await blindai([
      'verify',
      'localhost',
      ...server.ports,
      ...flags,
      '--manifest',
      other,
      '--json',
    ]);
    expect(status).toBe(2);
    const verdict = verdictOf(out);
    expect(verdict).toMatchObject({ verdict: 'refuse', check });
    expect(row(verdict, check)).toMatchObject({ result: 'refused' });
    expect(verdict.checks.some((each) => each.result === 'not-reached')).toBe(true);
  });

  test('a config demanded by the manifest and not met is refused', async () => {
    const strict = file(
      'strict.toml',
      `${readFileSync(manifest, 'utf8')}\n[config]\nanonymous = false\n`,
    );
    const { status, out } = await blindai([
      'verify',
      'localhost',
      ...server.ports,
      '--simulation',
      '--manifest',
      strict,
      '--json',
    ]);
    expect(status).toBe(2);
    expect(verdictOf(out).check).toBe('config');
  });

  test('a manifest pinned by its hash', async () => {
    const hash = createHash('sha256').update(readFileSync(manifest)).digest('hex');
    const base = [
      'verify',
      'localhost',
      ...server.ports,
      '--simulation',
      '--manifest',
      manifest,
      '--manifest-sha256',
    ];
    expect((await blindai([...base, hash])).status).toBe(0);
    const other = await blindai([...base, '00'.repeat(32)]);
    expect(other.status).toBe(2);
    expect(other.err).toContain('bad-manifest');
  });

  test('upload, run, delete; and a run after that is refused', async () => {
    const common = [...server.ports, '--simulation', '--manifest', manifest];
    const uploaded = await blindai([
      'upload',
      'localhost',
      example('breast-cancer.onnx'),
      ...common,
      '--owner-token-file',
      token,
      '--json',
    ]);
    expect(uploaded.err).toContain('SIMULATION');
    expect(uploaded.status).toBe(0);
    const { modelId, modelHash } = JSON.parse(uploaded.out) as {
      modelId: string;
      modelHash: string;
    };
    expect(modelHash).toBe(
      createHash('sha256')
        .update(readFileSync(example('breast-cancer.onnx')))
        .digest('hex'),
    );
    expect(statSync(token).mode & 0o777).toBe(0o600);
    expect(uploaded.out + uploaded.err).not.toContain(readFileSync(token, 'utf8').trim());

    const patient = (
      JSON.parse(readFileSync(example('patients.json'), 'utf8')) as {
        measurements: number[];
        probability: number;
      }[]
    )[0]!;
    const input = file('input.json', JSON.stringify({ measurements: [patient.measurements] }));
    const ran = await blindai(['run', 'localhost', modelId, ...common, '--input', input, '--json']);
    expect(ran.status).toBe(0);
    const { outputs } = JSON.parse(ran.out) as { outputs: { data: number[] }[] };
    expect(outputs[0]!.data[0]).toBeCloseTo(patient.probability, 4);

    const stranger = await blindai([
      'delete',
      'localhost',
      modelId,
      ...common,
      '--owner-token-file',
      file('strangers-token'),
    ]);
    expect(stranger.status).toBe(1);
    expect(stranger.err).toContain('not-found');
    const deleted = await blindai([
      'delete',
      'localhost',
      modelId,
      ...common,
      '--owner-token-file',
      token,
    ]);
    expect(deleted.status).toBe(0);
    const again = await blindai(['run', 'localhost', modelId, ...common, '--input', input]);
    expect(again.status).toBe(1);
    expect(again.err).toContain('not-found');
  });

  test('evidence verify judges a recorded reply, bound to its nonce', async () => {
    const nonce = Buffer.alloc(32, 7);
    for (const accept of ['application/cbor', 'application/json']) {
      const response = await fetch(
        `http://localhost:${server.portOptions.unattestedPort}/attestation?nonce=${nonce.toString('base64url')}`,
        { headers: { accept } },
      );
      const reply = file(`reply.${accept.slice(-4)}`, new Uint8Array(await response.arrayBuffer()));
      const base = ['evidence', 'verify', reply, '--simulation', '--manifest', manifest, '--json'];
      const bound = await blindai([...base, '--nonce', nonce.toString('hex')]);
      expect(bound.status).toBe(0);
      expect(row(verdictOf(bound.out), 'report-data')).toMatchObject({ result: 'passed' });
      const unbound = await blindai(base);
      expect(row(verdictOf(unbound.out), 'report-data')).toMatchObject({ result: 'weakened' });
      const other = await blindai([...base, '--nonce', '00'.repeat(32)]);
      expect(other.status).toBe(2);
      expect(verdictOf(other.out).check).toBe('report-data');
    }
  });

  test('a second server on the same port says so', async () => {
    const { status, err } = await blindai(['serve', '--simulation', ...server.ports]);
    expect(status).toBe(1);
    expect(err).toContain('port-in-use');
  });

  test('SIGTERM ends a server of its own with status 0', async () => {
    const other = await serve();
    expect(await other.stop()).toEqual({ status: 0, signal: null });
  });
});

const emit = async (...flags: string[]): Promise<string> => {
  const target = mkdtempSync(join(folder, 'emit-'));
  expect((await blindai(['simulator', 'emit', target, ...flags])).status).toBe(0);
  return target;
};
const judge = async (target: string, ...flags: string[]) => {
  const finished = await blindai([
    'evidence',
    'verify',
    join(target, 'quote.bin'),
    '--endorsements',
    join(target, 'collateral.json'),
    '--json',
    ...flags,
  ]);
  return { ...finished, verdict: verdictOf(finished.out) };
};

describe('simulator emit and evidence verify', () => {
  test('what is emitted passes under simulation, with what was asked for in it', async () => {
    const target = await emit('--report-data', 'ab'.repeat(64), '--measurement', 'cd'.repeat(32));
    const { status, verdict } = await judge(
      target,
      '--simulation',
      '--report-data',
      'ab'.repeat(64),
    );
    expect(status).toBe(0);
    expect(verdict).toMatchObject({
      verdict: 'accept',
      measurement: 'cd'.repeat(32),
      reportData: 'ab'.repeat(64),
    });
    expect(readFileSync(join(target, 'root.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
  });

  test.each([
    [['--revoked'], 'certificate-revoked'],
    [['--debug'], 'debug'],
    [['--tcb-status', 'OutOfDate'], 'tcb-status'],
    [['--tcb-status', 'SWHardeningNeeded'], 'tcb-status'],
    [['--tcb-status', 'Revoked'], 'tcb-status'],
  ])('%s is refused', async (flags, check) => {
    const { status, verdict } = await judge(await emit(...flags), '--simulation');
    expect(status).toBe(2);
    expect(verdict).toMatchObject({ verdict: 'refuse', check });
  });

  test('nothing of it passes for real hardware', async () => {
    const { status, verdict } = await judge(await emit(), '--any-measurement');
    expect(status).toBe(2);
    expect(verdict).toMatchObject({ check: 'trust-anchor', anchor: 'vendor' });
    expect(verdict.message).toMatch(/simulat/i);
  });

  test('another report data is refused', async () => {
    const { verdict } = await judge(await emit(), '--simulation', '--report-data', 'ff'.repeat(64));
    expect(verdict.check).toBe('report-data');
  });

  test.each([
    ['garbage', Buffer.from('garbage'), null],
    ['an empty file', Buffer.alloc(0), null],
    ['an object that is no reply', Buffer.from('{"format": "sgx-dcap"}'), null],
    ['a CBOR map that is no reply', Buffer.from([0xa1, 0x61, 0x61, 0x01]), null],
  ])('%s is a refusal by layout, with the whole JSON', async (_what, bytes, format) => {
    const target = await emit();
    writeFileSync(join(target, 'quote.bin'), bytes);
    const { status, verdict } = await judge(target, '--simulation');
    expect(status).toBe(2);
    expect(verdict).toMatchObject({ verdict: 'refuse', check: 'layout', format });
    expect(row(verdict, 'layout')).toMatchObject({ result: 'refused' });
  });

  test('a nonce for what is no reply is never dropped', async () => {
    const target = await emit();
    const nonce = ['--nonce', '00'.repeat(32)];
    const quote = join(target, 'quote.bin');
    const raw = await blindai(['evidence', 'verify', quote, '--simulation', ...nonce]);
    expect(raw.status).toBe(64);
    expect(raw.err).toContain('--report-data');
    writeFileSync(quote, '{}');
    const { status, verdict } = await judge(
      target,
      '--simulation',
      '--format',
      'sgx-dcap',
      ...nonce,
    );
    expect(status).toBe(2);
    expect(verdict).toMatchObject({ verdict: 'refuse', check: 'layout' });
    expect(row(verdict, 'report-data')).toMatchObject({ result: 'not-reached' });
  });

  test('endorsements that are absent, or no JSON, refuse under their own check', async () => {
    const target = await emit();
    const without = await blindai([
      'evidence',
      'verify',
      join(target, 'quote.bin'),
      '--simulation',
      '--json',
    ]);
    expect(without.status).toBe(2);
    expect(verdictOf(without.out).check).toBe('endorsements');
    writeFileSync(join(target, 'collateral.json'), 'not JSON');
    expect((await judge(target, '--simulation')).verdict.check).toBe('endorsements');
  });
});

describe('isolation', () => {
  test('tells without a server what one started here would attest', async () => {
    const { status, out, err } = await blindai(['isolation', '--json']);
    expect([status, err]).toEqual([0, '']);
    const found = JSON.parse(out) as Record<string, unknown>;
    const server = await serve();
    await server.stop();
    expect(found).toMatchObject({
      level: server.ready.isolation,
      missing: server.ready.isolationMissing,
      node: process.version,
      architecture: process.arch,
    });
    expect(found).not.toHaveProperty('cage');
  });

  test('is a table for people', async () => {
    const { status, out } = await blindai(['isolation']);
    expect(status).toBe(0);
    expect(out).toMatch(/^isolation (?:sandboxed|separated|none), found by trying in \d+ ms\n/);
  });

  test("takes the server's settings, and refuses wrong ones", async () => {
    const environment = { BLINDAI_RUNNER_UIDS: 'everybody' };
    const { status, err } = await blindai(['isolation'], { environment });
    expect(status).toBe(64);
    expect(err).toContain('BLINDAI_RUNNER_UIDS');
  });
});

describe('usage', () => {
  test.each([
    [['frobnicate'], 64, 'unknown command'],
    [['verify'], 64, 'missing required argument'],
    [['verify', 'localhost'], 64, '--manifest'],
    [['verify', 'localhost', '--simulation', '--attested-port', '0'], 64, 'expected a port'],
    [['verify', 'localhost', '--any-measurement', '--write-cert', 'x.pem'], 64, '--write-cert'],
    [['verify', 'localhost', '--simulation', '--attested-port', '1'], 69, 'unreachable'],
    [['verify', 'localhost', '--manifest', '/nowhere/manifest.toml'], 66, 'no such file'],
    [['evidence', 'verify', '/nowhere/quote.bin', '--any-measurement'], 66, 'no such file'],
    [['evidence', 'verify', 'x', '--simulation', '--nonce', '00'], 64, 'expected 32 bytes'],
    [['evidence', 'verify', 'x', '--simulation', '--at', 'yesterday'], 64, 'expected a time'],
    [['upload', 'localhost', '/nowhere/model.onnx', '--simulation'], 66, 'no such file'],
    [['serve'], 1, 'no-tee'],
    [['serve', '--simulation', '--attested-port', 'high'], 64, 'attested-port'],
    [['serve', '--simulation', '--config', '/nowhere/blindai.toml'], 64, 'config'],
    [['simulator', 'emit', '/dev/null/x'], 66, 'cannot write'],
  ])('%j ends with %i and says why', async (args, status, reason) => {
    const finished = await blindai(args);
    expect(finished.err).toContain(reason);
    expect(finished.status).toBe(status);
    expect(finished.out).toBe('');
  });

  test('a manifest that is none is refused', async () => {
    const { status, err } = await blindai([
      'verify',
      'localhost',
      '--manifest',
      file('bad.toml', 'version = 1\nmr_enclav = "00"'),
    ]);
    expect(status).toBe(2);
    expect(err).toContain('mr_enclav');
  });

  test.each([
    [[]],
    [['serve']],
    [['verify']],
    [['upload']],
    [['run']],
    [['delete']],
    [['evidence', 'verify']],
    [['simulator', 'emit']],
    [['manifest']],
    [['manifest', 'check']],
    [['manifest', 'schema']],
  ])('%j --help prints examples and ends with 0', async (args) => {
    const { status, out } = await blindai([...args, '--help']);
    expect(status).toBe(0);
    expect(out).toContain('Usage: blindai');
    if (args.length > 0) expect(out).toMatch(/Examples?:/);
  });
});
