// A server reduced to its pools, in whatever surroundings it is started: makes all attempts without a cage, and
// then from the place of a model under the cage that this machine allows, while another model is asked. Prints
// what became of them as JSON. Its argument: a model that returns what it is given, in hexadecimal digits.
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { teeMarks } from '../../dist/evidence/detect.js';
import { RunnerPool } from '../../dist/inference/pool.js';
import { findIsolation } from '../../dist/isolation/find-isolation.js';
import { createModelBytes } from '../../dist/models/model-bytes.js';
import { addressOf } from '../../dist/platform/c-library.js';
import { fcntl } from '../../dist/platform/fcntl.js';
import { makeControls } from './controls.mjs';
import { Neighbour } from './neighbour.mjs';
import { startTarget } from './target-process.mjs';
import { runnerLog } from '../cage/programs/runner-log.mjs';

const MIB = 1024 ** 2;
const F_DUPFD = 0;

const attacker = fileURLToPath(new URL('./attacker.mjs', import.meta.url));

/** Small, so that it is soon reached. */
const runnerMemoryBytes = 256 * MIB;

const config = {
  runnerMemoryBytes,
  maxQueuedRuns: 4,
  maxTensors: 8,
  maxRank: 8,
  loadTimeoutMs: 60_000,
  cores: 4,
  threadsPerRunner: 1,
};

const patient = { timeoutMs: 60_000 };
/** For what goes on for ever. */
const short = { timeoutMs: 1000 };

const devices = teeMarks.map(({ path }) => path);
const canary = new Uint8Array(4096).fill(0x2a);
const runners = [];
const log = runnerLog(runners);

async function load(pool, bytes) {
  const writer = createModelBytes(MIB);
  writer.write(bytes);
  return pool.load(writer.seal(), { optimize: true }, patient);
}

/** Asks for one attempt, and takes the end of the process for an end of it. */
async function attackOnce(loaded, index, options) {
  const bytes = new Uint8Array(Int32Array.of(index).buffer);
  try {
    const input = { name: 'attempt', datatype: 'INT32', shape: [1], bytes };
    const [report] = await loaded.run([input], options);
    return JSON.parse(new TextDecoder().decode(report.bytes));
  } catch (error) {
    return { errno: error.code, call: null, onPoolThread: null };
  }
}

async function attack(pool, attempts, plan, neighbour) {
  const model = new TextEncoder().encode(plan);
  let loaded = await load(pool, model);
  const endings = [];
  for (const [index, attempt] of attempts.entries()) {
    const before = neighbour.answers;
    const options = attempt.endsBy === 'model-timeout' ? short : patient;
    const ending = await attackOnce(loaded, index, options);
    endings.push({ ...ending, answers: neighbour.answers - before });
    if (ending.call === null || attempt.spoils === true) {
      await loaded.unload();
      loaded = await load(pool, model);
    }
  }
  await loaded.unload();
  return endings;
}

async function end(result) {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => process.stdout.write(JSON.stringify(result), resolve));
  process.exit(0);
}

/** Whether a process does anything yet. */
function isAlive(pid) {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'blindai-break-out-'));
/** What may be reached for without the cage, and what from inside it. */
const [free, reserved] = ['free', 'reserved'].map((name) => {
  const path = join(folder, name);
  mkdirSync(join(path, 'writable'), { recursive: true });
  for (const file of ['file', 'sacrifice']) writeFileSync(join(path, file), 'nothing of meaning');
  return path;
});
// As a stray descriptor that the server inherited would be: not closed in what it starts.
fcntl(openSync(process.execPath, 'r'), F_DUPFD, 120);

const isolation = await findIsolation({
  runnerUids: { first: 60_706, last: 61_183 },
  runnerMemoryBytes,
});
const isFiltered = isolation.cage.demanded.includes('system-calls');
if (!isFiltered) await end({ isFiltered, missing: isolation.missing });

const target = await startTarget(join(folder, 'socket'));
const pool = new RunnerPool(config, log, isolation.cage, attacker);
const others = new RunnerPool(config, log, isolation.cage);
const neighbourModel = await load(others, Buffer.from(process.argv[2], 'hex'));

/** What an attacker is told of this machine. */
const planFor = (aims, path, endlessMs) =>
  JSON.stringify({
    aims,
    sockets: target.sockets,
    file: join(path, 'file'),
    sacrifice: join(path, 'sacrifice'),
    folder: join(path, 'writable'),
    devices,
    tooMuchBytes: 1.25 * runnerMemoryBytes,
    endlessMs,
  });
const server = {
  pid: process.pid,
  thread: process.pid,
  canaryAddress: String(addressOf(canary)),
  descriptor: 1,
};
// Of another model's process only the number is known.
const runner = { pid: runners[0], thread: runners[0], canaryAddress: '4096', descriptor: 3 };

const attempts = JSON.parse(
  execFileSync(process.execPath, [attacker, '--list'], { encoding: 'utf8' }),
);
const controls = await makeControls(attacker, attempts, planFor([target], free, 100), free);
// The server asks the neighbour about as often as somebody would.
const neighbour = new Neighbour(neighbourModel);
const caged = await attack(
  pool,
  attempts,
  planFor([target, server, runner], reserved, 60_000),
  neighbour,
);
const heard = await neighbour.stop();
target.stop();
await pool.close();
await others.close();
await end({
  isFiltered,
  level: isolation.level,
  missing: isolation.missing,
  hasOwnUsers: isolation.cage.users.areOwn,
  controls,
  caged,
  neighbour: heard,
  isServerChanged: canary.some((byte) => byte !== 0x2a),
  files: readdirSync(reserved, { recursive: true }),
  sacrifice: readFileSync(join(reserved, 'sacrifice'), 'utf8'),
  runners: runners.length,
  runnersLeft: runners.filter(isAlive),
});
