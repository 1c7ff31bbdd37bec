// A server reduced to its pool: loads two models, tells their runners' process ids, runs the second for ever,
// and is loading a third when it does.
import { RunnerPool } from '../../../dist/inference/pool.js';
import { leastDemanded } from '../../../dist/inference/runner-cage.js';
import { ownUsers, sharedUser } from '../../../dist/inference/runner-users.js';
import { createModelBytes } from '../../../dist/models/model-bytes.js';
import { runnerLog } from './runner-log.mjs';

const [range, ...models] = process.argv.slice(2);
const users = range === 'null' ? sharedUser('a test') : ownUsers(JSON.parse(range));
const runners = [];
const log = runnerLog(runners);
const config = {
  runnerMemoryBytes: 512 * 1024 ** 2,
  maxQueuedRuns: 1,
  maxTensors: 8,
  maxRank: 8,
  loadTimeoutMs: 20_000,
  cores: 8,
  threadsPerRunner: 1,
};
const pool = new RunnerPool(config, log, { users, demanded: leastDemanded });
const load = (hex) => {
  const writer = createModelBytes(1024 ** 2);
  writer.write(Buffer.from(hex, 'hex'));
  return pool.load(writer.seal(), { optimize: true }, { timeoutMs: 20_000 });
};
await load(models[0]);
const looping = await load(models[1]);
const loaded = [...runners];
const bytes = new Uint8Array(BigInt64Array.of(2n ** 62n).buffer);
void looping.run([{ name: null, datatype: 'INT64', shape: [], bytes }], { timeoutMs: 60_000 });
void load(models[0]);
setImmediate(() => process.stdout.write(JSON.stringify(loaded)));
