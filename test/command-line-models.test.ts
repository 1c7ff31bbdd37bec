import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { model, node } from '../packages/server/test/onnx/build.ts';
import { blindai, type Finished, type Serving, serve } from './support/command.ts';

const example = fileURLToPath(
  new URL('../examples/breast-cancer/breast-cancer.onnx', import.meta.url),
);
const modelHash = createHash('sha256').update(readFileSync(example)).digest('hex');

let folder: string;
let server: Serving;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'blindai-models-'));
  server = await serve();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command for the server, with the owner token in a file of this name. */
async function command(
  name: string,
  args: readonly string[] = [],
  owner = 'owner',
): Promise<Finished> {
  const token = ['--owner-token-file', join(folder, owner)];
  return await blindai([name, 'localhost', ...args, ...server.ports, '--simulation', ...token]);
}

async function upload(name: string, owner?: string): Promise<string> {
  const { out } = await command('upload', [example, '--name', name, '--json'], owner);
  return (JSON.parse(out) as { modelId: string }).modelId;
}

async function listed(owner?: string): Promise<{ modelId: string; name: string }[]> {
  const { out, status } = await command('models', ['--json'], owner);
  expect(status).toBe(0);
  return (JSON.parse(out) as { models: { modelId: string; name: string }[] }).models;
}

describe('blindai upload', () => {
  test('takes how the model is to be run', async () => {
    const settings = ['--runner', 'per-caller', '--batch-across-callers', '--json'];
    const { out, status } = await command('upload', [example, ...settings], 'careful');
    expect(status).toBe(0);
    const { modelId } = JSON.parse(out) as { modelId: string };
    expect((await command('delete', [modelId], 'careful')).status).toBe(0);
    const wrong = await command('upload', [example, '--runner', 'my-own'], 'careful');
    expect(wrong.status).toBe(64);
    expect(wrong.err).toContain('--runner');
  });
});

describe('blindai models', () => {
  test('lists the models of the owner, as JSON and as a table, until they are deleted', async () => {
    const ids = [await upload('first'), await upload('second')];
    await upload('third', 'stranger');
    const rest = { modelHash, state: 'ready', reason: null };
    expect(await listed()).toEqual([
      { modelId: ids[0], name: 'first', ...rest },
      { modelId: ids[1], name: 'second', ...rest },
    ]);
    const { out, err, status } = await command('models');
    expect(status).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^MODEL ID +NAME +STATE +SHA-256$/);
    expect(lines[1]).toBe(`${ids[0]}  first   ready  ${modelHash}`);
    expect(lines).toHaveLength(3);
    const token = readFileSync(join(folder, 'owner'), 'utf8').trim();
    expect(out + err + server.log(), 'the owner token').not.toContain(token);
    expect(server.log(), 'an id').not.toContain(ids[0]);

    for (const id of ids) expect((await command('delete', [id])).status).toBe(0);
    expect(await listed()).toEqual([]);
    const none = await command('models');
    expect(none).toMatchObject({ status: 0, out: '' });
    expect(none.err).toContain('there are no models of yours');
    expect(await listed('stranger')).toMatchObject([{ name: 'third' }]);
  });

  test('without an owner token says how to get one, before it connects', async () => {
    const { status, out, err } = await command('models', [], 'nobody');
    expect(status).toBe(66);
    expect(out).toBe('');
    expect(err).toContain('there is no owner token in');
    expect(err).toContain('blindai upload makes one');
    expect(err).not.toContain('SIMULATION');
  });
});

describe('blindai model', () => {
  const described = {
    name: 'breast-cancer',
    modelHash,
    state: 'ready',
    reason: null,
    inputs: [{ name: 'measurements', datatype: 'FP32', shape: [-1, 30] }],
    outputs: [{ name: 'probability', datatype: 'FP32', shape: [-1] }],
  };

  test('tells a holder of the id what it takes and gives, as JSON and as a table', async () => {
    const modelId = await upload('breast-cancer');
    for (const owner of ['owner', 'nobody']) {
      const { status, out } = await command('model', [modelId, '--json'], owner);
      expect(status).toBe(0);
      expect(JSON.parse(out)).toEqual({ modelId, ...described });
    }
    const { status, out } = await command('model', [modelId]);
    expect(status).toBe(0);
    expect(out.split('\n')).toEqual([
      `model    ${modelId}`,
      'name     breast-cancer',
      `SHA-256  ${modelHash}`,
      'state    ready',
      '',
      'input   measurements  FP32  [?, 30]',
      'output  probability   FP32  [?]',
      '',
    ]);
  });

  test('takes a name of one of the own models, unless several have it', async () => {
    await upload('chest x-ray');
    const { out } = await command('model', ['chest x-ray', '--json']);
    expect(JSON.parse(out)).toMatchObject({ modelId: 'chest x-ray', name: 'chest x-ray' });
    const stranger = await command('model', ['chest x-ray'], 'stranger');
    expect(stranger.status).toBe(1);
    expect(stranger.err).toContain('not-found: ');
    await upload('chest x-ray');
    const ambiguous = await command('model', ['chest x-ray']);
    expect(ambiguous.status).toBe(1);
    expect(ambiguous.err).toContain('ambiguous-name: several models have this name: use an id');
  });

  test('that is absent is refused by the server', async () => {
    const { status, out, err } = await command('model', ['00000000-0000-4000-8000-000000000000']);
    expect(status).toBe(1);
    expect(out).toBe('');
    expect(err).toContain('not-found: there is no such model');
  });
});

