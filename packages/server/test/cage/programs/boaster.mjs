// A runner that says that all of its cage is closed, and closes none of it.
import { cageMechanisms } from '../../../dist/inference/messages.js';
import { readFrameStart, send } from '../../../dist/runner/channel.js';

readFrameStart();
send({
  kind: 'started',
  cage: cageMechanisms.map((mechanism) => ({ mechanism, inForce: true, detail: 'of course' })),
});
send({ kind: 'loaded', inputs: [], outputs: [] });
readFrameStart();
