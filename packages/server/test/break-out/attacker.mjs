// A program in the place of a runner, under the same cage, that tries what a model would try that has taken over
// its process. The "model" it is given is the plan of what to reach for; a run asks for one attempt by its
// number and is answered with how it ended.
//
//   --list       prints the attempts
//   --control    makes the attempts of the numbers given without any cage, by the plan on its standard input,
//                and prints a line for each
import { readFileSync, writeSync } from 'node:fs';
import { lowerResourceLimit } from '../../dist/platform/resource-limits.js';
import { enterCage } from '../../dist/runner/cage/cage.js';
import { readFrameStart, readInto, send } from '../../dist/runner/channel.js';
import { readModelFile, takeModelFile } from '../../dist/runner/model-file.js';
import { prepareRunner } from '../../dist/runner/prepare.js';
import { allAttempts } from './attempts/all.mjs';
import { beginAttempt, findPoolThreads, repeatOnPoolThread } from './attempts/kernel-calls.mjs';

const attemptInput = { name: 'attempt', datatype: 'INT32', shape: [1] };
const reportOutput = { name: 'report', datatype: 'UINT8', shape: [null] };

/** How an attempt ended: what stopped it, and `null` if nothing did. */
async function endOf(attempt, plan) {
  beginAttempt();
  try {
    await attempt.run(plan);
    return { errno: null, call: null };
  } catch (error) {
    // Node gives the name as a code, and as `errno` a number.
    const errno = typeof error.errno === 'string' ? error.errno : error.code;
    // Not the end of an attempt, but a mistake in it.
    if (typeof errno !== 'string') return { errno: 'BUG', call: String(error.stack ?? error) };
    return { errno, call: error.call ?? error.syscall ?? attempt.name };
  }
}

/** And what becomes of the call that was refused if a thread of libuv's makes it. */
async function endOnBoth(attempt, plan) {
  const ending = await endOf(attempt, plan);
  const isRefused = ending.errno === 'EPERM' || ending.errno === 'ENOSYS';
  return { ...ending, onPoolThread: isRefused ? await repeatOnPoolThread() : null };
}

function print(value) {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

async function listAll() {
  print(allAttempts.map(({ run: _run, ...rest }) => rest));
}

async function makeControls() {
  lowerResourceLimit('coreDump', 0);
  const plan = JSON.parse(readFileSync(0, 'utf8'));
  const indexes = process.argv[3].split(',').map(Number);
  for (const index of indexes) print(await endOf(allAttempts[index], plan));
  process.exit(0);
}

async function attack() {
  await prepareRunner();
  await findPoolThreads();
  const { header } = readFrameStart();
  takeModelFile();
  send({ kind: 'started', cage: enterCage(header) });
  const plan = JSON.parse(new TextDecoder().decode(readModelFile(header.modelBytes)));
  send({ kind: 'loaded', inputs: [attemptInput], outputs: [reportOutput] });
  for (;;) {
    const { payloadBytes } = readFrameStart();
    const input = readInto(new Uint8Array(payloadBytes));
    const index = new DataView(input.buffer).getInt32(0, true);
    const ending = await endOnBoth(allAttempts[index], plan);
    const report = new TextEncoder().encode(JSON.stringify(ending));
    send({ kind: 'ran', tensors: [{ ...reportOutput, shape: [report.length] }] }, [report]);
  }
}

const modes = { '--list': listAll, '--control': makeControls };
await (modes[process.argv[2]] ?? attack)();
