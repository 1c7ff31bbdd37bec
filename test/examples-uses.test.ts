import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@blindai/client/node';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Patient } from '../examples/quicktour/patients.ts';
import { blindai, type Finished, serve, type Serving } from './support/command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = join(root, 'examples');
const model = join(examples, 'breast-cancer/breast-cancer.onnx');
const patientsFile = join(examples, 'breast-cancer/patients.json');
const patients = JSON.parse(readFileSync(patientsFile, 'utf8')) as Patient[];

// npm takes its time to find a command, over and over.
vi.setConfig({ testTimeout: 120_000 });

let server: Serving;
let folder: string;
let manifest: string;
/** What somebody else's code would be accepted by. */
let otherManifest: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'blindai-uses-'));
  server = await serve();
  const { out } = await blindai(['manifest']);
  manifest = join(folder, 'manifest.toml');
  writeFileSync(manifest, out);
  otherManifest = join(folder, 'other.toml');
  writeFileSync(otherManifest, out.replace(server.ready.measurement, '00'.repeat(32)));
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program to its end, with the server's ports in the environment, where the examples look for them. */
function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; environment?: Record<string, string> } = {},
): Promise<Finished> {
  const { unattestedPort, attestedPort, managementPort } = server.portOptions;
  const env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    BLINDAI_UNATTESTED_PORT: String(unattestedPort),
    BLINDAI_ATTESTED_PORT: String(attestedPort),
    BLINDAI_MANAGEMENT_PORT: String(managementPort),
    ...options.environment,
  };
  return new Promise((resolve) => {
    execFile(program, args, { cwd: options.cwd ?? root, env }, (error, out, err) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ status, out, err });
    });
  });
}

const example = (name: string, args: readonly string[], environment = {}): Promise<Finished> =>
  run(process.execPath, [join(examples, 'dist', `${name}.js`), ...args], { environment });

const uploadRunDelete = (args: readonly string[], environment = {}): Promise<Finished> =>
  example('upload-run-delete/upload-run-delete', args, environment);
const pixelHealth = (...args: string[]): Promise<Finished> =>
  example('two-parties/pixel-health', args);
const sacredHeart = (...args: string[]): Promise<Finished> =>
  example('two-parties/sacred-heart', args);