/** A file to check, in place of the one before. */
function file(bytes: Uint8Array | string): string {
  const path = join(folder, 'checked.onnx');
  writeFileSync(path, bytes);
  return path;
}

describe('blindai model check', () => {
  const custom = model({
    nodes: [node('Op', ['x'], ['y']).text(3, 'mine').text(7, 'com.example')],
    inputs: [],
    outputs: [],
  });
  const reason =
    'node "mine" (Op): operators of domain "com.example" are not taken, and the model does not define this one';

  test('accepts with 0 what the server takes, and describes it', async () => {
    const { status, out, err } = await blindai(['model', 'check', example, '--json']);
    expect(status).toBe(0);
    expect(err).toBe('');
    expect(JSON.parse(out)).toEqual({
      accepted: true,
      bytes: 3590,
      irVersion: 7,
      operatorSets: { 'ai.onnx': 13 },
      nodes: 8,
      functions: 0,
      graphDepth: 1,
      constants: 7,
      constantBytes: 2300,
    });
    const shown = await blindai(['model', 'check', example]);
    expect(shown).toMatchObject({ status: 0, err: '' });
    expect(shown.out).toMatch(/^size +3,590 bytes\n[^]*\nACCEPTED\n$/);
  });

  test('refuses with 1 what the server refuses, in the same words', async () => {
    const { status, out } = await blindai(['model', 'check', file(custom), '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(out)).toEqual({
      accepted: false,
      bytes: custom.length,
      code: 'model-refused',
      message: reason,
    });
    expect(await blindai(['model', 'check', file(custom)])).toEqual({
      status: 1,
      out: `REFUSED: ${reason}\n`,
      err: '',
    });
    const uploaded = await command('upload', [file(custom)]);
    expect(uploaded.status).toBe(1);
    expect(uploaded.err).toContain(`model-refused: ${reason}`);
  });

  test('takes the domains that a server is set to take', async () => {
    const args = ['model', 'check', file(custom), '--operator-domains'];
    expect(await blindai([...args, 'com.other, com.example'])).toMatchObject({ status: 0 });
    expect(await blindai([...args, 'com.other'])).toMatchObject({ status: 1 });
  });

  test.each([
    ['a file that is absent', 'absent.onnx', 'no such file'],
    ['a folder', '.', 'is no file'],
  ])('ends with 66 for %s', async (_, name, why) => {
    const { status, out, err } = await blindai(['model', 'check', join(folder, name)]);
    expect({ status, out }).toEqual({ status: 66, out: '' });
    expect(err).toContain(why);
  });

  test('ends with 66 for a file beyond the limit, without reading it', async () => {
    const path = file('');
    truncateSync(path, 2 ** 31 + 1);
    const { status, err } = await blindai(['model', 'check', path]);
    expect(status).toBe(66);
    expect(err).toContain('holds more than 2147483648 bytes');
  });

  test('ends with 64 without a file', async () => {
    expect(await blindai(['model', 'check'])).toMatchObject({ status: 64, out: '' });
  });
});

describe('usage', () => {
  test.each([
    [['models'], 64, 'missing required argument'],
    [['models', 'localhost'], 64, '--manifest'],
    [['model', 'localhost', '--simulation'], 64, 'missing required argument'],
    [['model', 'localhost', '', '--simulation'], 1, 'bad-input'],
    [['model', 'localhost', 'id', '--simulation', '--attested-port', '1'], 69, 'unreachable'],
    [['models', 'https://localhost', '--simulation'], 64, 'without a scheme'],
  ])('%j ends with %i and says why', async (args, status, reason) => {
    const token = join(folder, 'kept');
    writeFileSync(token, `${'A'.repeat(43)}\n`, { mode: 0o600 });
    const finished = await blindai([
      ...args,
      ...server.ports.filter(() => !args.includes('--attested-port')),
      '--owner-token-file',
      token,
    ]);
    expect(finished.err).toContain(reason);
    expect(finished.status).toBe(status);
    expect(finished.out).toBe('');
  });

  test.each(['models', 'model'])('%s --help prints examples and ends with 0', async (name) => {
    const { status, out } = await blindai([name, '--help']);
    expect(status).toBe(0);
    expect(out).toContain(`Usage: blindai ${name}`);
    expect(out).toMatch(/Examples:/);
  });
});
