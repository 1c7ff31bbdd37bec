// A runner that is caged, and tries system calls that it may not make: the "model" it is given is the list of
// their names, with how often. It refuses the model with what became of them.
import { readSync } from 'node:fs';
import { enterCage } from '../../../dist/runner/cage/cage.js';
import { readFrameStart, send } from '../../../dist/runner/channel.js';
import { takeModelFile } from '../../../dist/runner/model-file.js';
import { prepareRunner } from '../../../dist/runner/prepare.js';
import { callKernel } from '../../../dist/platform/kernel.js';

await prepareRunner();
const { header } = readFrameStart();
takeModelFile();
const cage = enterCage(header);
send({ kind: 'started', cage });
const text = Buffer.alloc(header.modelBytes);
readSync(4, text, 0, text.length, 0);
const said = {};
for (const [name, times] of JSON.parse(text.toString())) {
  for (let count = 0; count < times; count++) {
    let outcome = 'done';
    try {
      callKernel(name);
    } catch (error) {
      outcome = error.errno;
    }
    said[outcome] = (said[outcome] ?? 0) + 1;
  }
}
send({ kind: 'refused', code: 'model-refused', message: JSON.stringify(said) });
readFrameStart();
