/** The smallest whole program: verify a server, upload a model, run it, delete it. README.md tells how to call it. */
import { readFile } from 'node:fs/promises';
import { connect, type RunInputs } from '@blindai/client/node';
import { ports } from '../ports.ts';
import { say } from '../quicktour/narration.ts';
import { reportError } from './report-error.ts';

try {
  const [manifestFile, model, inputsFile] = process.argv.slice(2);
  if (manifestFile === undefined || model === undefined || inputsFile === undefined)
    throw new Error(
      'give a manifest, a model and its inputs: MANIFEST.toml MODEL.onnx INPUTS.json',
    );
  const inputs = JSON.parse(await readFile(inputsFile, 'utf8')) as RunInputs;

  // For real hardware leave `simulation` out; nothing else changes.
  await using client = await connect('localhost', { ...ports, simulation: true, manifestFile });
  const { modelId } = await client.uploadModel(model);
  try {
    const { outputs } = await client.runModel(modelId, inputs);
    for (const { name, data } of outputs) say(`${name} = ${data.join(', ')}`);
  } finally {
    await client.deleteModel(modelId);
  }
} catch (error) {
  reportError(error);
}
