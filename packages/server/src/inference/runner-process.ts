import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ProtocolError } from '@blindai/protocol';
import type { CancellationSignal } from '../cancellation.ts';
import type { SealedModel } from '../models/model-bytes.ts';
import { Conversation, PastPayload } from './conversation.ts';
import { DenialReports, type DeniedCall } from './denial-reports.ts';
import { FrameError } from './framing.ts';
import {
  maxThreads,
  type CageStep,
  type LoadMessage,
  type RunMessage,
  type RunnerLimits,
} from './messages.ts';
import { watchProcess, type Excess, type ProcessWatch } from './process-watch.ts';
import { cutTensors, parseLoaded, parseRan, parseStarted } from './replies.ts';
import type { JoinedInputs } from './rows.ts';
import { isCaged, type RunnerCage } from './runner-cage.ts';
import type { ModelSignature, NamedTensorBytes } from './signature.ts';
import { spawnRunner } from './spawn-runner.ts';

/** The built program that a runner is; found the same way from the sources and from the build. */
export const runnerProgram: string = fileURLToPath(
  new URL('../../dist/runner/main.js', import.meta.url),
);

/** How runners are started, for all models alike. */
export interface RunnerHost {
  readonly program: string;
  /** Empty folder that runners work in. */
  readonly folder: string;
  readonly memoryBytes: number;
  readonly limits: RunnerLimits;
  readonly operatorDomains: readonly string[];
  readonly cage: RunnerCage;
}

/** What a runner's owner hears of it. */
export interface RunnerEvents {
  /** Called when the process is gone, before anybody else hears of it. */
  readonly onEnd: (end: RunnerEnd) => void;
  /** Called for the first of each system call that it is refused; must not throw. */
  readonly onDenied: (call: DeniedCall) => void;
}

/** How a runner came to its end. */
export interface RunnerEnd {
  readonly error: ProtocolError;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** What a runner has in physical memory besides its data: the text of Node and the engine. */
const programBytes = 192 * 1024 ** 2;

/** How long what a process said before it died may take to be heard. */
const lastWordsMs = 1000;

/** Beyond this part of its data limit a process that dies is taken to have died of it. */
const nearLimit = 0.9;

/**
 * One process that runs one model, from its start to its death; it is never used again for another model. Until
 * it is given one, it waits with the engine loaded.
 * Whatever goes wrong ends in SIGKILL, and a promise that waits is rejected only once the process is gone.
 */
export class RunnerProcess {
  /** Resolved when the process is gone. */
  readonly ended: Promise<RunnerEnd>;
  readonly #host: RunnerHost;
  readonly #child: ChildProcess;
  readonly #conversation: Conversation;
  readonly #denials: DenialReports | null;
  /** Its own until the process is gone; null if it has the server's. */
  readonly #user: number | null;
  /** From the load on: before, it is nobody's. */
  #events: RunnerEvents | null = null;
  #started = false;
  #signature: ModelSignature | null = null;
  /** From the first exchange on. */
  #watch: ProcessWatch | null = null;
  #isBusy = false;
  /** Why it is being killed, when that was decided here. */
  #reason: ProtocolError | null = null;
  /** How it died, from then until all that it said is heard. */
  #death: Omit<RunnerEnd, 'error'> | null = null;
  #end: RunnerEnd | null = null;

