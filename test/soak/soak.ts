import { setTimeout as sleep } from 'node:timers/promises';
import { createOwnerToken } from '@blindai/protocol';
import { countDescriptors, descendantsOf } from '../support/process-watch.ts';
import { abort } from './aborter.ts';
import { attackWithModels, attackWithRequests, killRunners } from './attackers.ts';
import { comeAndGo } from './comer-and-goer.ts';
import { watch, type Sample } from './curves.ts';
import { GoodCaller } from './good-caller.ts';
import { goodModels } from './good-models.ts';
import { oversize } from './oversizer.ts';
import { serve, type Memory, type Served } from './served.ts';
import { readSlowly } from './slow-reader.ts';
import { Tally } from './tally.ts';
import { codeOf, type Lane, type Target } from './target.ts';

/** How long a soak is, and which. */
export interface SoakOptions {
  readonly seconds: number;
  /** Before what is left in the server is measured for the first time. */
  readonly warmUpSeconds: number;
  readonly seed: number;
  /** Between two looks at the server. */
  readonly sampleMs: number;
  /** The part of the time in which each of those who ask and attack does something: above 0, up to 1. */
  readonly share: number;
}

/** What is left in a server when nobody asks anything. */
export interface Rest extends Memory {
  readonly descriptors: number;
  readonly processes: number;
}

/** What came of a soak. */
export interface SoakFindings {
  readonly options: SoakOptions;
  readonly isolation: string;
  readonly tally: Tally;
  readonly samples: readonly Sample[];
  /** Before anybody asked for anything. */
  readonly fresh: Rest;
  /** With the models of good callers and nothing else: after the warm-up, and in the end. */
  readonly before: Rest;
  readonly after: Rest;
  /** When they are deleted, too. */
  readonly emptied: Rest;
  /** Whether the process that was started is still the one that answers. */
  readonly isAlive: boolean;
  readonly exitCode: number | null;
  readonly log: string;
}

const MIB = 1024 * 1024;
const maxRequestBytes = 8 * MIB;

/** Short, so that whatever hangs does not take long, and small, so that a limit is soon reached. */
const settings = {
  'headers-timeout-ms': '8s',
  'idle-timeout-ms': '60s',
  'request-timeout-ms': '15s',
  'max-request-bytes': '8MiB',
  'max-model-bytes': '64MiB',
  'max-models': '40',
  'load-timeout-ms': '10s',
  'inference-timeout-ms': '6s',
  'runner-memory-bytes': '1GiB',
  'quotes-per-minute': '1000000',
  'log-level': 'info',
};

/** Users for runners that other servers on this machine hardly use at the same time. */
function runnerUsers(): string {
  const first = 20_000 + 100 * (process.pid % 400);
  return `${first}-${first + 99}`;
}

/** How long what is closed may take to be gone. */
const quietMs = 3000;

/**
 * Puts a server under mixed load: callers who compare every answer with the bare engine, beside everything
 * that could disturb them. Measures what is left in the server after a while, and again in the end.
 */
export async function soak(options: SoakOptions): Promise<SoakFindings> {
  const server = await serve({ ...settings, 'runner-uids': runnerUsers() });
  try {
    const fresh = await rest(server);
    const tally = new Tally();
    const quiet: Target = { server, tally, share: options.share, isOver: () => false };
    const callers = await openCallers(server, options.seed);
    const lanes = lanesOf(options.seed);

    await load(quiet, callers, lanes, options.warmUpSeconds, options.sampleMs);
    const before = await restOfCallers(quiet, callers);
    const samples = await load(quiet, callers, lanes, options.seconds, options.sampleMs);
    const after = await restOfCallers(quiet, callers);

    const [first, , third] = callers;
    await first!.deleteModels();
    await third!.deleteModels();
    for (const caller of callers) await caller.hangUp();
    await sleep(quietMs);
    const emptied = await rest(server);
    const { isAlive, isolation } = server;
    const exitCode = await server.stop();
    const rests = { fresh, before, after, emptied };
    return { options, isolation, tally, samples, ...rests, isAlive, exitCode, log: server.log() };
  } finally {
    await server.stop();
  }
}

/** Two callers of the same models, and one of models of its own. */
async function openCallers(server: Served, seed: number): Promise<readonly GoodCaller[]> {
  const own = createOwnerToken();
  const first = await GoodCaller.open(server, 'the first caller', goodModels, seed + 1);
  const second = await first.beside('the second caller', seed + 2);
  const some = goodModels.slice(0, 2);
  const third = await GoodCaller.open(server, 'the third caller', some, seed + 3, own);
  return [first, second, third];
}

function lanesOf(seed: number): readonly Lane[] {
  return [
    abort(seed + 10),
    readSlowly(seed + 11),
    oversize(seed + 12, maxRequestBytes),
    attackWithModels(seed + 13),
    attackWithRequests(seed + 14),
    killRunners(seed + 15, 2500),
    comeAndGo(seed + 16),
  ];
}

/** Everything at once, for some time. */
async function load(
  quiet: Target,
  callers: readonly GoodCaller[],
  lanes: readonly Lane[],
  seconds: number,
  sampleMs: number,
): Promise<Sample[]> {
  const endAt = performance.now() + seconds * 1000;
  const target: Target = { ...quiet, isOver: () => performance.now() >= endAt };
  const [samples] = await Promise.all([
    watch(target, sampleMs),
    ...callers.map((caller) => keepOn((each) => caller.askOn(each), target)),
    ...lanes.map((lane) => keepOn(lane, target)),
  ]);
  return samples;
}

/** Goes on with a lane that something unexpected has ended, which is a fault. */
async function keepOn(lane: Lane, target: Target): Promise<void> {
  do {
    try {
      await lane(target);
    } catch (error) {
      target.tally.blame(`a lane ended: ${codeOf(error)}: ${String(error)}`);
    }
  } while (!target.isOver());
}

/** What is left once everything that was going on has ended, and every model has its process again. */
async function restOfCallers(target: Target, callers: readonly GoodCaller[]): Promise<Rest> {
  for (const caller of callers) await caller.askAll(target);
  await sleep(quietMs);
  for (const caller of callers) {
    await caller.askAll(target);
    await caller.hangUp();
  }
  await sleep(quietMs);
  return rest(target.server);
}

async function rest(server: Served): Promise<Rest> {
  return {
    ...(await server.memory()),
    descriptors: countDescriptors(server.pid),
    processes: descendantsOf(server.pid).length,
  };
}