const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');
const held = (party: string): string[] => readdirSync(party).toSorted();
const sha256 = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex');
function write(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** Does what a README says, in its order; temporary folders are made in `folder`. */
function followReadme(name: string): Promise<Finished> {
  const commands = [
    ...readFileSync(join(examples, name, 'README.md'), 'utf8').matchAll(/^```sh\n([^]*?)^```$/gm),
  ]
    .map(([, block]) => block!)
    .filter((block) => !block.includes('blindai serve'));
  expect(commands).not.toHaveLength(0);
  const script = `set -euo pipefail\n${commands.join('')}`;
  return run('bash', ['-c', script], { environment: { TMPDIR: folder } });
}

/** How often the server did a thing, as its log says. */
const count = (route: string, status = 200): number =>
  server.log().split(`"status":${status},"route":"POST /${route}"`).length - 1;

describe('upload, run, delete', () => {
  const inputs = join(examples, 'upload-run-delete/patient.json');

  test('does what its README says', async () => {
    const { status, out } = await followReadme('upload-run-delete');
    expect(status).toBe(0);
    expect(out).toMatch(/^probability = 0\.9543\d+$/m);
  });

  test.each<[string, number, string, string, () => [string[], Record<string, string>?]]>([
    [
      'a server with other code',
      2,
      'attestation-refused',
      'refused by measurement',
      () => [[otherManifest, model, inputs]],
    ],
    [
      'a file that is no manifest',
      2,
      'bad-manifest',
      'get the right manifest',
      () => [[inputs, model, inputs]],
    ],
    [
      'a model that is not there',
      1,
      'unreadable',
      'correct what was given',
      () => [[manifest, join(folder, 'absent.onnx'), inputs]],
    ],
    [
      'inputs that do not fit',
      1,
      'bad-input',
      'correct what was given',
      () => [
        [
          manifest,
          model,
          write('short.json', '{"measurements": {"data": [[1]], "datatype": "FP32"}}'),
        ],
      ],
    ],
    [
      'a file that is no model',
      1,
      'model-refused',
      'a single ONNX file',
      () => [[manifest, inputs, inputs]],
    ],
    [
      'a server that is not there',
      1,
      'unreachable',
      'is the server running',
      () => [[manifest, model, inputs], { BLINDAI_ATTESTED_PORT: '1' }],
    ],
    [
      'an error without advice of its own',
      1,
      'wrong-surface',
      'docs/errors.md',
      () => [
        [manifest, model, inputs],
        { BLINDAI_MANAGEMENT_PORT: String(server.portOptions.attestedPort) },
      ],
    ],
  ])('tells of %s by its code', async (_what, expected, code, advice, call) => {
    const { status, out, err } = await uploadRunDelete(...call());
    expect(err).toMatch(new RegExp(`^${code}: .+\n.*${advice}`, 'm'));
    expect({ status, out }).toEqual({ status: expected, out: '' });
  });

  test('tells of a wrong call', async () => {
    const { status, err } = await uploadRunDelete([manifest]);
    expect(status).toBe(1);
    expect(err).toBe(
      'give a manifest, a model and its inputs: MANIFEST.toml MODEL.onnx INPUTS.json\n',
    );
  });

  test('leaves no model behind, whether or not it ran', async () => {
    await expect.poll(() => count('delete')).toBeGreaterThan(1);
    await expect.poll(() => count('delete') - count('upload')).toBe(0);
    expect(count('run', 400)).toBe(1);
  });
});

describe('two parties', () => {
  test('do what their README says', async () => {
    const { status, out, err } = await followReadme('two-parties');
    expect(status).toBe(0);
    const hash = sha256(model);
    expect(out.split('\n')).toEqual([
      `uploaded the model with SHA-256 ${hash}`,
      `ran the model with SHA-256 ${hash} on ${patients.length} patients`,
      'took the model back',
      'the model is gone',
      '',
    ]);
    expect(err).toContain('not-found: ');
  });

  describe('with a handover made', () => {
    let owner: string;
    let hospital: string;
    beforeAll(async () => {
      owner = join(folder, 'owner');
      hospital = join(folder, 'hospital');
      mkdirSync(owner);
      cpSync(manifest, join(owner, 'manifest.toml'));
      expect((await pixelHealth('upload', owner, model)).status).toBe(0);
      cpSync(join(owner, 'handover'), hospital, { recursive: true });
    });

    test('each holds what the README says, and nothing else', async () => {
      expect(held(hospital)).toEqual(['manifest.toml', 'model-hash.txt', 'model-id.txt']);
      expect((await sacredHeart(hospital, patientsFile)).status).toBe(0);
      expect(held(owner)).toEqual(['handover', 'manifest.toml', 'owner-token.txt']);
      expect(held(join(owner, 'handover'))).toEqual([
        'manifest.toml',
        'model-hash.txt',
        'model-id.txt',
      ]);
      expect(held(hospital)).toEqual([
        'manifest.toml',
        'model-hash.txt',
        'model-id.txt',
        'results.json',
      ]);
      for (const secret of [
        join(owner, 'owner-token.txt'),
        join(owner, 'handover/model-id.txt'),
        join(hospital, 'results.json'),
      ])
        expect(statSync(secret).mode & 0o777, secret).toBe(0o600);
      const token = read(owner, 'owner-token.txt');
      for (const file of held(hospital)) expect(read(hospital, file), file).not.toContain(token);
    });

    test('Sacred Heart has the results that the training script found', async () => {
      expect((await sacredHeart(hospital, patientsFile)).status).toBe(0);
      const results = JSON.parse(read(hospital, 'results.json')) as number[];
      expect(results).toHaveLength(patients.length);
      for (const [index, { probability }] of patients.entries())
        expect(results[index]).toBeCloseTo(probability, 5);
    });

    /** Sacred Heart's folder with one file changed. */
    const changed = (name: string, file: string, content: string): string => {
      const copy = join(folder, name);
      cpSync(join(owner, 'handover'), copy, { recursive: true });
      writeFileSync(join(copy, file), content);
      return copy;
    };

    test('Sacred Heart does not use other code than that of its manifest', async () => {
      const copy = changed('other-code', 'manifest.toml', readFileSync(otherManifest, 'utf8'));
      const { status, err } = await sacredHeart(copy, patientsFile);
      expect(status).toBe(2);
      expect(err).toContain('refused by measurement');
      expect(held(copy)).not.toContain('results.json');
    });

    test.each([
      ['another model', '00'.repeat(32), 'not-found'],
      ['a lost hash', '', 'bad-input'],
    ])('Sacred Heart gets no result for %s under the right id', async (what, hash, code) => {
      const copy = changed(what.replaceAll(' ', '-'), 'model-hash.txt', hash);
      const { status, err } = await sacredHeart(copy, patientsFile);
      expect(err).toMatch(new RegExp(`^${code}: `, 'm'));
      expect(status).toBe(1);
      expect(held(copy)).not.toContain('results.json');
    });

    test('Sacred Heart cannot delete the model, PixelHealth can', async () => {
      const modelId = read(hospital, 'model-id.txt');
      await using client = await connect('localhost', {
        ...server.portOptions,
        simulation: true,
        manifestFile: join(hospital, 'manifest.toml'),
      });
      await expect(client.deleteModel(modelId)).rejects.toMatchObject({ code: 'not-found' });
      expect(await pixelHealth('take-back', owner)).toMatchObject({ status: 0 });
      expect((await sacredHeart(hospital, patientsFile)).err).toContain('not-found: ');
    });

    test('PixelHealth stays the same owner at its next upload', async () => {
      const token = read(owner, 'owner-token.txt');
      expect((await pixelHealth('upload', owner, model)).status).toBe(0);
      expect(read(owner, 'owner-token.txt')).toBe(token);
      expect((await pixelHealth('take-back', owner)).status).toBe(0);
    });
  });

  test('tell of wrong calls', async () => {
    expect(await pixelHealth('uplaod', folder, model)).toMatchObject({
      status: 1,
      err: 'say what to do: upload FOLDER MODEL.onnx, or take-back FOLDER\n',
    });
    expect(await sacredHeart(folder)).toMatchObject({
      status: 1,
      err: 'say where things are: FOLDER PATIENTS.json\n',
    });
  });
});

const script = join(examples, 'pinned-manifest/verify-in-ci.sh');
const verifyInCi = (args: readonly string[], environment = {}): Promise<Finished> =>
  run(script, args, { environment });

/** A repository as the workflow finds it: the manifest and the script at its top, a built checkout below. */
function runStep(command: string, manifestFile: string, pinned: string): Promise<Finished> {
  const repository = mkdtempSync(join(folder, 'repository-'));
  cpSync(manifestFile, join(repository, 'manifest.toml'));
  cpSync(script, join(repository, 'verify-in-ci.sh'));
  mkdirSync(join(repository, 'blindai'));
  symlinkSync(join(root, 'node_modules'), join(repository, 'blindai/node_modules'));
  return run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', command], {
    cwd: join(repository, 'blindai'),
    environment: { HOST: 'localhost', MANIFEST_SHA256: pinned },
  });
}

