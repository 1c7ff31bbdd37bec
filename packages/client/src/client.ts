import { isVerified, type Report, type VerifiedClaims } from '@blindai/attestation';
import {
  decodeDeleteReply,
  decodeRunReply,
  decodeUploadReply,
  encodeDelete,
  encodeRepositoryIndexRequest,
  encodeRun,
  headers,
  isOwnerToken,
  limits,
  runners,
  Tensor,
  toHex,
  type Keyset,
  type Runner,
  type ServerConfig,
} from '@blindai/protocol';
import type { AttestedServer } from './attested-server.ts';
import { call } from './call.ts';
import type { CallOptions } from './call-options.ts';
import { ConnectionError, InputError, readingReply } from './errors.ts';
import {
  readModelDescription,
  readModelList,
  type ListedModel,
  type ModelDescription,
} from './model-description.ts';
import type { ModelSource, Runtime } from './model-source.ts';
import { refuseUnknownOptions } from './known-options.ts';
import { encodeInputs, type RunInputs } from './run-inputs.ts';
import type { Transport } from './transport.ts';
import { createUploadBody, type UploadProgress } from './upload-body.ts';

/** What {@link BlindAIClient.uploadModel} takes besides the model. */
export interface UploadOptions extends CallOptions {
  /** What the model is called. Default: empty, or the file's name. */
  readonly name?: string | undefined;
  /** True asks for the engine's full graph optimisation, false for none. Default true. */
  readonly optimize?: boolean | undefined;
  /**
   * `per-caller`: each run gets a process of its own, ended afterwards, so that the model cannot keep anything
   * of one caller for another; slower. Default `shared`.
   */
  readonly runner?: 'shared' | 'per-caller' | undefined;
  /** Whether runs of different callers may be computed as one, where that is faster. Default false. */
  readonly batchAcrossCallers?: boolean | undefined;
  /** Who may delete the model: 43 characters of base64url. Default: the client's own. */
  readonly ownerToken?: string | undefined;
  /** Told after each piece that was handed to the connection. */
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/** What an upload returns. */
export interface UploadedModel {
  /** Whoever has it may run the model on an anonymous server: a secret. */
  readonly modelId: string;
  /** SHA-256 of the model, hex. */
  readonly modelHash: string;
  /** Without it nobody can delete the model: a secret, to be kept. */
  readonly ownerToken: string;
}

/** What {@link BlindAIClient.runModel} takes besides model and inputs. */
export interface RunOptions extends CallOptions {
  /** SHA-256 that the model must have, hex; with another one nothing is run. */
  readonly modelHash?: string | undefined;
}

/** What {@link BlindAIClient.deleteModel} takes besides the model. */
export interface DeleteOptions extends CallOptions {
  /** The one that the upload returned. Default: the client's own. */
  readonly ownerToken?: string | undefined;
}

/** What {@link BlindAIClient.describeModel} takes besides the model. */
export interface DescribeOptions extends CallOptions {
  /** Whose models a name may stand for. Default: the client's own. */
  readonly ownerToken?: string | undefined;
}

/** What {@link BlindAIClient.listModels} takes. */
export interface ListOptions extends CallOptions {
  /** The one with which the models were uploaded. Default: the client's own. */
  readonly ownerToken?: string | undefined;
}

const callOptions = ['timeoutMs', 'signal'] as const satisfies (keyof CallOptions)[];
const uploadOptions = [
  ...callOptions,
  'name',
  'optimize',
  'runner',
  'batchAcrossCallers',
  'ownerToken',
  'onProgress',
];
const runOptions = [...callOptions, 'modelHash'];
const ownerOptions = [...callOptions, 'ownerToken'];

/**
 * A verified connection to a server. There is no other way to one but `connect`, so that no method here can
 * be called before the server proved what it is; and every connection that is opened later proves it again.
 *
 * Every method throws a {@link ConnectionError} when the server cannot be reached or does not answer, and an
 * `AttestationError` when what answers does not prove that it is acceptable. Nothing that might have been
 * processed is ever sent a second time.
 */
export class BlindAIClient implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #runtime: Runtime;
  readonly #ownerToken: string;

  /** @internal */
  constructor(transport: Transport, runtime: Runtime, ownerToken: string) {
    if (!isVerified(transport.server.claims)) throw new TypeError('use connect() to get a client');
    this.#transport = transport;
    this.#runtime = runtime;
    this.#ownerToken = ownerToken;
  }

