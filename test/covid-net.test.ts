import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPicture } from '../examples/covid-net/picture-file.ts';
import {
  cropCentre,
  cropTop,
  type ModelInput,
  type Picture,
  preprocess,
  resize,
} from '../examples/covid-net/preprocessing.ts';
import { blindai, serve, type Serving } from './support/command.ts';
import { sharedAvailable, sharedFolder } from './support/optional.ts';
import { python, pythonAvailable } from './support/python.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = join(root, 'examples/dist/covid-net/covid-net.js');
const model = join(sharedFolder, 'models/covid_cxr_cnn.onnx');
const xRay = join(sharedFolder, 'models/positive_image.png');

/** What the model at hand wants, and what COVID-Net itself does. */
const inputs: readonly ModelInput[] = [
  { size: 128, layout: 'nchw', order: 'rgb' },
  { size: 480, layout: 'nhwc', order: 'bgr' },
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'blindai-covid-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A picture whose samples tell where they were: row, column, 7. */
function placed(width: number, height: number): Picture {
  const samples = new Uint8Array(width * height * 3).fill(7);
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1)
      samples.set([row, column], (row * width + column) * 3);
  return { width, height, samples };
}
const first = ({ samples }: Picture): number[] => [...samples.subarray(0, 3)];

describe('the steps', () => {
  test('cut off the top, rounded down', () => {
    const cut = cropTop(placed(5, 99), 0.08);
    expect([cut.width, cut.height, first(cut)]).toEqual([5, 92, [7, 0, 7]]);
  });

  test.each([
    [10, 7, 7, [0, 1, 7]],
    [7, 10, 7, [1, 0, 7]],
    [6, 6, 6, [0, 0, 7]],
  ])('keep the square in the middle of %i x %i', (width, height, edge, corner) => {
    const square = cropCentre(placed(width, height));
    expect([square.width, square.height, first(square)]).toEqual([edge, edge, corner]);
  });

  test('interpolate between pixels, and repeat the outermost', () => {
    const line = { width: 2, height: 1, samples: Uint8Array.of(0, 10, 100, 100, 20, 0) };
    const reds = resize(line, 4).samples.filter((_, at) => at % 3 === 0);
    expect([...reds.subarray(0, 4)]).toEqual([0, 25, 75, 100]);
    expect(resize(placed(9, 9), 9)).toEqual(placed(9, 9));
  });

  test('order dimensions and channels, and divide by 255', () => {
    const dot = { width: 1, height: 1, samples: Uint8Array.of(255, 51, 0) };
    const channels = (input: ModelInput) => preprocess(dot, input);
    const one = Math.fround(1);
    const fifth = Math.fround(0.2);
    expect(channels({ size: 1, layout: 'nchw', order: 'rgb' })).toEqual({
      data: Float32Array.of(one, fifth, 0),
      shape: [1, 3, 1, 1],
    });
    expect(channels({ size: 1, layout: 'nhwc', order: 'bgr' })).toEqual({
      data: Float32Array.of(0, fifth, one),
      shape: [1, 1, 1, 3],
    });
  });
});

/**
 * The same steps in Python. Pillow interpolates between four pixels when it transforms, not when it resizes; it
 * is given floats, so that rounding is left to the end.
 */
const steps = `
import json, sys, numpy
from PIL import Image
def preprocess(image, size, layout, order):
    image = image[int(image.shape[0] * 0.08):]
    edge = min(image.shape[0], image.shape[1])
    top, left = int((image.shape[0] - edge) / 2), int((image.shape[1] - edge) / 2)
    image = image[top:top + edge, left:left + edge]
    def scale(channel):
        padded = Image.fromarray(numpy.pad(channel.astype('f4'), 1, mode='edge'))
        share = edge / size
        return numpy.asarray(padded.transform((size, size), Image.AFFINE, (share, 0, 1, 0, share, 1), Image.BILINEAR))
    image = numpy.stack([scale(image[:, :, channel]) for channel in range(3)], axis=2)
    image = numpy.floor(image + 0.5).astype('f4') / numpy.float32(255)
    if order == 'bgr': image = image[:, :, ::-1]
    if layout == 'nchw': image = image.transpose(2, 0, 1)
    return numpy.ascontiguousarray(image[numpy.newaxis])
`;

/** How the elements differ: where Pillow's single precision falls on the other side of a half, by 1 of 255. */
function compare(
  ours: Float32Array,
  theirs: readonly number[],
): { rounded: number; worst: number } {
  expect(ours).toHaveLength(theirs.length);
  const apart = Array.from(ours, (element, at) => Math.abs(element - theirs[at]!));
  return {
    rounded: apart.filter((each) => each > 1e-6).length / apart.length,
    worst: apart.reduce((most, each) => Math.max(most, each), 0),
  };
}

describe.runIf(pythonAvailable('numpy', 'PIL'))('Python', () => {
  test.each(inputs)('has the same numbers: $size pixels, $layout, $order', (input) => {
    const samples = Array.from({ length: 211 * 173 * 3 }, (_, at) => (at * 89 + (at >> 4)) % 256);
    const theirs = python(
      `${steps}
image = numpy.array(json.load(sys.stdin), 'u1').reshape(173, 211, 3)
print(json.dumps(preprocess(image, **${JSON.stringify(input)}).flatten().tolist()))`,
      folder,
      samples,
    ) as number[];
    const ours = preprocess({ width: 211, height: 173, samples: Uint8Array.from(samples) }, input);
    const { rounded, worst } = compare(ours.data, theirs);
    expect(rounded).toBeLessThan(0.0001);
    expect(worst).toBeLessThan(1.001 / 255);
  });
});

