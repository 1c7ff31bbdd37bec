import type { IncomingMessage } from 'node:http';
import {
  decodeRepositoryIndexRequest,
  encodeErrorJson,
  encodeErrorText,
  encodeModelMetadata,
  encodeRepositoryIndex,
  errorStatuses,
  ProtocolError,
  type ErrorCode,
  type IndexedModel,
  type ModelMetadata,
} from '@blindai/protocol';
import { describe, expect, it } from 'vitest';
import type { BlindAIClient } from '../../src/node/index.ts';
import { connectTo, ownToken, rejection } from './connected-pair.ts';
import { readBody, type Handle } from './simulated-blindai.ts';

const otherToken = `${'B'.repeat(42)}A`;
const model = {
  id: 'the-id',
  name: 'chest',
  hash: '0f'.repeat(32),
  state: 'ready',
  reason: '',
} as const satisfies IndexedModel;
const metadata: ModelMetadata = {
  askedFor: model.id,
  ...model,
  inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 3, 224, 224] }],
  outputs: [{ name: 'p', datatype: 'INT64', shape: [] }],
};
const listed = {
  modelId: 'the-id',
  name: 'chest',
  modelHash: model.hash,
  state: 'ready',
  reason: null,
};

interface Received {
  request?: IncomingMessage;
  body?: Uint8Array;
}

/** Answers every request with the same JSON, and keeps what it was asked. */
function answer(json: Uint8Array | object, received: Received = {}, status = 200): Handle {
  const bytes = json instanceof Uint8Array ? json : Buffer.from(JSON.stringify(json));
  return (request, response) => {
    const respond = (body: Uint8Array): void => {
      Object.assign(received, { request, body });
      response.writeHead(status, { 'content-type': 'application/json' }).end(bytes);
    };
    readBody(request).then(respond, () => response.destroy());
  };
}

const fail = (code: ErrorCode): Handle =>
  answer(encodeErrorJson(new ProtocolError(code, 'it\u001b says so')), {}, errorStatuses[code]);

const calls: [string, (client: BlindAIClient) => Promise<unknown>][] = [
  ['describeModel', async (client) => await client.describeModel('the-id')],
  ['listModels', async (client) => await client.listModels()],
];

describe('describeModel', () => {
  it('asks on the attested port, without a body, and returns what the server tells', async () => {
    const received: Received = {};
    await using pair = await connectTo(answer(encodeModelMetadata(metadata), received));
    expect(await pair.client.describeModel('the-id')).toEqual({
      ...listed,
      inputs: metadata.inputs,
      outputs: metadata.outputs,
    });
    expect(received.request).toMatchObject({ method: 'GET', url: '/v2/models/the-id' });
    expect(received.request!.headers).toMatchObject({
      accept: 'application/json',
      'blindai-owner-token': ownToken,
    });
    expect(received.request!.headers).not.toHaveProperty('content-type');
    expect(received.body).toHaveLength(0);
  });

  it('says why a model is not ready', async () => {
    const reason = 'it crashed';
    const bytes = encodeModelMetadata({ ...metadata, state: 'quarantined', reason });
    await using pair = await connectTo(answer(bytes));
    expect(await pair.client.describeModel('the-id')).toMatchObject({
      state: 'quarantined',
      reason,
    });
  });

  it('takes a name, and the token of another owner', async () => {
    const received: Received = {};
    const askedFor = '../ä/%2e?x#y';
    await using pair = await connectTo(
      answer(encodeModelMetadata({ ...metadata, askedFor }), received),
    );
    const described = await pair.client.describeModel(askedFor, { ownerToken: otherToken });
    expect(described.modelId).toBe(askedFor);
    expect(received.request!.url).toBe(`/v2/models/${encodeURIComponent(askedFor)}`);
    expect(received.request!.headers).toMatchObject({ 'blindai-owner-token': otherToken });
  });

  it('refuses what can be neither an id nor a name, before anything is sent', async () => {
    await using pair = await connectTo(answer({}));
    for (const id of ['', '\ud800', 7, null, 'x'.repeat(1537)] as string[]) {
      expect(await rejection(pair.client.describeModel(id))).toMatchObject({
        name: 'InputError',
        code: 'bad-input',
      });
    }
    expect(pair.server.connections.at(0)!.received).not.toContain('/v2');
  });

  it('refuses the description of another model', async () => {
    await using pair = await connectTo(
      answer(encodeModelMetadata({ ...metadata, askedFor: 'another' })),
    );
    expect(await rejection(pair.client.describeModel('the-id'))).toMatchObject({
      name: 'ConnectionError',
      code: 'bad-reply',
      message: 'the server describes another model',
    });
  });

  it('refuses what is no description', async () => {
    const written = JSON.parse(new TextDecoder().decode(encodeModelMetadata(metadata))) as object;
    const input = { name: 'x', datatype: 'FP31', shape: [1] };
    for (const json of [{}, [], { ...written, extra: 1 }, { ...written, inputs: [input] }]) {
      await using pair = await connectTo(answer(json));
      expect(await rejection(pair.client.describeModel('the-id'))).toMatchObject({
        name: 'ConnectionError',
        code: 'bad-reply',
      });
    }
  });
});

