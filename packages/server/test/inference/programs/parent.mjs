// A server reduced to its pool: loads the model that it is given in hex, tells its runner's process id or why
// there is none, and then runs the model on the largest number of rounds.
import { openSync, writeSync } from 'node:fs';
import { RunnerPool } from '../../../dist/inference/pool.js';
import { createModelBytes } from '../../../dist/models/model-bytes.js';
import { fcntl } from '../../../dist/platform/fcntl.js';

// As if it had been inherited: a duplicate that is not closed in processes that are started from here.
const F_DUPFD = 0;
fcntl(openSync('/proc/self/status'), F_DUPFD, 110);

const [hex, program] = process.argv.slice(2);
const silent = () => undefined;
const log = {
  error: silent,
  warn: silent,
  debug: silent,
  info: ({ event, runner }) => {
    if (event === 'runner-started') writeSync(1, `${runner}\n`);
  },
};
const config = {
  runnerMemoryBytes: 512 * 1024 ** 2,
  maxQueuedRuns: 1,
  maxTensors: 8,
  maxRank: 8,
  loadTimeoutMs: 20_000,
};
const pool = new RunnerPool(config, log, undefined, program);
const writer = createModelBytes(1024 ** 2);
writer.write(Buffer.from(hex, 'hex'));
try {
  const model = await pool.load(writer.seal(), { optimize: true }, { timeoutMs: 20_000 });
  const bytes = new Uint8Array(BigInt64Array.of(2n ** 62n).buffer);
  await model.run([{ name: null, datatype: 'INT64', shape: [], bytes }], { timeoutMs: 60_000 });
} catch (error) {
  writeSync(1, `${error.message}\n`);
}
await pool.close();