describe('a manifest pinned in CI', () => {
  test('does what its README says', async () => {
    const { status, out } = await followReadme('pinned-manifest');
    expect(status).toBe(0);
    expect(out).toMatch(/^ACCEPTED/m);
    expect(out).toContain('The server runs what the pinned manifest says.\n');
  });

  test('fails when the server is not that of the manifest', async () => {
    const args = ['localhost', otherManifest, sha256(otherManifest), '--simulation'];
    const { status, out, err } = await verifyInCi(args);
    expect(out).toMatch(/^REFUSED by measurement/m);
    expect(err).toContain('Refused: ');
    expect(status).toBe(2);
  });

  test('fails when the server has no hardware, and that is demanded', async () => {
    const { status, out } = await verifyInCi(['localhost', manifest, sha256(manifest)]);
    expect(out).toMatch(/^REFUSED by trust-anchor/m);
    expect(status).toBe(2);
  });

  test('fails when the manifest is not the pinned one, though the server still fits it', async () => {
    const changed = write('changed.toml', `${readFileSync(manifest, 'utf8')}\n# a comment\n`);
    const unpinned = ['verify', 'localhost', '--simulation', '--manifest', changed];
    expect((await blindai([...unpinned, ...server.ports])).status).toBe(0);
    const { status, out, err } = await verifyInCi([
      'localhost',
      changed,
      sha256(manifest),
      '--simulation',
    ]);
    expect(err).toContain('bad-manifest: ');
    expect(err).toContain('Refused: ');
    expect({ status, out }).toEqual({ status: 2, out: '' });
  });

  test.each<[string, number, () => string[], Record<string, string>?]>([
    ['no hash', 64, () => ['localhost', manifest, '', '--simulation']],
    ['no host', 64, () => ['', manifest, sha256(manifest), '--simulation']],
    ['too little', 64, () => ['localhost', manifest]],
    ['another option', 64, () => ['localhost', manifest, sha256(manifest), '--any-measurement']],
    ['no manifest', 66, () => ['localhost', join(folder, 'absent'), sha256(manifest)]],
    [
      'no server',
      69,
      () => ['localhost', manifest, sha256(manifest)],
      { BLINDAI_ATTESTED_PORT: '1' },
    ],
  ])('fails, and says that nothing is known, with %s', async (_what, expected, args, env) => {
    const { status, out, err } = await verifyInCi(args(), env);
    expect(err).toMatch(/^(?:Not verified: |Usage: )/m);
    expect({ status, out }).toEqual({ status: expected, out: '' });
  });

  describe('by the workflow', () => {
    const workflow = readFileSync(join(examples, 'pinned-manifest/verify-server.yml'), 'utf8');
    const [, manifestStep, serverStep] = [...workflow.matchAll(/^ +(?:- )?run: (.+)$/gm)].map(
      ([, command]) => command!,
    );

    test('the manifest of these sources passes, another does not', async () => {
      expect((await runStep(manifestStep!, manifest, '')).status).toBe(0);
      const { status, out } = await runStep(manifestStep!, otherManifest, '');
      expect(out).toContain('differ');
      expect(status).toBe(1);
    });

    test.each<[string, number, () => [file: string, pinned: string]]>([
      ['the manifest that is pinned', 0, () => [manifest, sha256(manifest)]],
      ['a manifest of other code', 2, () => [otherManifest, sha256(otherManifest)]],
      ['another hash', 2, () => [manifest, sha256(otherManifest)]],
      ['a hash that was lost', 64, () => [manifest, '']],
    ])('the server, with %s, ends it with %i', async (_what, expected, inputs) => {
      expect((await runStep(serverStep!, ...inputs())).status).toBe(expected);
    });

    test('uses actions by their commit only', () => {
      const actions = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action!);
      expect(actions).not.toHaveLength(0);
      for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    });
  });
});

test('the index names every example', () => {
  const listed = [
    ...readFileSync(join(examples, 'README.md'), 'utf8').matchAll(/^\| \[([\w-]+)\]\(\1\)/gm),
  ].map(([, name]) => name!);
  const folders = readdirSync(examples, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'dist')
    .map((entry) => entry.name);
  expect(listed.toSorted()).toEqual(folders.toSorted());
});