  /** Each check that was made of the server, as it was last verified. */
  get report(): Report {
    return this.#transport.server.report;
  }

  /** What the server's evidence says. */
  get claims(): VerifiedClaims {
    return this.#transport.server.claims;
  }

  /** The settings that the evidence vouches for. */
  get config(): ServerConfig {
    return this.#transport.server.config;
  }

  /** The keys that the evidence vouches for. */
  get keyset(): Keyset {
    return this.#transport.server.keyset;
  }

  /** The server's certificate, DER. */
  get certificate(): Uint8Array {
    return this.#transport.server.certificate;
  }

  /** How the connection is encrypted. */
  get tls(): AttestedServer['tls'] {
    return this.#transport.server.tls;
  }

  /**
   * Uploads a model and returns once it loaded for the first time. A large model streams: neither it nor its
   * hash is needed beforehand, and the client's memory does not grow with it.
   *
   * @param source - The path of an ONNX file, its bytes, or a stream of them.
   * @param options.timeoutMs - Default none: an upload ends when the connection stalls for two minutes.
   * @throws {ModelError} `model-refused`, `model-memory` … when the model does not load.
   * @throws {InputError} `unreadable` for a file that cannot be read, `too-large`, `bad-input`.
   * @see wire.md §1
   */
  async uploadModel(source: ModelSource, options: UploadOptions = {}): Promise<UploadedModel> {
    refuseUnknownOptions(options, uploadOptions);
    const ownerToken = this.#tokenOf(options);
    const model = await this.#runtime.openModel(source);
    try {
      const settings = {
        modelName: options.name ?? model.name,
        optimize: options.optimize ?? true,
        runner: runnerOf(options),
        batchAcrossCallers: options.batchAcrossCallers ?? false,
      };
      const onProgress = options.onProgress ?? ((): void => {});
      const hash = this.#runtime.createSha256();
      const body = createUploadBody(model, settings, hash, onProgress);
      const reply = await call(this.#transport, {
        surface: 'management',
        method: 'POST',
        path: '/upload',
        encoding: 'cbor',
        ownerToken,
        body: body.bytes,
        bodyBytes: body.length,
        timeoutMs: options.timeoutMs ?? null,
        signal: options.signal,
      });
      const uploaded = readingReply(() => decodeUploadReply(reply.body));
      const modelHash = toHex(uploaded.hash);
      if (modelHash !== toHex(body.sha256())) {
        throw new ConnectionError('bad-reply', 'the server has another model than was sent');
      }
      return { modelId: uploaded.modelId, modelHash, ownerToken };
    } finally {
      await model.close();
    }
  }

  /**
   * Runs a model and returns its outputs in the model's order.
   *
   * @param model - Its id, or its SHA-256 in hex, which finds one's own models, and on an anonymous server
   * those of anonymous uploads.
   * @param inputs - Tensors by input name, or in the order of the model's inputs, or the only one.
   * @param options.timeoutMs - Default 60 000. The server is told, and does not run what nobody waits for.
   * @throws {ModelError} `not-found` (absent or not yours), `model-crashed`, `model-timeout` …
   * @throws {InputError} `bad-input` when a name, datatype or shape does not fit the model, `too-large`.
   * @see wire.md §1
   */
  async runModel(
    model: string | { readonly hash: string },
    inputs: RunInputs,
    options: RunOptions = {},
  ): Promise<{ readonly outputs: readonly Tensor[] }> {
    refuseUnknownOptions(options, runOptions);
    const target =
      typeof model === 'string'
        ? { modelId: model, modelHash: null }
        : { modelId: null, modelHash: hashOf(model.hash) };
    const demanded = options.modelHash === undefined ? null : hashOf(options.modelHash);
    if (demanded !== null && target.modelHash !== null && demanded !== target.modelHash) {
      throw new InputError('bad-input', 'modelHash must be the hash that names the model');
    }
    const parts = encodeRun({ ...target, inputs: encodeInputs(inputs) });
    const reply = await call(this.#transport, {
      surface: 'attested',
      method: 'POST',
      path: '/run',
      encoding: 'cbor',
      ownerToken: this.#ownerToken,
      ...(demanded !== null && { modelHash: demanded }),
      tellsTimeout: true,
      body: parts,
      bodyBytes: parts.reduce((bytes, part) => bytes + part.length, 0),
      timeoutMs: options.timeoutMs ?? 60_000,
      signal: options.signal,
    });
    if (demanded !== null && reply.headers[headers.modelHash.toLowerCase()] !== demanded) {
      throw new ConnectionError(
        'bad-reply',
        'the server does not say that it ran the model with this hash',
      );
    }
    const outputs = readingReply(() =>
      decodeRunReply(reply.body).map((output) => Tensor.fromBytes(output)),
    );
    return { outputs };
  }

  /**
   * Deletes a model and ends all that runs of it.
   *
   * @param options.timeoutMs - Default 60 000.
   * @throws {ModelError} `not-found` when there is no such model, or it is not yours.
   * @see wire.md §1
   */
  async deleteModel(modelId: string, options: DeleteOptions = {}): Promise<void> {
    refuseUnknownOptions(options, ownerOptions);
    const body = encodeDelete({ modelId });
    const reply = await call(this.#transport, {
      surface: 'management',
      method: 'POST',
      path: '/delete',
      encoding: 'cbor',
      ownerToken: this.#tokenOf(options),
      body: [body],
      bodyBytes: body.length,
      timeoutMs: options.timeoutMs ?? 60_000,
      signal: options.signal,
    });
    readingReply(() => decodeDeleteReply(reply.body));
  }

  /**
   * Tells what a model takes and gives, and whether it can be run.
   *
   * @param modelId - Its id; or its name, where one model alone has it among one's own or, if none of those
   * has, among anonymous uploads on an anonymous server.
   * @param options.timeoutMs - Default 60 000.
   * @throws {ModelError} `not-found` (absent or not yours), `ambiguous-name`.
   * @see wire.md §3; Open Inference Protocol V2, "Model Metadata"
   */
  async describeModel(modelId: string, options: DescribeOptions = {}): Promise<ModelDescription> {
    refuseUnknownOptions(options, ownerOptions);
    const reply = await call(this.#transport, {
      surface: 'attested',
      method: 'GET',
      path: `/v2/models/${pathSegmentOf(modelId)}`,
      encoding: 'json',
      ownerToken: this.#tokenOf(options),
      body: null,
      bodyBytes: null,
      timeoutMs: options.timeoutMs ?? 60_000,
      signal: options.signal,
    });
    return readModelDescription(reply.body, modelId);
  }

  /**
   * Lists the models that were uploaded with an owner token, the oldest first.
   *
   * @param options.timeoutMs - Default 60 000.
   * @see wire.md §3; Triton's "Model Repository Extension"
   */
  async listModels(options: ListOptions = {}): Promise<readonly ListedModel[]> {
    refuseUnknownOptions(options, ownerOptions);
    const body = encodeRepositoryIndexRequest({ readyOnly: false });
    const reply = await call(this.#transport, {
      surface: 'management',
      method: 'POST',
      path: '/v2/repository/index',
      encoding: 'json',
      ownerToken: this.#tokenOf(options),
      body: [body],
      bodyBytes: body.length,
      timeoutMs: options.timeoutMs ?? 60_000,
      signal: options.signal,
    });
    return readModelList(reply.body);
  }

  /** Lets running calls end and closes the connections; later calls are refused with `closed`. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** Closes, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The owner token of a call. */
  #tokenOf(options: { readonly ownerToken?: string | undefined }): string {
    const token = options.ownerToken ?? this.#ownerToken;
    if (!isOwnerToken(token)) {
      throw new InputError('bad-input', 'an owner token must be 32 bytes in base64url');
    }
    return token;
  }
}

function runnerOf({ runner = 'shared' }: UploadOptions): Runner {
  if (runners.includes(runner)) return runner;
  throw new InputError('bad-input', `runner must be one of ${runners.join(', ')}`);
}

function hashOf(hex: string): string {
  if (!/^[0-9a-f]{64}$/i.test(hex)) {
    throw new InputError('bad-input', "a model's hash must be 64 hex digits");
  }
  return hex.toLowerCase();
}

/** An id or a name as a part of a path. */
function pathSegmentOf(modelId: string): string {
  // A lone surrogate has no encoding.
  if (typeof modelId !== 'string' || modelId === '' || /\p{Cs}/u.test(modelId)) {
    throw new InputError('bad-input', "a model's id must be a text that is not empty");
  }
  const segment = encodeURIComponent(modelId);
  if (segment.length > 3 * limits.maxNameBytes) {
    throw new InputError(
      'bad-input',
      `a model's id must have at most ${limits.maxNameBytes} bytes`,
    );
  }
  return segment;
}
