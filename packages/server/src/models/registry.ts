import { timingSafeEqual, randomUUID } from 'node:crypto';
import {
  modelRefOf,
  ProtocolError,
  toHex,
  type IndexedModel,
  type ModelHealth,
  type TensorBytes,
} from '@blindai/protocol';
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

/** How a model is to be run, and what its owner calls it. */
export interface UploadSettings extends ModelSettings {
  /** Default: none. Need not differ from that of another model. */
  readonly modelName?: string;
}

/** How a model is asked for: by the id of its upload, by its SHA-256 in hex, or by its id or its name. */
export type ModelSelector =
  { readonly id: string } | { readonly hash: string } | { readonly idOrName: string };

/** A model as whoever may run it sees it. */
export interface FoundModel {
  /** Names the model in logs; the id is a secret. */
  readonly ref: string;
  /** SHA-256 of the model, in hex. */
  readonly hash: string;
  /** As its owner called it; may be empty. */
  readonly name: string;
  readonly signature: ModelSignature;
  readonly health: ModelHealth;
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

/** An id, as this registry makes them. */
const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface ModelRecord {
  readonly ref: string;
  readonly hash: string;
  readonly name: string;
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
    settings: UploadSettings,
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
   * server, those without a provable owner; among several the caller's own, and then the oldest. A name finds
   * among the same, the caller's own first, but nobody can tell models of one name apart, so that several are
   * refused. What looks like an id is never taken for a name: another model cannot succeed a deleted one.
   *
   * @throws {ProtocolError} `not-found`, the same for what is absent and for what the caller may not see;
   *   `ambiguous-name`.
   */
  find(selector: ModelSelector, caller: Owner): FoundModel {
    const record = this.#select(selector, caller);
    if (record === undefined) throw notFound();
    const { ref, hash, name, loaded } = record;
    return {
      ref,
      hash,
      name,
      signature: loaded.signature,
      health: loaded.health,
      run: (inputs, options) => loaded.run(inputs, options),
    };
  }

  /** The models of an owner, the oldest first. Nobody can prove to own what was uploaded anonymously. */
  list(owner: Owner): IndexedModel[] {
    return [...this.#records]
      .filter(([, record]) => owns(owner, record))
      .map(([id, { name, hash, loaded }]) => ({ id, name, hash, ...loaded.health }));
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
    { modelName = '', optimize, runner, batchAcrossCallers }: UploadSettings,
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
        { optimize, runner, batchAcrossCallers },
        { timeoutMs: this.#config.loadTimeoutMs, modelRef: ref },
      );
      const hash = toHex(sealed.sha256);
      this.#records.set(modelId, { ref, hash, name: modelName, owner, sealed, loaded });
      return { modelId, hash: sealed.sha256 };
    } finally {
      this.#arriving -= 1;
    }
  }

  #select(selector: ModelSelector, caller: Owner): ModelRecord | undefined {
    if ('id' in selector) return this.#findById(selector.id, caller);
    if ('hash' in selector) return this.#findByHash(selector.hash.toLowerCase(), caller);
    const { idOrName } = selector;
    return idPattern.test(idOrName)
      ? this.#findById(idOrName, caller)
      : this.#findByName(idOrName, caller);
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

  #findByName(name: string, caller: Owner): ModelRecord | undefined {
    // The empty name is no name.
    const same = [...this.#records.values()].filter(
      (record) => name !== '' && record.name === name,
    );
    const own = same.filter((record) => owns(caller, record));
    const matches = own.length > 0 ? own : same.filter((record) => this.#isAnyones(record));
    if (matches.length > 1) {
      throw new ProtocolError('ambiguous-name', 'several models have this name: use an id');
    }
    return matches[0];
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
