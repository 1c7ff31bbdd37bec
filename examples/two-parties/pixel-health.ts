/**
 * PixelHealth has a model that nobody may copy. It uploads it and hands over what Sacred Heart needs to run it; later
 * it takes the model back.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@blindai/client/node';
import { ports } from '../ports.ts';
import { say } from '../quicktour/narration.ts';
import { reportError } from '../upload-run-delete/report-error.ts';

async function upload(folder: string, model: string): Promise<void> {
  const manifestFile = join(folder, 'manifest.toml');
  const ownerToken = await ownerTokenOf(folder);
  await using client = await connect('localhost', {
    ...ports,
    simulation: true,
    manifestFile,
    ownerToken,
  });
  const { modelId, modelHash } = await client.uploadModel(model);

  const handover = join(folder, 'handover');
  await mkdir(handover, { recursive: true });
  await writeFile(join(handover, 'model-id.txt'), modelId, { mode: 0o600 });
  await writeFile(join(handover, 'model-hash.txt'), modelHash);
  await copyFile(manifestFile, join(handover, 'manifest.toml'));
  say(`uploaded the model with SHA-256 ${modelHash}`);
}

async function takeBack(folder: string): Promise<void> {
  await using client = await connect('localhost', {
    ...ports,
    simulation: true,
    manifestFile: join(folder, 'manifest.toml'),
    ownerToken: await ownerTokenOf(folder),
  });
  await client.deleteModel(await readFile(join(folder, 'handover/model-id.txt'), 'utf8'));
  say('took the model back');
}

/** The only proof of who owns the models: made once, before there is anything to lose, and never handed over. */
async function ownerTokenOf(folder: string): Promise<string> {
  const file = join(folder, 'owner-token.txt');
  try {
    await writeFile(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return await readFile(file, 'utf8');
}

try {
  const [action, folder, model] = process.argv.slice(2);
  if (action === 'upload' && folder !== undefined && model !== undefined)
    await upload(folder, model);
  else if (action === 'take-back' && folder !== undefined) await takeBack(folder);
  else throw new Error('say what to do: upload FOLDER MODEL.onnx, or take-back FOLDER');
} catch (error) {
  reportError(error);
}
