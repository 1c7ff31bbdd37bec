// A runner that tells what it was given, in a refusal.
import { readdirSync, readlinkSync } from 'node:fs';
import { leastDemanded } from '../../../dist/inference/runner-cage.js';
import { readFrameStart, send } from '../../../dist/runner/channel.js';
import { takeModelFile } from '../../../dist/runner/model-file.js';

readFrameStart();
takeModelFile();
const descriptors = readdirSync('/proc/self/fd')
  .map(Number)
  .filter((descriptor) => descriptor <= 5 || descriptor >= 100)
  .map((descriptor) => {
    try {
      return `${descriptor} ${readlinkSync(`/proc/self/fd/${descriptor}`).replace(/:.*/, '')}`;
    } catch {
      return null;
    }
  })
  .filter((line) => line !== null);

const cage = leastDemanded.map((mechanism) => ({ mechanism, inForce: true, detail: 'nothing' }));
send({ kind: 'started', cage });
send({
  kind: 'refused',
  code: 'model-refused',
  message: JSON.stringify({
    environment: process.env,
    folder: readdirSync('.'),
    descriptors,
  }),
});
readFrameStart();
