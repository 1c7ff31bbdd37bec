/**
 * Sacred Heart has patients whom nobody may see. With what PixelHealth handed over it runs PixelHealth's model on them:
 * on the code of its own manifest, and that very model or none.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@blindai/client/node';
import { ports } from '../ports.ts';
import { say } from '../quicktour/narration.ts';
import type { Patient } from '../quicktour/patients.ts';
import { reportError } from '../upload-run-delete/report-error.ts';

async function run(folder: string, patientsFile: string): Promise<void> {
  const modelId = await readFile(join(folder, 'model-id.txt'), 'utf8');
  const modelHash = await readFile(join(folder, 'model-hash.txt'), 'utf8');
  const patients = JSON.parse(await readFile(patientsFile, 'utf8')) as Patient[];
  const measurements = {
    data: Float32Array.from(patients.flatMap((each) => each.measurements)),
    shape: [patients.length, 30],
  };

  await using client = await connect('localhost', {
    ...ports,
    simulation: true,
    manifestFile: join(folder, 'manifest.toml'),
  });
  const { outputs } = await client.runModel(modelId, { measurements }, { modelHash });
  const [probability] = outputs;
  await writeFile(join(folder, 'results.json'), JSON.stringify(probability!.toNested()), {
    mode: 0o600,
  });
  say(`ran the model with SHA-256 ${modelHash} on ${patients.length} patients`);
}

try {
  const [folder, patientsFile] = process.argv.slice(2);
  if (folder === undefined || patientsFile === undefined)
    throw new Error('say where things are: FOLDER PATIENTS.json');
  await run(folder, patientsFile);
} catch (error) {
  reportError(error);
}