  /** @throws {ProtocolError} `too-many-requests` if there is no user for it. */
  constructor(host: RunnerHost) {
    this.#host = host;
    this.#user = host.cage.users.take();
    try {
      this.#denials =
        process.platform === 'linux'
          ? new DenialReports((call) => this.#events?.onDenied(call))
          : null;
      this.#child = this.#spawn();
    } catch (error) {
      host.cage.users.giveBack(this.#user);
      throw error;
    }
    this.#conversation = new Conversation(
      this.#child.stdio[3] as Duplex,
      (fault) => this.kill(explainFault(fault)),
      // If it is alive it is of no use any more; if not, its end tells more.
      () => this.#child.kill('SIGKILL'),
    );
    this.ended = this.#awaitEnd();
  }

  #spawn(): ChildProcess {
    const { program, folder, cage } = this.#host;
    try {
      return spawnRunner(
        program,
        { folder, becomesOwnUser: cage.users.areOwn },
        { denials: this.#denials?.runnerEnd ?? null },
      );
    } catch (error) {
      this.#denials?.close();
      throw error;
    } finally {
      this.#denials?.handedOver();
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What the model takes and gives. Known once it is loaded. */
  get signature(): ModelSignature {
    if (this.#signature === null) throw new TypeError('the model is not loaded');
    return this.#signature;
  }

  get isAlive(): boolean {
    return this.#end === null && this.#reason === null;
  }

  /**
   * Loads the model. When `until` is aborted, the process is killed and the reason thrown.
   *
   * @throws {ProtocolError} `model-refused`, `model-memory`, `model-crashed`; `not-ready` if the process is
   *   killed from outside before it was given the model, `internal` if the engine does
   *   not even start. The process is gone then.
   */
  async load(
    model: SealedModel,
    { optimize, threads }: Pick<LoadMessage, 'optimize' | 'threads'>,
    until: CancellationSignal,
    events: RunnerEvents,
  ): Promise<void> {
    const { source } = model;
    this.#events = events;
    const message: LoadMessage = {
      kind: 'load',
      parent: process.pid,
      memoryBytes: this.#host.memoryBytes,
      user: this.#user,
      reportsDenials: this.#denials !== null,
      threads,
      optimize,
      modelBytes: model.bytes,
      modelIn: source.kind === 'descriptor' ? 'descriptor' : 'payload',
      operatorDomains: this.#host.operatorDomains,
      limits: this.#host.limits,
    };
    const signature = await this.#converse(until, () => {
      const started = this.#conversation.expect((header, payloadBytes) => {
        const cage = parseStarted(header, payloadBytes);
        return () => this.#enforceCage(cage);
      });
      const loaded = this.#conversation.expect((header, payloadBytes) => {
        const reply = parseLoaded(header, payloadBytes, this.#host.limits);
        return () => reply;
      });
      if (source.kind === 'descriptor') this.#denials?.hand(source.descriptor);
      this.#conversation.say(message, source.kind === 'chunks' ? source.chunks : []);
      return Promise.all([started, loaded]).then(([, reply]) => reply);
    });
    if (!(signature instanceof ProtocolError)) {
      this.#signature = signature;
      return;
    }
    await this.#endWith(signature);
    throw signature;
  }

