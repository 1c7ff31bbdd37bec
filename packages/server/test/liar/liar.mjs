// A program in the place of a runner, that lies: the "model" it is given is when it lies (load, idle, run) and
// the name of the lie. Where the lie comes later, it first does what an honest runner would do for a model
// `y = x`, with a flag.
import { readSync } from 'node:fs';
import { readFrameStart, readInto, skipPayload } from '../../dist/runner/channel.js';
import { takeModelFile } from '../../dist/runner/model-file.js';
import { flag, frame, loaded, ran, send, sleep, started, x, y } from './frames.mjs';
import { doubleLoadLies, loadLies, slowLoadLies } from './load-lies.mjs';
import { doubleLies, ends, runLies, slowRunLies } from './run-lies.mjs';

/** Said without being asked. */
const idleLies = {
  'an answer that nobody asked for': () => send(ran),
  'a byte that nobody asked for': () => send(new Uint8Array(1)),
};
const badStarts = {
  'no cage': () => send(frame({ kind: 'started', cage: [] }), loaded),
  'ends with a status': () => process.exit(3),
};
const atLoad = { ...loadLies, ...doubleLoadLies, ...slowLoadLies, ...badStarts };
const atRun = { ...runLies, ...doubleLies, ...slowRunLies, ...ends };

if (process.argv[2] === '--list') {
  const groups = {
    loadLies,
    doubleLoadLies,
    slowLoadLies,
    idleLies,
    runLies,
    doubleLies,
    slowRunLies,
  };
  const names = Object.entries(groups).map(([group, lies]) => [group, Object.keys(lies)]);
  process.stdout.write(JSON.stringify(Object.fromEntries(names)));
  process.exit(0);
}

const { header } = readFrameStart();
takeModelFile();
const name = Buffer.alloc(header.modelBytes);
readSync(4, name, 0, name.length, 0);
const [when, lie] = name.toString().split('/');

if (when === 'load') atLoad[lie]();
else {
  // Only here the input may be as long as the caller likes.
  const isDeaf = lie === 'an answer to what it did not hear';
  const spec = isDeaf ? { ...x, shape: [null] } : x;
  send(started, isDeaf ? frame({ kind: 'loaded', inputs: [spec], outputs: [y, flag] }) : loaded);
  if (when === 'idle') idleLies[lie]();
  for (;;) {
    const { payloadBytes } = readFrameStart();
    if (isDeaf) {
      send(ran);
      for (;;) sleep(1000);
    }
    const inputs = readInto(new Uint8Array(payloadBytes));
    if (when === 'run') atRun[lie]();
    else send(frame({ kind: 'ran', tensors: [y, flag] }, inputs, Uint8Array.of(1)));
  }
}
// Whoever lied waits for what comes of it.
for (;;) skipPayload(readFrameStart().payloadBytes);
