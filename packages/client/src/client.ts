import { isVerified, type Report, type VerifiedClaims } from '@blindai/attestation';
import {
  decodeDeleteReply,
  decodeErrorText,
  decodeRunReply,
  decodeUploadReply,
  encodeDelete,
  encodeRun,
  errorStatuses,
  headers,
  isOwnerToken,
  limits,
  ProtocolError,
  Tensor,
  toHex,
  type Keyset,
  type ServerConfig,
} from '@blindai/protocol';
import type { AttestedServer } from './attested-server.ts';
import type { CallOptions } from './call-options.ts';
import { ConnectionError, errorOfServer, InputError, readingReply } from './errors.ts';
import type { ModelSource, Runtime } from './model-source.ts';
import { refuseUnknownOptions } from './known-options.ts';
import { encodeInputs, type RunInputs } from './run-inputs.ts';
import type { Transport, TransportReply, TransportRequest } from './transport.ts';
import { createUploadBody, type UploadProgress } from './upload-body.ts';

/** What {@link BlindAIClient.uploadModel} takes besides the model. */
export interface UploadOptions extends CallOptions {
  /** What the model is called. Default: empty, or the file's name. */
  readonly name?: string | undefined;
  /** True asks for the engine's full graph optimisation, false for none. Default true. */
  readonly optimize?: boolean | undefined;
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

const callOptions = ['timeoutMs', 'signal'] as const satisfies (keyof CallOptions)[];
const uploadOptions = [...callOptions, 'name', 'optimize', 'ownerToken', 'onProgress'];
const runOptions = [...callOptions, 'modelHash'];
const deleteOptions = [...callOptions, 'ownerToken'];

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
      };
      const onProgress = options.onProgress ?? ((): void => {});
      const hash = this.#runtime.createSha256();
      const body = createUploadBody(model, settings, hash, onProgress);
      const reply = await this.#call({
        surface: 'management',
        path: '/upload',
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
   * @param options.timeoutMs - Default 60 000.
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
    const reply = await this.#call({
      surface: 'attested',
      path: '/run',
      ownerToken: this.#ownerToken,
      ...(demanded !== null && { modelHash: demanded }),
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
    refuseUnknownOptions(options, deleteOptions);
    const body = encodeDelete({ modelId });
    const reply = await this.#call({
      surface: 'management',
      path: '/delete',
      ownerToken: this.#tokenOf(options),
      body: [body],
      bodyBytes: body.length,
      timeoutMs: options.timeoutMs ?? 60_000,
      signal: options.signal,
    });
    readingReply(() => decodeDeleteReply(reply.body));
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

  /** Sends one request and returns the answer if it is a good one. */
  async #call(call: Call): Promise<TransportReply> {
    const { ownerToken, modelHash, ...request } = call;
    const reply = await this.#transport.send({
      ...request,
      headers: {
        'content-type': 'application/cbor',
        [headers.ownerToken]: ownerToken,
        ...(modelHash !== undefined && { [headers.modelHash]: modelHash }),
      },
      maxReplyBytes: limits.maxReplyBytes,
    });
    if (reply.status !== 200) throw readError(reply);
    return reply;
  }
}

type Call = Omit<TransportRequest, 'headers' | 'maxReplyBytes'> & {
  readonly ownerToken: string;
  readonly modelHash?: string;
};

/** The error that an answer other than 200 tells of. */
function readError(reply: TransportReply): Error {
  const refusal = decodeRefusal(reply);
  if (refusal === null || errorStatuses[refusal.code] !== reply.status) {
    return new ConnectionError(
      'bad-reply',
      `the server answered status ${reply.status} and no error of this protocol that fits it`,
    );
  }
  const seconds = reply.headers['retry-after'] ?? '';
  const retryAfterMs = /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : null;
  // The sentence may end up on a terminal, where control characters act.
  const message = refusal.message.replace(/\p{Cc}/gu, ' ');
  return errorOfServer({ code: refusal.code, message }, { retryAfterMs });
}

function decodeRefusal(reply: TransportReply): ProtocolError | null {
  try {
    return decodeErrorText(reply.body);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

function hashOf(hex: string): string {
  if (!/^[0-9a-f]{64}$/i.test(hex)) {
    throw new InputError('bad-input', "a model's hash must be 64 hex digits");
  }
  return hex.toLowerCase();
}