describe('listModels', () => {
  it('asks on the management port with the own token, and returns the list', async () => {
    const received: Received = {};
    const crashed = { ...model, id: 'b', state: 'quarantined', reason: 'it crashed' } as const;
    await using pair = await connectTo(answer(encodeRepositoryIndex([model, crashed]), received));
    expect(await pair.client.listModels()).toEqual([
      listed,
      { ...listed, modelId: 'b', state: 'quarantined', reason: 'it crashed' },
    ]);
    expect(received.request).toMatchObject({ method: 'POST', url: '/v2/repository/index' });
    expect(received.request!.headers).toMatchObject({
      'content-type': 'application/json',
      'blindai-owner-token': ownToken,
    });
    expect(decodeRepositoryIndexRequest(received.body!)).toEqual({ readyOnly: false });
  });

  it('asks for another owner, who may have none', async () => {
    const received: Received = {};
    await using pair = await connectTo(answer(encodeRepositoryIndex([]), received));
    expect(await pair.client.listModels({ ownerToken: otherToken })).toEqual([]);
    expect(received.request!.headers).toMatchObject({ 'blindai-owner-token': otherToken });
  });

  it('refuses what is no list', async () => {
    for (const json of [{}, [{}], [7], Buffer.from('[')]) {
      await using pair = await connectTo(answer(json));
      expect(await rejection(pair.client.listModels())).toMatchObject({ code: 'bad-reply' });
    }
  });
});

describe.each(calls)('%s', (_name, act) => {
  it.each([
    ['not-found', 'ModelError'],
    ['ambiguous-name', 'ModelError'],
    ['unauthorized', 'ModelError'],
    ['malformed', 'InputError'],
    ['going-down', 'ConnectionError'],
  ] satisfies [ErrorCode, string][])(
    'is refused with %s by a server that says so in JSON',
    async (code, name) => {
      await using pair = await connectTo(fail(code));
      // What would act on a terminal is taken out.
      expect(await rejection(act(pair.client))).toMatchObject({
        name,
        code,
        message: 'it  says so',
      });
    },
  );

  it('hears an error in CBOR too', async () => {
    await using pair = await connectTo((_request, response) => {
      response.writeHead(503, { 'content-type': 'application/cbor', 'retry-after': '3' });
      response.end(encodeErrorText(new ProtocolError('going-down', 'soon')));
    });
    expect(await rejection(act(pair.client))).toMatchObject({
      code: 'going-down',
      retryAfterMs: 3000,
    });
  });

  it.each([
    ['an unknown code', '{"error":"other: x"}', 404],
    ['a code that does not fit its status', '{"error":"not-found: x"}', 500],
    ['no error', '{}', 404],
    ['no JSON', '<html>', 404],
  ])('is refused as a bad reply with %s', async (_what, text, status) => {
    await using pair = await connectTo(answer(Buffer.from(text), {}, status));
    expect(await rejection(act(pair.client))).toMatchObject({ code: 'bad-reply' });
  });

  it('is refused as a bad reply with another status that is good', async () => {
    await using pair = await connectTo(answer([], {}, 206));
    expect(await rejection(act(pair.client))).toMatchObject({ code: 'bad-reply' });
  });

  it('follows no redirect', async () => {
    await using pair = await connectTo((_request, response) => {
      response.writeHead(302, { location: '/v2/models/another' }).end();
    });
    expect(await rejection(act(pair.client))).toMatchObject({ code: 'bad-reply' });
    expect(pair.server.connections.at(-1)!.received).not.toContain('another');
  });

  it('takes no reply beyond its limit', async () => {
    await using pair = await connectTo((request, response) => {
      request.resume();
      const piece = Buffer.alloc(1024 * 1024, ' ');
      const more = (): void => {
        if (!response.destroyed) response.write(piece, more);
      };
      more();
    });
    expect(await rejection(act(pair.client))).toMatchObject({
      code: 'bad-reply',
      message: 'the reply must have at most 16777216 bytes',
    });
  });
});

describe('what nobody reads', () => {
  it('is refused', async () => {
    await using pair = await connectTo(answer({}));
    const options = { ownertoken: otherToken } as object;
    await expect(pair.client.describeModel('x', options)).rejects.toThrow(TypeError);
    await expect(pair.client.listModels(options)).rejects.toThrow(TypeError);
    for (const ownerToken of ['not-a-token', '']) {
      const refused = await rejection(pair.client.listModels({ ownerToken }));
      expect(refused).toMatchObject({ name: 'InputError', code: 'bad-input' });
      expect(await rejection(pair.client.describeModel('x', { ownerToken }))).toMatchObject({
        code: 'bad-input',
      });
    }
  });
});
