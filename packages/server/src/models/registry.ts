import { timingSafeEqual, randomUUID } from 'node:crypto';
import { modelRefOf, ProtocolError, toHex, type TensorBytes } from '@blindai/protocol';
import type { ModelSettings } from '../inference/hosted-model.ts';
import type { RunOptions } from '../inference/pending-run.ts';
import type { LoadedModel, RunnerPool } from '../inference/pool.ts';
import type { ModelSignature } from '../inference/signature.ts';
import type { SealedModel } from './model-bytes.ts';

/**
 * Whose a model is, or who asks for one (wire.md §1, "The owner token"). Every anonymous upload is an owner
 * of its own, whom nobody can prove to be.
 */
export type Owner =
  | { readonly kind: 'token'; /** SHA-256 of the token, in hex. */ readonly id: string }
  | { readonly kind: 'anonymous' };

/** How a model is asked for: by the id of its upload, or by its SHA-256 in hex. */
export type ModelSelector = { readonly id: string } | { readonly hash: string };

/** A model as whoever may run it sees it. */
export interface FoundModel {
  /** Names the model in logs; the id is a secret. */
  readonly ref: string;
  /** SHA-256 of the model, in hex. */
  readonly hash: string;
  readonly signature: ModelSignature;
  /** See {@link LoadedModel.run}. */
  run(inputs: readonly TensorBytes[], options: RunOptions): Promise<TensorBytes[]>;
}

/** What the server's settings say about models. */
export interface RegistryConfig {
  /** Whether models without a provable owner are run for everyone who has the id or the hash. */
  readonly anonymous: boolean;
  /** How many models there may be, those included that are just being loaded. */
  readonly maxModels: number;
  /** For the first load of a model. */
  readonly loadTimeoutMs: number;
}

interface ModelRecord {
  readonly ref: string;
  readonly hash: string;
  readonly owner: Owner;
  readonly sealed: SealedModel;
  readonly loaded: LoadedModel;
}

/**
 * Which models exist, whose they are, and who finds them (wire.md §1). Two uploads are two models with
 * processes of their own, whatever their bytes: nothing is shared between owners, not even a speed-up.
 */
export class ModelRegistry {
  readonly #pool: RunnerPool;
  readonly #config: RegistryConfig;
  /** By id, the oldest first. */
  readonly #records = new Map<string, ModelRecord>();
  #arriving = 0;

  constructor(pool: RunnerPool, config: RegistryConfig) {
    this.#pool = pool;
    this.#config = config;
  }

  /**
   * Loads a model for the first time and gives it an id, a secret that nobody can guess. The model is the
   * registry's from here on: when this throws it is closed, and nothing of it is left.
   *
   * @throws {ProtocolError} `too-many-requests` when there are as many models as there may be; what
   *   {@link RunnerPool.load} throws.
   */
  async upload(
    settings: ModelSettings,
    sealed: SealedModel,
    owner: Owner,
  ): Promise<{ modelId: string; hash: Uint8Array }> {
    try {
      return await this.#admit(settings, sealed, owner);
    } catch (error) {
      sealed.close();
      throw error;
    }
  }

  /**
   * Finds a model for someone who wants to run it. On an anonymous server an id finds its model for everyone,
   * since it is a secret. A hash is none: it finds only models of the caller's own and, on an anonymous
   * server, those without a provable owner; among several the caller's own, and then the oldest.
   *
   * @throws {ProtocolError} `not-found`, the same for what is absent and for what the caller may not see.
   */
  find(selector: ModelSelector, caller: Owner): FoundModel {
    const record =
      'id' in selector
        ? this.#findById(selector.id, caller)
        : this.#findByHash(selector.hash.toLowerCase(), caller);
    if (record === undefined) throw notFound();
    return {
      ref: record.ref,
      hash: record.hash,
      signature: record.loaded.signature,
      run: (inputs, options) => record.loaded.run(inputs, options),
    };
  }

  /**
   * Takes a model back: ends its process, answers whoever waits for it with `not-found`, and gives its memory
   * back. A model that was uploaded with an owner token takes the same token; any other one its id alone, as
   * in BlindAI, on an anonymous server.
   *
   * @throws {ProtocolError} `not-found`, the same for what is absent and for what is not the caller's.
   */
  async delete(id: string, caller: Owner): Promise<void> {
    const record = this.#records.get(id);
    if (record === undefined || !(owns(caller, record) || this.#isAnyones(record))) {
      throw notFound();
    }
    this.#records.delete(id);
    await remove(record);
  }

  /** Takes all models back. */
  async close(): Promise<void> {
    const records = [...this.#records.values()];
    this.#records.clear();
    await Promise.all(records.map(remove));
  }

  async #admit(
    { optimize, runner = 'shared' }: ModelSettings,
    sealed: SealedModel,
    owner: Owner,
  ): Promise<{ modelId: string; hash: Uint8Array }> {
    if (this.#records.size + this.#arriving >= this.#config.maxModels) {
      throw new ProtocolError(
        'too-many-requests',
        `the server holds ${this.#config.maxModels} models, as many as it may`,
      );
    }
    this.#arriving += 1;
    try {
      const modelId = randomUUID();
      const ref = await modelRefOf(modelId);
      const loaded = await this.#pool.load(
        sealed,
        { optimize, runner },
        { timeoutMs: this.#config.loadTimeoutMs, modelRef: ref },
      );
      const hash = toHex(sealed.sha256);
      this.#records.set(modelId, { ref, hash, owner, sealed, loaded });
      return { modelId, hash: sealed.sha256 };
    } finally {
      this.#arriving -= 1;
    }
  }

  #findById(id: string, caller: Owner): ModelRecord | undefined {
    const record = this.#records.get(id);
    if (record === undefined) return undefined;
    return this.#config.anonymous || owns(caller, record) ? record : undefined;
  }

  #findByHash(hash: string, caller: Owner): ModelRecord | undefined {
    const same = [...this.#records.values()].filter((record) => record.hash === hash);
    return (
      same.find((record) => owns(caller, record)) ?? same.find((record) => this.#isAnyones(record))
    );
  }

  #isAnyones(record: ModelRecord): boolean {
    return this.#config.anonymous && record.owner.kind === 'anonymous';
  }
}

/** In constant time, since the owner's id stands for a secret. */
function owns(caller: Owner, { owner }: ModelRecord): boolean {
  if (caller.kind !== 'token' || owner.kind !== 'token') return false;
  const ids = [caller.id, owner.id].map((id) => Buffer.from(id));
  return ids[0]!.length === ids[1]!.length && timingSafeEqual(ids[0]!, ids[1]!);
}

async function remove({ loaded, sealed }: ModelRecord): Promise<void> {
  await loaded.unload();
  sealed.close();
}

function notFound(): ProtocolError {
  return new ProtocolError('not-found', 'there is no such model');
}