  /**
   * Runs the loaded model, one run at a time. When `until` is aborted, the process is killed and the reason
   * thrown: the engine cannot be stopped in any other way.
   *
   * @param inputs - All of them in the model's order, already matched to its signature.
   * @param hold - Asks for room for the outputs, in bytes, before they are read; what it throws is thrown.
   * @throws {ProtocolError} `bad-input` or `too-large`, after which the runner goes on; `model-memory` or
   *   `model-crashed`, after which it is gone.
   */
  async run(
    { tensors: inputs, payload }: JoinedInputs,
    until: CancellationSignal,
    hold: (bytes: number) => void = () => undefined,
  ): Promise<NamedTensorBytes[]> {
    const message: RunMessage = { kind: 'run', tensors: inputs };
    const reply = await this.#converse(until, () => {
      this.#conversation.say(message, payload);
      type Answer = NamedTensorBytes[] | ProtocolError;
      return this.#conversation.expect<Answer>((header, payloadBytes) => {
        if (!this.#conversation.isHeard) throw new FrameError('an answer before its question');
        const tensors = parseRan(header, payloadBytes, this.signature, this.#host.limits);
        if (tensors instanceof ProtocolError) return () => tensors;
        const noRoom = refusalOf(() => hold(payloadBytes));
        return noRoom === null ? (bytes) => cutTensors(tensors, bytes) : new PastPayload(noRoom);
      });
    });
    if (!(reply instanceof ProtocolError)) return reply;
    // The engine's pool of memory then takes what is left with its next allocation, however small.
    if (reply.code === 'model-memory') await this.#endWith(reply);
    throw reply;
  }

  /** Kills the process; whoever waits for an answer gets the first reason given. */
  kill(reason: ProtocolError): void {
    this.#reason ??= reason;
    this.#child.kill('SIGKILL');
  }

  async #endWith(reason: ProtocolError): Promise<void> {
    this.kill(reason);
    await this.ended;
  }

  /** Does one exchange under the deadline, while the process is watched closely. */
  async #converse<Reply>(
    until: CancellationSignal,
    exchange: () => Promise<Reply>,
  ): Promise<Reply> {
    const giveUp = (): void => this.kill(until.reason as ProtocolError);
    this.#watch ??= this.#watchProcess();
    this.#setBusy(true);
    if (until.aborted) giveUp();
    until.addEventListener('abort', giveUp);
    try {
      const reply = await exchange();
      // An answer that came after its deadline is none, and the process is dying.
      if (this.#reason !== null) throw (await this.ended).error;
      return reply;
    } finally {
      until.removeEventListener('abort', giveUp);
      this.#setBusy(false);
    }
  }

  #watchProcess(): ProcessWatch {
    const residentBytes = this.#host.memoryBytes + programBytes;
    return watchProcess(this.pid, { residentBytes, threads: maxThreads }, (what) =>
      this.kill(explainExcess(what, this.#host)),
    );
  }

  #setBusy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    if (this.#end === null) this.#watch?.busy(isBusy);
  }

  /** A runner that could not close its cage is not given a model. */
  #enforceCage(steps: readonly CageStep[]): void {
    this.#started = true;
    if (this.#death !== null) {
      // Nothing is left to look at. How it died is what it comes to, whatever else it said.
      this.#reason = this.#explain(this.#death.exitCode, this.#death.signal);
      return;
    }
    if (isCaged(this.pid, steps, this.#host.cage.demanded)) return;
    this.kill(new ProtocolError('internal', 'a runner could not close its cage'));
  }

  #awaitEnd(): Promise<RunnerEnd> {
    return new Promise((resolve) => {
      const finish = (exitCode: number | null, signal: string | null): void => {
        const error = this.#reason ?? this.#explain(exitCode, signal);
        this.#end = { error, exitCode, signal };
        this.#watch?.stop();
        this.#denials?.close();
        this.#host.cage.users.giveBack(this.#user);
        this.#events?.onEnd(this.#end);
        this.#conversation.end(error);
        resolve(this.#end);
      };
      this.#child.once('exit', (exitCode, signal) => {
        if (this.#started || this.#reason !== null) {
          finish(exitCode, signal);
          return;
        }
        // The news of a death may overtake the words before it, and whether it had started decides what it means.
        this.#death = { exitCode, signal };
        const patience = sleep(lastWordsMs, undefined, { ref: false });
        void Promise.race([this.#conversation.closed, patience]).then(() =>
          finish(exitCode, signal),
        );
      });
      // Without a process id it never started; other errors leave it as it is.
      this.#child.on('error', () => this.#child.pid === undefined && finish(null, null));
    });
  }

  #explain(exitCode: number | null, signal: string | null): ProtocolError {
    if (!this.#started) {
      // Killed by the system, for memory, or by its operator: the next one may well start.
      return signal === 'SIGKILL'
        ? new ProtocolError('not-ready', "the model's process was killed while it started")
        : new ProtocolError('internal', 'the inference engine did not start');
    }
    // An allocation that failed where nothing can be thrown ends the process: not every death is a crash.
    const dataBytes = (this.#isBusy ? this.#watch?.last?.dataBytes : null) ?? 0;
    if (dataBytes > nearLimit * this.#host.memoryBytes) return outOfMemory(this.#host);
    const how = signal ?? `exit code ${exitCode}`;
    return new ProtocolError('model-crashed', `the process that ran the model ended with ${how}`);
  }
}

/** The refusal that something throws; null if it throws none. */
function refusalOf(act: () => void): ProtocolError | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

function explainFault(fault: unknown): ProtocolError {
  return fault instanceof FrameError
    ? new ProtocolError('model-crashed', 'the model broke the process that ran it')
    : new ProtocolError('internal', 'the server cannot take the answer');
}

function explainExcess(what: Excess, host: RunnerHost): ProtocolError {
  if (what === 'residentBytes') return outOfMemory(host);
  const why =
    what === 'threads'
      ? `the model started more than ${maxThreads} threads`
      : 'the model went on computing while nobody had asked it to';
  return new ProtocolError('model-crashed', why);
}

function outOfMemory(host: RunnerHost): ProtocolError {
  return new ProtocolError(
    'model-memory',
    `the model needs more than the ${host.memoryBytes} bytes of memory that it may use`,
  );
}
