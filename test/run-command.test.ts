import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blindai, type Finished, serve, type Serving } from './support/command.ts';
import { sharedAvailable, sharedFolder } from './support/optional.ts';
import { python, pythonAvailable } from './support/python.ts';

const example = (name: string): string =>
  fileURLToPath(new URL(`../examples/breast-cancer/${name}`, import.meta.url));

interface Patient {
  readonly measurements: readonly number[];
  readonly probability: number;
}
const patients = (JSON.parse(readFileSync(example('patients.json'), 'utf8')) as Patient[]).slice(
  0,
  3,
);
const measurements = patients.map((patient) => patient.measurements);

let server: Serving;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'blindai-run-'));
  server = await serve();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, content: string | Uint8Array): void =>
  writeFileSync(join(folder, name), content);

async function upload(file: string): Promise<string> {
  const token = ['--owner-token-file', join(folder, 'owner-token')];
  const { status, out } = await blindai([
    'upload',
    'localhost',
    file,
    '--simulation',
    ...server.ports,
    ...token,
  ]);
  expect(status).toBe(0);
  return out.trim();
}

const run = (model: string, ...args: string[]): Promise<Finished> =>
  blindai(['run', 'localhost', model, '--simulation', ...server.ports, ...args], { cwd: folder });

interface Output {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
const outputsOf = ({ out }: Finished): Output[] =>
  (JSON.parse(out) as { outputs: Output[] }).outputs;

function expectProbabilities(found: readonly number[]): void {
  expect(found).toHaveLength(patients.length);
  for (const [index, { probability }] of patients.entries())
    expect(found[index]).toBeCloseTo(probability, 4);
}

describe('a model with one input', () => {
  let model: string;
  beforeAll(async () => {
    model = await upload(example('breast-cancer.onnx'));
    write('patients.json', JSON.stringify({ measurements }));
    write('patients.raw', new Uint8Array(Float32Array.from(measurements.flat()).buffer));
  });

  test.each([
    ['JSON by name', ['patients.json']],
    ['bare elements, in order', ['patients.raw:FP32:3,30']],
    ['bare elements, by name', ['measurements=patients.raw:FP32:3,30']],
  ])('runs on %s', async (_what, inputs) => {
    const finished = await run(model, '--json', ...inputs.flatMap((input) => ['--input', input]));
    expect(finished.status).toBe(0);
    const [probability] = outputsOf(finished);
    expect(probability).toMatchObject({ name: 'probability', datatype: 'FP32', shape: [3] });
    expectProbabilities(probability!.data);
  });

  test('prints a table for people', async () => {
    const { out, status } = await run(model, '--input', 'patients.json');
    expect(status).toBe(0);
    expect(out).toMatch(/^probability: FP32 \[3\]\n {2}\[/);
  });

  test('writes its output, which is an input again', async () => {
    const written = await run(model, '--input', 'patients.json', '--output', 'out.npy');
    expect(written).toMatchObject({ status: 0, out: '' });
    expect(written.err).toContain('wrote out.npy: probability FP32 [3]');
    const told = await run(model, '--input', 'patients.json', '--output', 'out.npz', '--json');
    expect(JSON.parse(told.out)).toEqual({
      written: 'out.npz',
      outputs: [{ name: 'probability', datatype: 'FP32', shape: [3] }],
    });
    const again = await run(model, '--input', 'measurements=out.npy');
    expect(again.status).toBe(1);
    expect(again.err).toContain('bad-input: ');
  });

  test.runIf(pythonAvailable('numpy'))(
    'runs on what NumPy wrote, and NumPy reads what it gave',
    async () => {
      python(
        `
import json, numpy
x = numpy.array(json.load(open('patients.json'))['measurements'], dtype='f4')
numpy.save('plain.npy', x)
numpy.save('other.npy', numpy.asfortranarray(x.astype('>f4')))
numpy.savez('named.npz', measurements=x)
numpy.savez_compressed('ordered.npz', x)
print('null')`,
        folder,
      );
      for (const input of ['plain.npy', 'other.npy', 'named.npz', 'ordered.npz']) {
        expect(await run(model, '--input', input, '--output', 'found.npz')).toMatchObject({
          status: 0,
        });
        expectProbabilities(
          python(
            "import json, numpy; print(json.dumps(numpy.load('found.npz')['probability'].tolist()))",
            folder,
          ) as number[],
        );
      }
    },
  );

  test.each([
    ['a file that is not there', 66, ['--input', 'absent.npy'], 'absent.npy: no such file'],
    ['a file of nothing known', 64, ['--input', 'noise'], 'give FILE:DATATYPE:SHAPE'],
    ['a .npy file cut short', 64, ['--input', 'short.npy'], 'ends within its header'],
    ['too few elements', 64, ['--input', 'patients.raw:FP32:4,30'], 'has 480 bytes, not 360'],
    ['no input', 64, [], "required option '--input"],
    [
      'options for pictures',
      64,
      ['--input', 'patients.json', '--resize', '2x2'],
      '--resize: for pictures',
    ],
    [
      'another kind of output',
      64,
      ['--input', 'patients.json', '--output', 'a.txt'],
      '.npy or .npz',
    ],
    [
      'an option that is none',
      64,
      ['--input', 'patients.json', '--crop', 'round'],
      'expected square',
    ],
  ])('%s ends with %i before a connection is made', async (_what, status, args, reason) => {
    write('noise', 'noise');
    write('short.npy', Buffer.from('\u0093NUMPY\u0001\u0000\u0010', 'latin1'));
    // Nobody listens on port 1: a connection would end with 69.
    const finished = await blindai(
      ['run', 'localhost', model, '--simulation', '--attested-port', '1', ...args],
      { cwd: folder },
    );
    expect(finished.err).toContain(reason);
    expect(finished).toMatchObject({ status, out: '' });
  });

  test('an output that cannot be written ends with 66', async () => {
    const finished = await run(model, '--input', 'patients.json', '--output', 'absent/out.npy');
    expect(finished.status).toBe(66);
    expect(finished.err).toContain('cannot write absent/out.npy');
  });
});

describe.runIf(sharedAvailable('models/silero_vad_v5.onnx'))('a model with three inputs', () => {
  test('takes them by name, each from a file of its own, and gives two outputs', async () => {
    const model = await upload(join(sharedFolder, 'models/silero_vad_v5.onnx'));
    write('audio.raw', new Uint8Array(512 * 4));
    write('state.json', JSON.stringify({ data: Array(256).fill(0), shape: [2, 1, 128] }));
    write('rate.json', '{"datatype": "INT64", "data": 16000}');
    const inputs = ['sr=rate.json', 'input=audio.raw:FP32:1,512', 'state=state.json'].flatMap(
      (input) => ['--input', input],
    );
    const finished = await run(model, '--json', ...inputs);
    expect(finished.status).toBe(0);
    expect(outputsOf(finished).map(({ name, shape }) => [name, shape])).toEqual([
      ['output', [1, 1]],
      ['stateN', [2, 1, 128]],
    ]);
    const refused = await run(model, ...inputs, '--output', 'both.npy');
    expect(refused.status).toBe(64);
    expect(refused.err).toContain('2 outputs');
    expect(await run(model, ...inputs, '--output', 'both.npz')).toMatchObject({ status: 0 });
    const next = await run(model, ...inputs.slice(0, 4), '--input', 'both.npz', '--json');
    expect(next.status, 'output is no input of it').toBe(1);
    expect(next.err).toContain('bad-input');
  });
});
