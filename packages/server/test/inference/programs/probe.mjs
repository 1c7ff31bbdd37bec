// A runner that tells what it was given, in a refusal.
import { readdirSync, readlinkSync } from 'node:fs';
import { cageSteps } from '../../../dist/inference/messages.js';
import { readFrameStart, send } from '../../../dist/runner/channel.js';

const descriptors = readdirSync('/proc/self/fd')
  .map(Number)
  .filter((descriptor) => descriptor <= 4 || descriptor >= 100)
  .map((descriptor) => {
    try {
      return `${descriptor} ${readlinkSync(`/proc/self/fd/${descriptor}`).replace(/:.*/, '')}`;
    } catch {
      return null;
    }
  })
  .filter((line) => line !== null);

readFrameStart();
send({ kind: 'started', cage: cageSteps });
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
