import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ProtocolError } from '@blindai/protocol';
import { Conversation, type Judge } from '../inference/conversation.ts';
import { DenialReports, type DeniedCall } from '../inference/denial-reports.ts';
import { FrameError, type FrameHeader } from '../inference/framing.ts';
import { parseStarted } from '../inference/replies.ts';
import { countThreads } from '../inference/runner-cage.ts';
import type { RunnerUsers } from '../inference/runner-users.ts';
import { spawnRunner, type RunnerGround } from '../inference/spawn-runner.ts';
import { addressOf } from '../platform/c-library.ts';
import { createMemfd } from '../platform/memfd.ts';
import type { ProbeMessage } from '../runner/probes/main.ts';
import type { Outcome, ProbePlan, TargetMessage, TargetProcess } from '../runner/probes/probes.ts';
import type { Observation } from './judge.ts';

/** The built programs; found the same way from the sources and from the build. */
const programOf = (name: string): string =>
  fileURLToPath(new URL(`../../dist/runner/probes/${name}.js`, import.meta.url));

/** How long a process may take to do its part, and to be gone when it is killed. */
const mostMs = 30_000;
const mostDyingMs = 5_000;

/** What is tried, and by whom. */
export interface ProberOptions {
  readonly users: RunnerUsers;
  /** Empty folder that runners work in. */
  readonly folder: string;
  readonly memoryBytes: number;
  readonly threads: number;
  /** Devices that make evidence, whether they are there or not. */
  readonly devices: readonly string[];
}

/** What one process saw that tried. */
export interface Probing extends Observation {
  /** Calls that it was refused while it did what honest runners do. */
  readonly denied: readonly DeniedCall[];
  /** Whether the server could end it, whoever's process it was. */
  readonly wasKilled: boolean;
}

/**
 * Starts a runner that tries to break out, and a process for it to reach for, and watches both.
 *
 * @throws {ProtocolError} `internal` if they do not do their part.
 */
export async function probeRunner(options: ProberOptions): Promise<Probing> {
  const target = new Part(
    programOf('target'),
    { folder: options.folder, becomesOwnUser: false },
    null,
  );
  try {
    return await probeWith(options, target);
  } finally {
    await target.end();
  }
}

async function probeWith(options: ProberOptions, target: Part): Promise<Probing> {
  const { users, folder, memoryBytes, threads } = options;
  const denied: DeniedCall[] = [];
  const user = users.take();
  const denials = new DenialReports((call) => denied.push(call));
  const prober = new Part(programOf('main'), { folder, becomesOwnUser: users.areOwn }, denials);
  const decoy = new Decoy();
  let wasKilled = false;
  let seen: Omit<Probing, 'wasKilled'>;
  try {
    const { target: other, sockets } = await target.expect(parseTarget);
    const plan: ProbePlan = {
      target: other,
      sockets,
      server: decoy.describe(),
      file: programOf('main'),
      folder: dirname(programOf('main')),
      writableFolder: tmpdir(),
      devices: options.devices,
      stores: [],
    };
    const settings = { parent: process.pid, memoryBytes, user, reportsDenials: true };
    const message: ProbeMessage = { kind: 'probe', plan, threads, ...settings };
    prober.say(message);
    // All at once: what is not waited for when it comes is a fault.
    const [controls, steps] = await Promise.all([
      prober.expect(parseTried),
      prober.expect(parseStarted),
      prober.expect(parseWorked),
    ]);
    // What comes from here on is attempts: what came before, an honest runner would miss.
    const deniedHonestly = [...denied];
    const counted = countThreads(prober.pid);
    prober.say({ kind: 'go' });
    const attempts = await prober.expect(parseTried);
    seen = {
      steps,
      threads: counted,
      controls,
      attempts,
      isServerChanged: decoy.isChanged(),
      denied: deniedHonestly,
    };
  } finally {
    wasKilled = await prober.end();
    denials.close();
    decoy.close();
    users.giveBack(user);
  }
  return { ...seen, wasKilled };
}

/** What an attempt finds that reaches into the server itself: bytes and a file of no meaning. */
class Decoy {
  readonly #bytes = randomBytes(32);
  readonly #before = this.#bytes.toString('hex');
  readonly #descriptor = createMemfd('canary');

  describe(): TargetProcess {
    return {
      pid: process.pid,
      threads: [process.pid],
      canaryAddress: String(addressOf(this.#bytes)),
      canaryBytes: this.#bytes.length,
      descriptor: this.#descriptor,
    };
  }

  isChanged(): boolean {
    return this.#bytes.toString('hex') !== this.#before;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** A process that plays a part in this. */
class Part {
  readonly #child: ChildProcess;
  readonly #conversation: Conversation;
  readonly #gone: Promise<void>;
  #isGone = false;

  constructor(program: string, ground: RunnerGround, denials: DenialReports | null) {
    this.#child = spawnRunner(program, ground, {
      denials: denials?.runnerEnd ?? null,
    });
    denials?.handedOver();
    const fail = (why: string): void => this.#conversation.end(new ProtocolError('internal', why));
    this.#gone = new Promise((resolve) => {
      const gone = (why: string): void => {
        this.#isGone = true;
        fail(why);
        resolve();
      };
      this.#child.once('exit', (code, signal) =>
        gone(`the process that tries to break out ended with ${signal ?? `exit code ${code}`}`),
      );
      // Without a process id it never started; one that cannot be killed shows elsewhere.
      this.#child.on('error', ({ code }: NodeJS.ErrnoException) => {
        if (this.#child.pid === undefined) gone(`node cannot be started once more (${code})`);
      });
    });
    this.#conversation = new Conversation(
      this.#child.stdio[3] as Duplex,
      () => fail('the process that tries to break out does not speak as it should'),
      () => undefined,
    );
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  say(message: { readonly kind: string }): void {
    this.#conversation.say(message);
  }

  async expect<Answer>(
    parse: (header: FrameHeader, payloadBytes: number) => Answer,
  ): Promise<Answer> {
    const judge: Judge<Answer> = (header, payloadBytes) => {
      const answer = parse(header, payloadBytes);
      return () => answer;
    };
    return inTime(
      this.#conversation.expect(judge),
      mostMs,
      'the process that tries to break out takes too long',
    );
  }

  /** Kills it, and lets it end by itself if that is not allowed. Tells which of the two it was. */
  async end(): Promise<boolean> {
    const wasKilled = !this.#isGone && this.#child.kill('SIGKILL');
    this.#conversation.end(new ProtocolError('internal', 'it is over'));
    await inTime(this.#gone, mostDyingMs, 'the process that tries to break out cannot be ended');
    return wasKilled;
  }
}

async function inTime<Value>(promise: Promise<Value>, ms: number, failure: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ProtocolError('internal', failure)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Both programs are our own and have read nothing foreign: these only notice our own mistakes.

function parseTarget(header: FrameHeader): TargetMessage {
  enforceKind(header, 'target');
  return header as unknown as TargetMessage;
}

function parseTried(header: FrameHeader): readonly Outcome[] {
  enforceKind(header, 'tried');
  return (header as unknown as { outcomes: readonly Outcome[] }).outcomes;
}

function parseWorked(header: FrameHeader): void {
  enforceKind(header, 'worked');
}

function enforceKind(header: FrameHeader, kind: string): void {
  if (header.kind !== kind) throw new FrameError(`another kind than "${kind}"`);
}
