/**
 * A chest X-ray and a model that judges it meet on a server where nobody else can look. `--help` tells how to
 * call it; README.md tells the rest.
 */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { connect, type ConnectOptions } from '@blindai/client/node';
import { readPicture } from './picture-file.ts';
import { preprocess } from './preprocessing.ts';

const help = `Usage: covid-net MODEL.onnx X-RAY.png [options]

Uploads a model to a BlindAI server, runs it on a chest X-ray, prints its scores, and deletes it.

  --host NAME              the server (localhost)
  --simulation             accept simulated hardware, which protects nothing
  --manifest FILE          the code to accept; one of these two is needed
  --attested-port PORT     (9924)
  --management-port PORT   (9925)
  --size PIXELS            of the model's input (480)
  --layout nhwc|nchw       of the model's input (nhwc)
  --order bgr|rgb          of the model's channels (bgr)
  --labels A,B,…           what the scores stand for
  --softmax                make probabilities of the scores of a model that ends without them
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      host: { type: 'string', default: 'localhost' },
      simulation: { type: 'boolean', default: false },
      manifest: { type: 'string' },
      'attested-port': { type: 'string', default: '9924' },
      'management-port': { type: 'string', default: '9925' },
      size: { type: 'string', default: '480' },
      layout: { type: 'string', default: 'nhwc' },
      order: { type: 'string', default: 'bgr' },
      labels: { type: 'string' },
      softmax: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [model, xRay, ...more] = positionals;
  if (values.help || model === undefined || xRay === undefined || more.length > 0) {
    (values.help ? process.stdout : process.stderr).write(help);
    process.exitCode = values.help ? 0 : 64;
    return;
  }
  const size = oneOf('size', values.size, /^[1-9]\d{0,3}$/);
  const layout = oneOf('layout', values.layout, /^(nhwc|nchw)$/) as 'nhwc' | 'nchw';
  const order = oneOf('order', values.order, /^(bgr|rgb)$/) as 'bgr' | 'rgb';
  const input = preprocess(await readPicture(xRay), { size: Number(size), layout, order });

  const options: ConnectOptions = {
    attestedPort: Number(values['attested-port']),
    managementPort: Number(values['management-port']),
    simulation: values.simulation,
    manifestFile: values.manifest,
  };
  // Whoever owns the model, and whoever has the X-ray: each proves the server for itself.
  await using owner = await connect(values.host, options);
  await using hospital = await connect(values.host, options);
  const { modelId } = await owner.uploadModel(model, { name: basename(model) });
  try {
    const { outputs } = await hospital.runModel(modelId, input);
    const scores = [...(outputs[0]!.data as Float32Array)];
    printScores(values.softmax ? softmax(scores) : scores, values.labels?.split(',') ?? []);
  } finally {
    await owner.deleteModel(modelId);
  }
}

function oneOf(option: string, value: string, form: RegExp): string {
  if (!form.test(value)) throw new Error(`--${option} cannot be ${JSON.stringify(value)}`);
  return value;
}

function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function printScores(scores: readonly number[], labels: readonly string[]): void {
  const names = scores.map((_, index) => labels[index] ?? String(index));
  const width = Math.max(...names.map((name) => name.length));
  for (const [index, score] of scores.entries())
    process.stdout.write(`${names[index]!.padEnd(width)}  ${score.toFixed(6)}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`covid-net: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
