import {
  decodeRepositoryIndexRequest,
  encodeModelMetadata,
  encodeRepositoryIndex,
  ProtocolError,
  type TensorMetadata,
} from '@blindai/protocol';
import { ownerOf } from '../access/owner.ts';
import { readBody, requestLimits, type BodyLimits, type BufferedBytes } from '../body.ts';
import type { TensorSpec } from '../inference/signature.ts';
import type { FoundModel, ModelRegistry } from '../models/registry.ts';
import { reply, replyJson, type Reply } from '../reply.ts';
import type { Config } from '../settings.ts';
import type { Call, Route } from './route.ts';

/** What the routes of the Open Inference Protocol need. */
export interface OpenInferenceOptions {
  readonly config: Config;
  readonly models: ModelRegistry;
  /** Where requests that are read as a whole are counted. */
  readonly buffered: BufferedBytes;
}

/** What asks for an index is a word or two. */
const maxIndexRequestBytes = 1024;

/**
 * What the Open Inference Protocol tells of models (wire.md §3): one to whoever has its id or finds its name,
 * and to an owner the list of its own.
 */
export function openInferenceRoutes(options: OpenInferenceOptions): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v2/models/:model',
      surfaces: ['attested'],
      handle: (call) => describe(call, options),
    },
    {
      method: 'GET',
      path: '/v2/models/:model/ready',
      surfaces: ['attested'],
      handle: (call) => tellReady(call, options),
    },
    {
      method: 'POST',
      path: '/v2/repository/index',
      surfaces: ['management'],
      handle: (call) => list(call, options),
    },
  ];
}

async function describe(call: Call, { models }: OpenInferenceOptions): Promise<Reply> {
  const { askedFor, model } = await findModel(call, models);
  const { name, hash, health, signature } = model;
  const metadata = encodeModelMetadata({
    askedFor,
    name,
    hash,
    ...health,
    inputs: signature.inputs.map(describeTensor),
    outputs: signature.outputs.map(describeTensor),
  });
  return reply(metadata, 'json');
}

async function tellReady(call: Call, { models }: OpenInferenceOptions): Promise<Reply> {
  const { askedFor, model } = await findModel(call, models);
  const { state, reason } = model.health;
  if (state !== 'ready') throw new ProtocolError('not-ready', reason);
  return replyJson({ name: askedFor, ready: true });
}

async function list(
  call: Call,
  { config, models, buffered }: OpenInferenceOptions,
): Promise<Reply> {
  const owner = await ownerOf(call.request);
  if (owner.kind === 'anonymous') {
    throw new ProtocolError('unauthorized', 'a list of models is for their owner, by its token');
  }
  using lease = buffered.lease();
  const limits: BodyLimits = { ...requestLimits(config), maxBytes: maxIndexRequestBytes };
  const body = await readBody(call.request, limits, call.signal, lease);
  call.noted.bytes = body.length;
  const { readyOnly } = decodeRepositoryIndexRequest(body);
  const own = models.list(owner).filter(({ state }) => !readyOnly || state === 'ready');
  return reply(encodeRepositoryIndex(own), 'json');
}

async function findModel(
  call: Call,
  models: ModelRegistry,
): Promise<{ askedFor: string; model: FoundModel }> {
  const askedFor = call.parameters['model']!;
  const model = models.find({ idOrName: askedFor }, await ownerOf(call.request));
  call.noted.modelRef = model.ref;
  return { askedFor, model };
}

/** Free dimensions lose their names: the protocol has none for them. */
function describeTensor({ name, datatype, shape }: TensorSpec): TensorMetadata {
  return {
    name,
    datatype,
    shape: shape.map((size) => (typeof size === 'number' ? size : -1)),
  };
}
