import { availableParallelism } from 'node:os';
import { ModelError } from '@blindai/client/node';
import {
  descendantsOf,
  proportionalBytes,
  residentBytes,
} from '../../test/support/process-watch.ts';
import { BareEngine } from '../engine/bare-engine.ts';
import { Load } from '../load/load.ts';
import { allSubjects, mainSubjects, type Subject } from '../models/subjects.ts';
import type { Asked, Findings } from '../section.ts';
import { notSeen } from '../serving/not-seen.ts';
import { ServedModel } from '../serving/served-model.ts';
import { serve, type Served, type ServerProcess } from '../serving/served.ts';
import { median } from '../statistics.ts';

const MEGABYTE = 1e6;
const rounds = 5;
const loadConnections = 8;
const loadMs = 1500;

/** What it takes to have one model ready. Times in milliseconds, memory in megabytes. */
interface Row {
  readonly model: string;
  readonly megabytes: number;
  /** A process of the engine alone, from its start until the model is loaded. */
  readonly plainStart: number;
  /** A runner, as the server's log has it. */
  readonly runnerStart: number;
  /** From the first byte of the model to the answer that it is loaded. */
  readonly upload: number;
  /** From the death of its process to the next answer. */
  readonly afterKill: number;
  readonly plainResident: number;
  readonly runnerResident: number;
  /** What of that is not shared with other processes; null where the system does not tell. */
  readonly runnerProportional: number | null;
  /** Processes that it has after many runs at once. */
  readonly processesUnderLoad: number;
  /** All of them together, as `runnerProportional`. */
  readonly underLoad: number | null;
}

/** How long models and runners take to start, and the memory that they hold. */
export async function measureLoading({ full, other, progress }: Asked): Promise<Findings> {
  if (other !== null) return notSeen('load');
  const startedAt = performance.now();
  await using served = await serve(null);
  const serverStart = performance.now() - startedAt;
  const idle = residentBytes(served.process!.pid) / MEGABYTE;
  const client = await served.connect();
  const { isolation } = client.config;
  await client.close();
  const rows: Row[] = [];
  for (const subject of full ? allSubjects() : mainSubjects()) {
    progress(`load: ${subject.name}`);
    rows.push(await measure(subject, served));
  }
  return {
    tables: [
      {
        title: 'load: until a model is ready, milliseconds (medians), and what it holds, megabytes',
        columns: [
          'model',
          'MB',
          'plain process',
          'runner',
          'upload',
          'after kill -9',
          'plain holds',
          'runner holds',
          'of its own',
          'processes under load',
          'all of their own',
        ],
        rows: rows.map((row) => [
          row.model,
          row.megabytes,
          row.plainStart,
          row.runnerStart,
          row.upload,
          row.afterKill,
          row.plainResident,
          row.runnerResident,
          row.runnerProportional ?? 'not told',
          row.processesUnderLoad,
          row.underLoad ?? 'not told',
        ]),
      },
    ],
    notes: [
      `The server was ready ${serverStart.toFixed(0)} ms after its start and held ${idle.toFixed(0)} MB; isolation of its runners: ${isolation}.`,
      'plain process: Node with the engine, not caged, from its start until the model is loaded; runner: the same inside of the server, caged.',
      'upload: with the trial, of a second at most, that finds out how the model is run best.',
      'after kill -9: until it answers again, with the pause that a crash costs, the start and the load.',
      `"holds" counts pages of Node and the engine in each process, "of its own" in parts. ${rounds} rounds.`,
      `under load: after ${loadMs / 1000} s with ${loadConnections} requests at a time; a process besides the first ends when it was idle for a minute.`,
    ],
    data: { serverStart, idle, isolation, rounds, rows },
  };
}

async function measure(subject: Subject, served: Served): Promise<Row> {
  const server = served.process!;
  const plainStart: number[] = [];
  const plainResident: number[] = [];
  const upload: number[] = [];
  const afterKill: number[] = [];
  const runnerResident: number[] = [];
  const runnerProportional: (number | null)[] = [];
  const logged = server.log().length;
  for (let round = 0; round < rounds; round += 1) {
    const plainAt = performance.now();
    await using engine = await BareEngine.start(subject, availableParallelism());
    plainStart.push(performance.now() - plainAt);
    await engine.paced(3, 0);
    plainResident.push(residentBytes(engine.pid));

    const uploadAt = performance.now();
    await using model = await ServedModel.upload(served, subject);
    upload.push(performance.now() - uploadAt);
    await model.paced(2, 0);
    // Who asks for one run after the other has one process, whatever the plan.
    const runner = runnersOf(server).at(-1);
    runnerResident.push(residentBytes(runner!));
    runnerProportional.push(proportionalBytes(runner!));
    process.kill(runner!, 'SIGKILL');
    const killedAt = performance.now();
    await untilAnswered(model);
    afterKill.push(performance.now() - killedAt);
  }
  const proportional = runnerProportional.filter((bytes) => bytes !== null);
  const underLoad = await measureUnderLoad(subject, served);
  return {
    model: subject.name,
    megabytes: subject.model.length / MEGABYTE,
    plainStart: median(plainStart),
    runnerStart: median(startsIn(server.log().slice(logged))),
    upload: median(upload),
    afterKill: median(afterKill),
    plainResident: median(plainResident) / MEGABYTE,
    runnerResident: median(runnerResident) / MEGABYTE,
    runnerProportional: proportional.length === 0 ? null : median(proportional) / MEGABYTE,
    ...underLoad,
  };
}

async function measureUnderLoad(
  subject: Subject,
  served: Served,
): Promise<Pick<Row, 'processesUnderLoad' | 'underLoad'>> {
  await using model = await ServedModel.upload(served, subject);
  await using load = await Load.start(served, model, loadConnections);
  await load.saturate(loadMs);
  const runners = runnersOf(served.process!);
  const held = runners.map(proportionalBytes).filter((bytes) => bytes !== null);
  return {
    processesUnderLoad: runners.length,
    underLoad: held.length === 0 ? null : held.reduce((sum, bytes) => sum + bytes, 0) / MEGABYTE,
  };
}

/** How long runners took to start, from the server's log. */
function startsIn(log: string): number[] {
  return linesOf(log).map(({ durationMs }) => durationMs);
}

/**
 * Processes that were given a model and are still there, the latest last. One is started ahead, and has none;
 * one that only the trial of a model needed has ended.
 */
function runnersOf(server: ServerProcess): number[] {
  const there = new Set(descendantsOf(server.pid));
  return linesOf(server.log())
    .map(({ runner }) => runner)
    .filter((pid) => there.has(pid));
}

function linesOf(log: string): { readonly durationMs: number; readonly runner: number }[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"runner-started"'))
    .map((line) => JSON.parse(line) as { durationMs: number; runner: number });
}

/** The server may still believe in a process that was killed, and then says that it crashed. */
async function untilAnswered(model: ServedModel): Promise<void> {
  for (;;) {
    try {
      await model.run();
      return;
    } catch (error) {
      if (!(error instanceof ModelError) || error.code !== 'model-crashed') throw error;
    }
  }
}
