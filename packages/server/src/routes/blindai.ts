import {
  decodeDelete,
  decodeRun,
  encodeDeleteReply,
  encodeRunReply,
  encodeUploadReply,
  headers,
  modelRefOf,
  ProtocolError,
  UploadDecoder,
  type UploadRequest,
} from '@blindai/protocol';
import { callerOf } from '../access/caller.ts';
import { callerTimeoutOf } from '../access/caller-timeout.ts';
import { ownerOf } from '../access/owner.ts';
import { enforcePermission } from '../access/permission.ts';
import {
  readBody,
  requestLimits,
  streamBody,
  type BodyLimits,
  type BufferedBytes,
} from '../body.ts';
import type { ModelBytesWriter, SealedModel } from '../models/model-bytes.ts';
import type { ModelRegistry } from '../models/registry.ts';
import { Reply, reply } from '../reply.ts';
import type { HttpRequest } from '../request.ts';
import type { Config } from '../settings.ts';
import type { Call, Route } from './route.ts';

/** What the routes of the BlindAI protocol need. */
export interface BlindaiOptions {
  readonly config: Config;
  readonly models: ModelRegistry;
  /** Starts to receive a model. */
  readonly createModelBytes: () => ModelBytesWriter;
  /** Where requests that are read as a whole, and replies, are counted. */
  readonly buffered: BufferedBytes;
}

/** The BlindAI protocol (wire.md §1): upload, run and delete, for its own clients and for ours. */
export function blindaiRoutes(options: BlindaiOptions): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/upload',
      surfaces: ['management'],
      handle: (call) => upload(call, options),
    },
    {
      method: 'POST',
      path: '/run',
      surfaces: ['attested'],
      handle: (call) => run(call, options),
    },
    {
      method: 'POST',
      path: '/delete',
      surfaces: ['management'],
      handle: (call) => remove(call, options),
    },
  ];
}

async function upload(call: Call, options: BlindaiOptions): Promise<Reply> {
  enforcePermission(options.config);
  const owner = await ownerOf(call.request);
  const { request, model } = await receiveModel(call, options);
  call.noted.bytes = model.bytes;
  const { modelId, hash } = await options.models.upload(request, model, owner);
  call.noted.modelRef = await modelRefOf(modelId);
  // Nobody would ever learn the id of this model, or be able to delete it.
  if (call.signal.aborted) await options.models.delete(modelId, owner);
  return reply(encodeUploadReply({ hash, modelId }), 'cbor');
}

async function run(call: Call, { config, models, buffered }: BlindaiOptions): Promise<Reply> {
  enforcePermission(config);
  const owner = await ownerOf(call.request);
  const callerTimeoutMs = callerTimeoutOf(call.request);
  using lease = buffered.lease();
  const body = await readBody(call.request, requestLimits(config), call.signal, lease);
  call.noted.bytes = body.length;
  const { modelId, modelHash, inputs } = decodeRun(body);
  if (inputs.length > config.maxTensors) {
    throw new ProtocolError('too-large', `a run has at most ${config.maxTensors} inputs here`);
  }
  const model = models.find(modelId === null ? { hash: modelHash! } : { id: modelId }, owner);
  call.noted.modelRef = model.ref;
  enforceHash(call.request, model.hash);
  const replyLease = buffered.lease();
  const end = (): void => replyLease[Symbol.dispose]();
  try {
    const outputs = await model.run(inputs, {
      timeoutMs: config.inferenceTimeoutMs,
      callerTimeoutMs,
      caller: callerOf(owner, call.request),
      signal: call.signal,
      hold: replyLease.grow,
    });
    // Nobody would send the reply, and end it.
    call.signal.throwIfAborted();
    // An answer is only taken from a runner that has all of the inputs, so that nothing reads them any more.
    lease.release();
    return new Reply(encodeRunReply(outputs), 'cbor', {
      headers: { [headers.modelHash]: model.hash },
      onEnd: end,
    });
  } catch (error) {
    end();
    throw error;
  }
}

/** Refuses to run another model than the caller demands; the answer says which one it was. */
function enforceHash(request: HttpRequest, hash: string): void {
  const demanded = request.headers.get(headers.modelHash);
  if (demanded === null) return;
  if (!/^[0-9a-f]{64}$/i.test(demanded)) {
    throw new ProtocolError('bad-input', `${headers.modelHash} must be 64 hex digits`);
  }
  if (demanded.toLowerCase() !== hash) {
    throw new ProtocolError('not-found', 'the model with this id has another hash');
  }
}

async function remove(call: Call, { config, models, buffered }: BlindaiOptions): Promise<Reply> {
  const caller = await ownerOf(call.request);
  using lease = buffered.lease();
  const body = await readBody(call.request, requestLimits(config), call.signal, lease);
  const { modelId } = decodeDelete(body);
  call.noted.modelRef = await modelRefOf(modelId);
  await models.delete(modelId, caller);
  return reply(encodeDeleteReply(), 'cbor');
}

/** Receives an upload while it is decoded; what did not arrive whole and as announced is discarded. */
async function receiveModel(
  call: Call,
  { config, createModelBytes }: BlindaiOptions,
): Promise<{ request: UploadRequest; model: SealedModel }> {
  const writer = createModelBytes();
  try {
    const decoder = new UploadDecoder({
      maxModelBytes: config.maxModelBytes,
      onModelBytes: (bytes) => writer.write(bytes),
    });
    for await (const chunk of streamBody(call.request, uploadLimits(config), call.signal)) {
      decoder.push(chunk);
    }
    const request = decoder.end();
    const model = writer.seal();
    if (request.sha256 === null || Buffer.compare(request.sha256, model.sha256) === 0) {
      return { request, model };
    }
    model.close();
    throw new ProtocolError('malformed', 'the model is not the one that sha256 announces');
  } finally {
    writer.discard();
  }
}

function uploadLimits(config: Config): BodyLimits {
  return {
    // BlindAI's integers take up to two bytes each, and what goes with the model is small.
    maxBytes: 2 * config.maxModelBytes + 64 * 1024,
    idleTimeoutMs: config.idleTimeoutMs,
    timeoutMs: null,
    minBytesPerSecond: config.minUploadBytesPerSecond,
  };
}
