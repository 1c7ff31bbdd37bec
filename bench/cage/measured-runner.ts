import { tmpdir } from 'node:os';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { residentBytes } from '../../test/support/process-watch.ts';
import type { LoadMessage, RunMessage } from '../../packages/server/dist/inference/messages.js';
import type { Subject } from '../models/subjects.ts';
import { loadServerSide, runnerProgram } from './built-server.ts';

/** How a runner is kept: not at all, caged as the server's user, or caged as one of its own. */
export type Keeping = 'uncaged' | 'caged' | 'caged, own user';

/** One runner from its start to its end, in milliseconds and bytes. */
export interface RunnerFigures {
  /** Until it says that it has started, its cage closed and looked at. */
  readonly started: number;
  /** Until the model can run. */
  readonly loaded: number;
  readonly runs: readonly number[];
  readonly residentBytes: number;
}

const users = { first: 60_706, last: 61_183 };
const uncaged = new URL('uncaged-runner.js', import.meta.url);
const memoryBytes = 2 * 1024 ** 3;
const uncountedRuns = 5;

const server = await loadServerSide();
const ownUsers = server.planRunnerUsers(users);

/** Those that this machine has. */
export const keepings: readonly Keeping[] = [
  'uncaged',
  'caged',
  ...(ownUsers.areOwn ? (['caged, own user'] as const) : []),
];

/** Starts a runner, loads a model, runs it again and again on one thread, and ends the runner. */
export async function measureRunner(
  keeping: Keeping,
  subject: Subject,
  runs: number,
): Promise<RunnerFigures> {
  const startedAt = performance.now();
  const since = (): number => performance.now() - startedAt;
  const own = keeping === 'caged, own user' ? ownUsers : server.sharedUser('bench');
  const user = own.take();
  const denials = keeping === 'uncaged' ? null : new server.DenialReports(() => undefined);
  const program = fileURLToPath(keeping === 'uncaged' ? uncaged : runnerProgram);
  const child = server.spawnRunner(
    program,
    { folder: tmpdir(), becomesOwnUser: own.areOwn },
    { denials: denials?.runnerEnd ?? null },
  );
  denials?.handedOver();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const conversation = new server.Conversation(
    child.stdio[3] as Duplex,
    (fault) => conversation.end(fault as Error),
    () => conversation.end(new Error('the runner ended')),
  );
  const expectHeader = async (): Promise<unknown> => conversation.expect((header) => () => header);
  try {
    const started = expectHeader();
    const loaded = expectHeader();
    const load: LoadMessage = {
      kind: 'load',
      parent: process.pid,
      memoryBytes,
      user,
      reportsDenials: denials !== null,
      threads: 1,
      optimize: true,
      modelBytes: subject.model.length,
      modelIn: 'payload',
      limits: { maxTensors: 256, maxRank: 8, maxNameBytes: 512, maxReplyBytes: 2 ** 28 },
      operatorDomains: [],
    };
    conversation.say(load, [subject.model]);
    await started;
    if (denials !== null) server.countThreads(child.pid!);
    const startedMs = since();
    await loaded;
    const loadedMs = since();
    const inputs = Object.entries(subject.inputs);
    const run: RunMessage = {
      kind: 'run',
      tensors: inputs.map(([name, { datatype, shape }]) => ({ name, datatype, shape })),
    };
    const payload = inputs.map(
      ([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
    const times: number[] = [];
    for (let count = 0; count < uncountedRuns + runs; count += 1) {
      const at = performance.now();
      const ran = expectHeader();
      conversation.say(run, payload);
      await ran;
      if (count >= uncountedRuns) times.push(performance.now() - at);
    }
    const resident = residentBytes(child.pid!);
    return { started: startedMs, loaded: loadedMs, runs: times, residentBytes: resident };
  } finally {
    child.kill('SIGKILL');
    await ended;
    conversation.end(new Error('it is over'));
    denials?.close();
    own.giveBack(user);
  }
}
