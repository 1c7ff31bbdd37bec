import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits, ProtocolError, type ModelHealth, type TensorBytes } from '@blindai/protocol';
import type { Log } from '../log.ts';
import type { SealedModel } from '../models/model-bytes.ts';
import { keepDescriptorsFromChildren } from '../platform/inherited-descriptors.ts';
import { CoreSlots } from './core-slots.ts';
import { HostedModel, type ModelHost, type ModelSettings } from './hosted-model.ts';
import type { RunOptions } from './pending-run.ts';
import type { RunPlan, Scheduling } from './run-plan.ts';
import { leastDemanded, type RunnerCage } from './runner-cage.ts';
import { RunnerMemory } from './runner-memory.ts';
import { runnerProgram, type RunnerHost } from './runner-process.ts';
import { sharedUser } from './runner-users.ts';
import { SpareRunner } from './spare-runner.ts';
import type { ModelSignature } from './signature.ts';

/** What the server's settings say about running models. */
export interface PoolConfig {
  /** Memory of one runner, in bytes; under 128 MiB it is taken as that, since the engine needs it. */
  readonly runnerMemoryBytes: number;
  /** Runs that wait for one model, besides the one that runs. */
  readonly maxQueuedRuns: number;
  readonly maxTensors: number;
  readonly maxRank: number;
  /** For a model that is loaded again after its process died. */
  readonly loadTimeoutMs: number;
  /** All outputs of one run together, in bytes. Default `limits.maxReplyBytes`. */
  readonly maxReplyBytes?: number;
  /** Domains of operators that models may use besides those that every model may. Default none. */
  readonly operatorDomains?: readonly string[];
  /** Default: what the machine has. */
  readonly cores?: number;
  /** How a model's runs are spread over processes. Default `auto`. */
  readonly scheduling?: Scheduling;
  /** The most rows, along a free first dimension, that are computed as one. Default 1: none are. */
  readonly maxBatchRows?: number;
  /** How long a run may wait for others to be computed with it. Default 0: only those that wait anyway. */
  readonly batchDelayMs?: number;
  /** 1: a process is started ahead of the model that will need it. Default 0. */
  readonly spareRunners?: number;
  /** All processes together, in bytes; idle models give way beyond it. Default: no bound. */
  readonly maxRunnersBytes?: number;
}

/** A model that was loaded once, and is run by processes of its own. */
export interface LoadedModel {
  readonly signature: ModelSignature;
  readonly plan: RunPlan;
  /** How it is at this moment. A process that ended is no reason not to be ready: the next run starts another. */
  readonly health: ModelHealth;
  /**
   * Runs the model on inputs that are named as it declares them, in any order, or not named at all and then
   * in its order. Returns its outputs in its order. When `signal` is aborted the promise is rejected with its
   * reason at once; a run that already computes goes on for at most a second.
   *
   * @throws {ProtocolError} `bad-input`, `too-large` (the outputs), `too-many-requests`, `model-timeout`,
   *   `model-memory`, `model-crashed`, `not-found` after `unload`, `going-down`.
   */
  run(inputs: readonly TensorBytes[], options: RunOptions): Promise<TensorBytes[]>;
  /** Kills the model's processes and answers whoever waits; resolves when they are gone. */
  unload(): Promise<void>;
}

/** How a first load is bounded and named. */
export interface LoadOptions {
  readonly timeoutMs: number;
  /** Names the model in the log. */
  readonly modelRef?: string;
}

/** The least data limit under which Node starts and the engine works. */
const leastMemoryBytes = 128 * 1024 ** 2;

/**
 * How long a run keeps others waiting for its core. Long enough for most models to run undisturbed, short
 * enough that a model that hangs is hardly felt by the others.
 */
const longestTurnMs = 250;

/**
 * Runs models, each in processes of its own, and no more threads at once than the machine has cores.
 *
 * Close it in the end: runners die with this process, but the empty folder they work in stays.
 */
export class RunnerPool {
  readonly #host: ModelHost;
  readonly #folder: string;
  readonly #models = new Set<HostedModel>();
  #isClosing = false;

  /**
   * @param cage - As it was found that runners can be caged. Default: as far as it goes, under the server's
   *   user.
   * @param program - The program that a runner is; another one only in tests.
   */
  constructor(
    config: PoolConfig,
    log: Log,
    cage: RunnerCage = { users: sharedUser('nobody asked for more'), demanded: leastDemanded },
    program: string = runnerProgram,
  ) {
    const cores = config.cores ?? availableParallelism();
    if (process.platform === 'linux') keepDescriptorsFromChildren();
    this.#folder = mkdtempSync(join(tmpdir(), `blindai-runners-${process.pid}-`));
    chmodSync(this.#folder, 0o500);
    const runners: RunnerHost = {
      program,
      folder: this.#folder,
      memoryBytes: Math.max(config.runnerMemoryBytes, leastMemoryBytes),
      limits: {
        maxTensors: config.maxTensors,
        maxRank: config.maxRank,
        maxNameBytes: limits.maxNameBytes,
        maxReplyBytes: config.maxReplyBytes ?? limits.maxReplyBytes,
      },
      operatorDomains: config.operatorDomains ?? [],
      cage,
    };
    this.#host = {
      runners,
      spare: new SpareRunner(runners, config.spareRunners === 1),
      slots: new CoreSlots(cores, longestTurnMs),
      memory: new RunnerMemory(config.maxRunnersBytes ?? Infinity),
      cores,
      scheduling: config.scheduling ?? 'auto',
      maxBatchRows: config.maxBatchRows ?? 1,
      batchDelayMs: config.batchDelayMs ?? 0,
      maxQueuedRuns: config.maxQueuedRuns,
      loadTimeoutMs: config.loadTimeoutMs,
      log,
    };
  }

  /**
   * Starts a process for a model and loads it there. The model stays the caller's, who closes it after
   * `unload`, or when this throws: nothing is left behind then.
   *
   * @throws {ProtocolError} `model-refused`, `model-crashed`, `model-timeout`, `model-memory`, `going-down`;
   *   `internal` if the engine itself does not start.
   */
  async load(
    model: SealedModel,
    settings: ModelSettings,
    options: LoadOptions,
  ): Promise<LoadedModel> {
    if (this.#isClosing) throw goingDown();
    const hosted = new HostedModel(
      model,
      settings,
      this.#host,
      options.modelRef === undefined ? {} : { modelRef: options.modelRef },
    );
    this.#models.add(hosted);
    try {
      await hosted.load(options.timeoutMs);
    } catch (error) {
      this.#models.delete(hosted);
      throw error;
    }
    return {
      signature: hosted.signature,
      get plan() {
        return hosted.plan;
      },
      get health() {
        return hosted.health;
      },
      run: (inputs, runOptions) => hosted.run(inputs, runOptions),
      unload: async () => {
        this.#models.delete(hosted);
        await hosted.close(new ProtocolError('not-found', 'the model was deleted'));
      },
    };
  }

  /** Ends all processes, whatever they do, and answers whoever waits with `going-down`. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#models].map((model) => model.close(goingDown())));
    this.#models.clear();
    await this.#host.spare.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function goingDown(): ProtocolError {
  return new ProtocolError('going-down', 'the server is going down');
}