/** The model's scores as the engine gives them, without a server. */
function direct(data: Float32Array): number[] {
  const file = join(folder, 'input.f32');
  writeFileSync(file, data);
  const script = `
    import ort from 'onnxruntime-node';
    import { readFileSync } from 'node:fs';
    const [model, file] = process.argv.slice(1);
    const data = new Float32Array(new Uint8Array(readFileSync(file)).buffer);
    const session = await ort.InferenceSession.create(model);
    const input = new ort.Tensor('float32', data, [1, 3, 128, 128]);
    const { [session.outputNames[0]]: scores } = await session.run({ [session.inputNames[0]]: input });
    console.log(JSON.stringify([...scores.data]));`;
  const printed = execFileSync(
    process.execPath,
    ['--input-type=module', '--eval', script, model, file],
    { cwd: root, encoding: 'utf8', env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' } },
  );
  return JSON.parse(printed) as number[];
}

describe.runIf(sharedAvailable('models/covid_cxr_cnn.onnx'))('a served model', () => {
  let server: Serving;
  beforeAll(async () => {
    server = await serve();
  });
  afterAll(() => server.stop());

  const options = ['--size', '128', '--layout', 'nchw', '--order', 'rgb'];
  const labels = ['--labels', 'COVID,NORMAL,PNEUMONIA'];
  const example = async (...args: string[]): Promise<Record<string, number>> => {
    const ports = server.ports.slice(2); // the unattested port is of no use to it
    const { stdout } = await promisify(execFile)(process.execPath, [
      program,
      ...args,
      '--simulation',
      ...ports,
    ]);
    return Object.fromEntries(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => {
          const [label, score] = line.split(/ +/);
          return [label!, Number(score)];
        }),
    );
  };
  test('gives the scores that the engine gives without it', async () => {
    const scores = await example(model, xRay, ...options, ...labels);
    expect(Object.keys(scores)).toEqual(['COVID', 'NORMAL', 'PNEUMONIA']);
    const { data } = preprocess(await readPicture(xRay), inputs[0]!);
    for (const [index, score] of direct(data).entries())
      expect(Object.values(scores)[index]).toBeCloseTo(score, 4);
  });

  test('gives probabilities where it is asked to, and has the model deleted', async () => {
    const scores = Object.values(await example(model, xRay, ...options));
    const probabilities = await example(model, xRay, ...options, ...labels, '--softmax');
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    for (const [index, probability] of Object.values(probabilities).entries())
      expect(probability).toBeCloseTo(Math.exp(scores[index]!) / sum, 5);
    const log = server.log();
    expect(log.match(/"status":200,"route":"POST \/delete"/g)?.length).toBe(
      log.match(/"status":200,"route":"POST \/upload"/g)?.length,
    );
  });

  test('gives the command line the same, in the same steps', async () => {
    const uploaded = await blindai([
      'upload',
      'localhost',
      model,
      '--simulation',
      ...server.ports,
      '--owner-token-file',
      join(folder, 'owner-token'),
    ]);
    const ran = await blindai([
      'run',
      'localhost',
      uploaded.out.trim(),
      '--simulation',
      ...server.ports,
      '--input',
      xRay,
      '--crop=top=8%',
      '--crop=square',
      '--resize=128x128',
      '--no-antialias',
      '--scale=1/255',
      '--json',
    ]);
    expect(ran.status).toBe(0);
    const { outputs } = JSON.parse(ran.out) as { outputs: { data: number[][] }[] };
    const scores = Object.values(await example(model, xRay, ...options));
    for (const [index, score] of outputs[0]!.data[0]!.entries())
      expect(scores[index]).toBeCloseTo(score, 4);
  });

  test.runIf(pythonAvailable('numpy', 'PIL'))(
    'gives the input of Python the same scores',
    async () => {
      const theirs = python(
        `${steps}
image = numpy.asarray(Image.open(${JSON.stringify(xRay)}).convert('RGB'))
print(json.dumps(preprocess(image, 128, 'nchw', 'rgb').flatten().tolist()))`,
        folder,
      ) as number[];
      const { data } = preprocess(await readPicture(xRay), inputs[0]!);
      const { rounded, worst } = compare(data, theirs);
      expect(rounded).toBeLessThan(0.0001);
      expect(worst).toBeLessThan(1.001 / 255);
      const ours = Object.values(await example(model, xRay, ...options));
      for (const [index, score] of direct(Float32Array.from(theirs)).entries())
        expect(ours[index]).toBeCloseTo(score, 2);
    },
  );

  test('says how it is called', async () => {
    const failure: unknown = await promisify(execFile)(process.execPath, [program]).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('Usage: covid-net') as string,
    });
    const { stdout } = await promisify(execFile)(process.execPath, [program, '--help']);
    expect(stdout).toContain('Usage: covid-net');
  });
});
