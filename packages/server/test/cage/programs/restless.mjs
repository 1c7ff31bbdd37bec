// A runner that is caged, and computes on once it has answered.
import { enterCage } from '../../../dist/runner/cage/cage.js';
import { readFrameStart, send, skipPayload } from '../../../dist/runner/channel.js';
import { prepareRunner } from '../../../dist/runner/prepare.js';

await prepareRunner();
const { header } = readFrameStart();
send({ kind: 'started', cage: enterCage(header) });
send({ kind: 'loaded', inputs: [], outputs: [] });
skipPayload(readFrameStart().payloadBytes);
send({ kind: 'ran', tensors: [] });
for (;;);
