// A runner that is caged, and starts threads without end once it is asked to run.
import { enterCage } from '../../../dist/runner/cage/cage.js';
import { readFrameStart, send, skipPayload } from '../../../dist/runner/channel.js';
import { prepareRunner } from '../../../dist/runner/prepare.js';
import { createRequire } from 'node:module';

const koffi = createRequire(import.meta.url)('koffi');
const library = koffi.load(null);
const create = library.func(
  'int pthread_create(void *thread, void *attributes, void *start, void *argument)',
);
const sleep = library.symbol('sleep');
const initialize = library.func('int pthread_attr_init(void *attributes)');
const setStack = library.func('int pthread_attr_setstacksize(void *attributes, size_t size)');
const attributes = new Uint8Array(64);
initialize(attributes);
setStack(attributes, 65536);
const start = () => create(new BigUint64Array(1), attributes, sleep, 1000n);

await prepareRunner();
const { header } = readFrameStart();
send({ kind: 'started', cage: enterCage(header) });
send({ kind: 'loaded', inputs: [], outputs: [] });
skipPayload(readFrameStart().payloadBytes);
for (;;) start();
