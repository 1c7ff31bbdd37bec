import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  decodeDelete,
  decodeRun,
  encodeDeleteReply,
  encodeErrorText,
  encodeRunReply,
  encodeUploadReply,
  errorStatuses,
  ProtocolError,
  UploadDecoder,
  type ErrorCode,
  type TensorBytes,
  type UploadRequest,
} from '@blindai/protocol';
import { describe, expect, it } from 'vitest';
import {
  connect,
  Tensor,
  type ModelSource,
  type RunInputs,
  type UploadOptions,
  type UploadProgress,
} from '../../src/node/index.ts';
import { BlindAIClient as Client } from '../../src/client.ts';
import { startRecordingServer } from './recording-server.ts';
import { connectTo, identity, ownToken, rejection } from './connected-pair.ts';
import { readBody, serveSimulated, type Handle } from './simulated-blindai.ts';

const otherToken = `${'B'.repeat(42)}A`;

/** Answers with CBOR, once all of the request is here. */
function answer(respond: (body: Uint8Array, request: IncomingMessage) => Uint8Array): Handle {
  return (request, response) => {
    readBody(request).then(
      (body) => response.setHeader('content-type', 'application/cbor').end(respond(body, request)),
      () => response.destroy(),
    );
  };
}

/** Answers every request with an error of the protocol. */
function fail(code: ErrorCode, fields: Record<string, string> = {}): Handle {
  return (request, response) => {
    request.resume().on('end', () => {
      response.writeHead(errorStatuses[code], { 'content-type': 'application/cbor', ...fields });
      response.end(encodeErrorText(new ProtocolError(code, 'it says so')));
    });
  };
}

const input = Float32Array.of(1, 2);
const noOutputs = answer(() => Buffer.concat(encodeRunReply([])));

/** A server that keeps what it is sent. */
function keepingUpload(received: {
  request?: UploadRequest;
  model: Buffer;
  headers?: object;
}): Handle {
  return answer((body, { headers }) => {
    const parts: Uint8Array[] = [];
    const decoder = new UploadDecoder({
      maxModelBytes: 2 ** 30,
      onModelBytes: (bytes) => parts.push(new Uint8Array(bytes)),
    });
    decoder.push(body);
    received.request = decoder.end();
    received.model = Buffer.concat(parts);
    received.headers = headers;
    const hash = createHash('sha256').update(received.model).digest();
    return encodeUploadReply({ hash, modelId: 'the-id' });
  });
}

/** A server that keeps the run that it is sent. */
function keepingRun(received: {
  run?: ReturnType<typeof decodeRun>;
  headers?: IncomingMessage['headers'];
}): Handle {
  return answer((body, request) => {
    received.headers = request.headers;
    received.run = decodeRun(body);
    return Buffer.concat(encodeRunReply([]));
  });
}

/** A server that never answers. */
const never: Handle = (request) => void request.resume();

describe('a client', () => {
  it('cannot be made without a server that was verified', () => {
    const forged = { server: { claims: {} } } as unknown as ConstructorParameters<typeof Client>[0];
    const runtime = {} as ConstructorParameters<typeof Client>[1];
    expect(() => new Client(forged, runtime, ownToken)).toThrow(TypeError);
  });
});

describe('uploadModel', () => {
  const model = Uint8Array.from({ length: 2_500_000 }, (_, at) => (at * 7) % 256);
  const modelHash = createHash('sha256').update(model).digest('hex');

  async function* chunked(): AsyncGenerator<Uint8Array> {
    yield model.subarray(0, 1);
    yield new Uint8Array();
    yield model.subarray(1);
  }

  const sources: [string, () => ModelSource, number | null][] = [
    ['bytes', () => model, model.length],
    ['a stream', chunked, null],
    ['a ReadableStream', () => new Blob([model]).stream(), null],
  ];

  it.each(sources)('sends %s', async (_what, source, totalBytes) => {
    const received = { model: Buffer.alloc(0) } as Parameters<typeof keepingUpload>[0];
    await using pair = await connectTo(keepingUpload(received));
    const progress: UploadProgress[] = [];
    const uploaded = await pair.client.uploadModel(source(), {
      name: 'chest',
      onProgress: (step) => progress.push(step),
    });
    expect(uploaded).toEqual({ modelId: 'the-id', modelHash, ownerToken: ownToken });
    expect(received.model.equals(model)).toBe(true);
    expect(received.request).toEqual({
      length: model.length,
      modelName: 'chest',
      optimize: true,
      sha256: new Uint8Array(Buffer.from(modelHash, 'hex')),
      batchAcrossCallers: false,
      runner: 'shared',
    });
    expect(received.headers).toMatchObject({
      'content-type': 'application/cbor',
      'blindai-owner-token': ownToken,
      ...(totalBytes === null && { 'transfer-encoding': 'chunked' }),
    });
    expect(progress.length).toBeGreaterThan(2);
    expect(progress.at(-1)).toEqual({ sentBytes: model.length, totalBytes });
  });

  it('sends a file, under its name, without optimisation, for another owner', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'blindai-'));
    const path = join(folder, 'model.onnx');
    await writeFile(path, model);
    const received = { model: Buffer.alloc(0) } as Parameters<typeof keepingUpload>[0];
    await using pair = await connectTo(keepingUpload(received));
    const uploaded = await pair.client.uploadModel(path, {
      optimize: false,
      ownerToken: otherToken,
    });
    await rm(folder, { recursive: true });
    expect(uploaded).toEqual({ modelId: 'the-id', modelHash, ownerToken: otherToken });
    expect(received.model.equals(model)).toBe(true);
    expect(received.request).toMatchObject({ modelName: 'model.onnx', optimize: false });
    expect(received.headers).toMatchObject({ 'blindai-owner-token': otherToken });
  });

  it('asks for a process for each caller, and for batches across callers', async () => {
    const received = { model: Buffer.alloc(0) } as Parameters<typeof keepingUpload>[0];
    await using pair = await connectTo(keepingUpload(received));
    await pair.client.uploadModel(model, { runner: 'per-caller', batchAcrossCallers: true });
    expect(received.request).toMatchObject({ runner: 'per-caller', batchAcrossCallers: true });
    const options = { runner: 'my-own' } as unknown as UploadOptions;
    expect(await rejection(pair.client.uploadModel(model, options))).toMatchObject({
      name: 'InputError',
      code: 'bad-input',
      message: 'runner must be one of shared, per-caller',
    });
  });

  it('makes an owner token for each connect', async () => {
    const received = { model: Buffer.alloc(0) };
    const tokens = new Set<string>();
    for (let time = 0; time < 2; time += 1) {
      await using pair = await connectTo(keepingUpload(received), { ownerToken: undefined });
      tokens.add((await pair.client.uploadModel(model)).ownerToken);
      tokens.add((await pair.client.uploadModel(model)).ownerToken);
    }
    expect(tokens.size).toBe(2);
    for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/);
  });

  it('refuses a file that cannot be read, before anything is sent', async () => {
    await using pair = await connectTo(noOutputs);
    expect(await rejection(pair.client.uploadModel('/does/not/exist'))).toMatchObject({
      name: 'InputError',
      code: 'unreadable',
      message: "the model's file cannot be read (ENOENT)",
    });
    expect(await rejection(pair.client.uploadModel(tmpdir()))).toMatchObject({
      code: 'unreadable',
      message: 'the model is not a file',
    });
    for (const source of [7, null, {}, [1, 2]] as unknown as ModelSource[]) {
      expect(await rejection(pair.client.uploadModel(source))).toMatchObject({
        code: 'bad-input',
        message: 'a model must be a path, bytes, or a stream of bytes',
      });
    }
    expect(pair.server.connections.at(0)!.received).not.toContain('POST');
  });

  it('refuses a stream of something else than bytes, and lets through what a stream throws', async () => {
    await using pair = await connectTo(noOutputs);
    const texts = Readable.from(['text']);
    expect(await rejection(pair.client.uploadModel(texts))).toMatchObject({
      code: 'bad-input',
      message: 'a stream of a model must consist of Uint8Arrays',
    });
    const broken = new Readable({
      read() {
        if (this.readableFlowing !== null) this.destroy(new RangeError('the disk is gone'));
        this.push(model);
      },
    });
    await expect(pair.client.uploadModel(broken)).rejects.toThrow(RangeError);
  });

  it('refuses an owner token that is none, and does not repeat it', async () => {
    await using pair = await connectTo(noOutputs);
    const error = await rejection(pair.client.uploadModel(model, { ownerToken: 'not-a-token' }));
    expect(error).toMatchObject({ code: 'bad-input' });
    expect(error.message).not.toContain('not-a-token');
  });

  it('refuses a server that has another model than was sent', async () => {
    const hash = new Uint8Array(32);
    await using pair = await connectTo(answer(() => encodeUploadReply({ hash, modelId: 'id' })));
    expect(await rejection(pair.client.uploadModel(model))).toMatchObject({
      code: 'bad-reply',
      message: 'the server has another model than was sent',
    });
  });

  it('hears an answer that comes before the upload is over', async () => {
    await using pair = await connectTo((_request, response) => {
      response.writeHead(413, { 'content-type': 'application/cbor' });
      response.end(encodeErrorText(new ProtocolError('too-large', 'at most 1 MiB')));
    });
    expect(await rejection(pair.client.uploadModel(new Uint8Array(50_000_000)))).toMatchObject({
      name: 'InputError',
      code: 'too-large',
      message: 'at most 1 MiB',
    });
  });
});

describe('runModel', () => {
  const expected = { datatype: 'FP32', shape: [2], bytes: new Uint8Array(input.buffer) };

  const forms: [string, RunInputs, (string | null)[]][] = [
    ['by name', { a: input, b: Tensor.from(input, 'other') }, ['a', 'b']],
    ['in order', [input, { data: [1, 2], datatype: 'FP32' }], [null, null]],
    ['in order, with the names of tensors', [Tensor.from(input, 'x')], ['x']],
    ['alone', input, [null]],
    ['alone, as onnxruntime has it', { type: 'float32', data: input, dims: [2] }, [null]],
  ];

  it.each(forms)('takes inputs %s', async (_how, inputs, names) => {
    const received: Parameters<typeof keepingRun>[0] = {};
    await using pair = await connectTo(keepingRun(received));
    await pair.client.runModel('some-id', inputs);
    expect(received.run).toEqual({
      modelId: 'some-id',
      modelHash: null,
      inputs: names.map((name) => ({ name, ...expected })),
    });
  });

  it('takes a large input, by the hash of a model', async () => {
    const received: Parameters<typeof keepingRun>[0] = {};
    await using pair = await connectTo(keepingRun(received));
    const large = Float32Array.from({ length: 1_000_000 }, (_, at) => at);
    await pair.client.runModel({ hash: 'AB'.repeat(32) }, large);
    expect(received.run).toMatchObject({ modelId: null, modelHash: 'ab'.repeat(32) });
    const { bytes } = received.run!.inputs.at(0)!;
    expect(Buffer.compare(bytes, new Uint8Array(large.buffer))).toBe(0);
  });

  it.each([
    [undefined, '60000'],
    [1234.5, '1234'],
  ])('tells how long it waits for the answer, %s ms', async (timeoutMs, said) => {
    const received: Parameters<typeof keepingRun>[0] = {};
    await using pair = await connectTo(keepingRun(received));
    await pair.client.runModel('some-id', input, { timeoutMs });
    expect(received.headers).toMatchObject({ 'blindai-timeout': said });
  });

  it('returns the outputs in order', async () => {
    const outputs: TensorBytes[] = [
      { name: 'p', datatype: 'FP64', shape: [1, 1], bytes: new Uint8Array(8) },
      { name: null, datatype: 'BOOL', shape: [2], bytes: Uint8Array.of(1, 0) },
    ];
    await using pair = await connectTo(answer(() => Buffer.concat(encodeRunReply(outputs))));
    const result = await pair.client.runModel('id', input);
    expect(result.outputs.map((output) => [output.name, output.toNested()])).toEqual([
      ['p', [[0]]],
      ['', [true, false]],
    ]);
  });

  it('refuses inputs that are none, before anything is sent', async () => {
    await using pair = await connectTo(noOutputs);
    for (const inputs of [
      null,
      7,
      { x: 7 },
      [7],
      { data: [1.5], datatype: 'INT8' },
    ] as unknown as RunInputs[]) {
      expect(await rejection(pair.client.runModel('id', inputs))).toMatchObject({
        name: 'InputError',
        code: 'bad-input',
      });
    }
    expect(pair.server.connections.at(0)!.received).not.toContain('POST');
  });

  it('demands a hash of the model, and refuses a server that does not say it has it', async () => {
    const hash = 'cd'.repeat(32);
    let says: string | undefined;
    const handle: Handle = (request, response) => {
      const demanded = request.headers['blindai-model-hash'];
      response.setHeader('x-demanded', String(demanded));
      if (says !== undefined) response.setHeader('Blindai-Model-Hash', says);
      noOutputs(request, response);
    };
    await using pair = await connectTo(handle);
    const { client, server } = pair;
    const message = 'the server does not say that it ran the model with this hash';
    for (says of [undefined, 'ef'.repeat(32)]) {
      expect(
        await rejection(client.runModel('id', input, { modelHash: hash.toUpperCase() })),
      ).toMatchObject({ code: 'bad-reply', message });
    }
    says = hash;
    await client.runModel('id', input, { modelHash: hash });
    await client.runModel({ hash }, input, { modelHash: hash });
    expect(server.connections.at(0)!.received).toContain(`Blindai-Model-Hash: ${hash}\r\n`);
    expect(
      await rejection(client.runModel({ hash }, input, { modelHash: 'ef'.repeat(32) })),
    ).toMatchObject({ code: 'bad-input' });
    expect(await rejection(client.runModel({ hash: 'zz' }, input))).toMatchObject({
      code: 'bad-input',
      message: "a model's hash must be 64 hex digits",
    });
  });
});

describe('deleteModel', () => {
  it("sends the id with the client's own owner token, or another", async () => {
    const received: unknown[] = [];
    await using pair = await connectTo(
      answer((body, { headers }) => {
        received.push(decodeDelete(body).modelId, headers['blindai-owner-token']);
        return encodeDeleteReply();
      }),
    );
    await pair.client.deleteModel('an-id');
    await pair.client.deleteModel('an-id', { ownerToken: otherToken });
    expect(received).toEqual(['an-id', ownToken, 'an-id', otherToken]);
  });
});

describe('a refusal of the server', () => {
  const classes: Record<ErrorCode, string> = {
    malformed: 'InputError',
    'bad-input': 'InputError',
    'credentials-refused': 'InputError',
    unauthorized: 'ModelError',
    forbidden: 'ModelError',
    'not-found': 'ModelError',
    'method-not-allowed': 'ConnectionError',
    'too-slow': 'ConnectionError',
    'ambiguous-name': 'ModelError',
    'too-large': 'InputError',
    'unsupported-media-type': 'InputError',
    'wrong-surface': 'ConnectionError',
    'model-refused': 'ModelError',
    'model-crashed': 'ModelError',
    'model-timeout': 'ModelError',
    'model-memory': 'ModelError',
    'too-many-requests': 'ConnectionError',
    internal: 'ConnectionError',
    'not-ready': 'ConnectionError',
    'going-down': 'ConnectionError',
  };

  it.each(Object.entries(classes) as [ErrorCode, string][])('%s is a %s', async (code, name) => {
    await using pair = await connectTo(fail(code));
    const error = await rejection(pair.client.runModel('id', input));
    expect(error).toMatchObject({ name, code, message: 'it says so' });
    expect(pair.server.connections.map(({ received }) => received).join('')).toMatch(
      /^GET [^]*POST (?![^]*POST)/,
    );
  });

  it('says how long to wait', async () => {
    await using pair = await connectTo(fail('too-many-requests', { 'retry-after': '7' }));
    const error = await rejection(pair.client.runModel('id', input));
    expect(error).toMatchObject({ code: 'too-many-requests', retryAfterMs: 7000 });
  });

  it('cannot act on a terminal', async () => {
    const refusal = encodeErrorText(new ProtocolError('not-found', 'no\u001b[2Jmodel\n'));
    await using pair = await connectTo((request, response) => {
      request.resume();
      response.writeHead(404).end(refusal);
    });
    const error = await rejection(pair.client.runModel('id', input));
    expect(error.message).toBe('no [2Jmodel ');
  });

  const nonsense: [string, (response: ServerResponse) => void][] = [
    ['a status without an error', (response) => response.writeHead(500).end()],
    ['HTML', (response) => response.writeHead(502).end('<h1>Bad gateway</h1>')],
    [
      'an error with another status',
      (response) =>
        response.writeHead(404).end(encodeErrorText(new ProtocolError('internal', 'x'))),
    ],
    ['a redirect', (response) => response.writeHead(307, { location: '/elsewhere' }).end()],
    ['success without content', (response) => response.writeHead(204).end()],
    ['another message', (response) => response.writeHead(200).end(encodeDeleteReply())],
    [
      'a reply that contradicts itself',
      (response) =>
        response.writeHead(200, { 'content-length': '5', 'transfer-encoding': 'x' }).end(),
    ],
  ];

  it.each(nonsense)('is a bad reply when it is %s', async (_what, respond) => {
    await using pair = await connectTo((request, response) => {
      request.resume().on('end', () => respond(response));
    });
    expect(await rejection(pair.client.runModel('id', input))).toMatchObject({
      name: 'ConnectionError',
      code: 'bad-reply',
    });
  });
});

describe('a call', () => {
  it('takes no option that nobody reads', async () => {
    await using pair = await connectTo(noOutputs);
    const misspelt: object = { modelhash: 'ab'.repeat(32) };
    for (const call of [
      pair.client.runModel('id', input, misspelt),
      pair.client.uploadModel(new Uint8Array(9), misspelt),
      pair.client.deleteModel('id', misspelt),
    ]) {
      await expect(call).rejects.toThrow(new TypeError('there is no option modelhash'));
    }
  });

  it('ends after its time', async () => {
    await using pair = await connectTo(never);
    for (const call of [
      rejection(pair.client.runModel('id', input, { timeoutMs: 20 })),
      rejection(pair.client.uploadModel(new Uint8Array(9), { timeoutMs: 20 })),
      rejection(pair.client.deleteModel('id', { timeoutMs: 20 })),
    ]) {
      expect(await call).toMatchObject({
        name: 'ConnectionError',
        code: 'timeout',
        message: 'no answer within 20 ms',
      });
    }
  });

  it('takes no time that a timer cannot keep', async () => {
    await using pair = await connectTo(noOutputs);
    for (const timeoutMs of [0, -1, Number.NaN, Infinity, 2 ** 31]) {
      const call = pair.client.runModel('id', input, { timeoutMs });
      await expect(call).rejects.toThrow('timeoutMs must be above 0 and below 2^31');
    }
  });

  it('ends when its signal says so, with the reason as cause', async () => {
    await using pair = await connectTo(never);
    const controller = new AbortController();
    const { signal } = controller;
    const calls = [
      pair.client.runModel('id', input, { signal }),
      pair.client.uploadModel(new Uint8Array(9), { signal }),
      pair.client.deleteModel('id', { signal }),
    ].map(rejection);
    const reason = new Error('changed my mind');
    controller.abort(reason);
    for (const call of calls) {
      expect(await call).toMatchObject({ name: 'ConnectionError', code: 'aborted', cause: reason });
    }
    expect(await rejection(pair.client.runModel('id', input, { signal }))).toMatchObject({
      code: 'aborted',
    });
    await expect(connect('localhost', { simulation: true, signal })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('is refused once the client is closed', async () => {
    const pair = await connectTo(noOutputs);
    await pair.client.runModel('id', input);
    await pair.client.close();
    await pair.client.close();
    for (const call of [
      rejection(pair.client.runModel('id', input)),
      rejection(pair.client.uploadModel(new Uint8Array(9))),
      rejection(pair.client.deleteModel('id')),
    ]) {
      expect(await call).toMatchObject({ name: 'ConnectionError', code: 'closed' });
    }
    await pair.server[Symbol.asyncDispose]();
  });

  it('may end after the client is closed', async () => {
    const held: (() => void)[] = [];
    const pair = await connectTo((request, response) => {
      held.push(() => noOutputs(request, response));
    });
    const running = pair.client.runModel('id', input);
    while (held.length === 0) await new Promise(setImmediate);
    const closing = pair.client.close();
    held.at(0)!();
    await closing;
    expect(await running).toEqual({ outputs: [] });
    await pair.server[Symbol.asyncDispose]();
  });

  it('is one of many at a time, over few connections', async () => {
    await using pair = await connectTo(noOutputs);
    await Promise.all(Array.from({ length: 200 }, () => pair.client.runModel('id', input)));
    expect(pair.server.connections.length).toBeLessThanOrEqual(33);
    const all = pair.server.connections.map(({ received }) => received).join('');
    expect(all.match(/GET \/attestation/g)).toHaveLength(1);
    expect(all.match(/POST \/run/g)).toHaveLength(200);
  });

  it('is never sent twice when the connection breaks', async () => {
    await using pair = await connectTo((request) => {
      request.resume().on('end', () => request.socket.destroy());
    });
    for (const call of [
      () => pair.client.runModel('id', input),
      () => pair.client.uploadModel(new Uint8Array(9)),
      () => pair.client.deleteModel('id'),
    ]) {
      expect(await rejection(call())).toMatchObject({
        name: 'ConnectionError',
        code: 'connection-lost',
      });
    }
    const all = pair.server.connections.map(({ received }) => received).join('');
    expect(all.match(/POST/g)).toHaveLength(3);
  });

  it('is sent on a second connection when the first could not be opened', async () => {
    await using pair = await connectTo(noOutputs);
    await pair.client.runModel('id', input);
    pair.server.drop();
    pair.server.refuseNext(1);
    await pair.client.runModel('id', input);
    expect(pair.server.accepted()).toBe(3);
    pair.server.drop();
    pair.server.refuseNext(1);
    // Nothing of a stream was read for the first, so all of it goes over the second.
    const upload = pair.client.uploadModel(Readable.from([Buffer.from('model')]));
    expect(await rejection(upload)).toMatchObject({ code: 'bad-reply' });
    expect(pair.server.connections.at(-1)!.received).toContain('model_name');
    pair.server.drop();
    pair.server.refuseNext(2);
    expect(await rejection(pair.client.runModel('id', input))).toMatchObject({
      name: 'ConnectionError',
      code: 'unreachable',
    });
  });

  it('takes no reply beyond its limit', async () => {
    await using pair = await connectTo((request, response) => {
      request.resume();
      const piece = Buffer.alloc(16 * 1024 * 1024);
      const more = (): void => {
        if (!response.destroyed) response.write(piece, more);
      };
      more();
    });
    expect(await rejection(pair.client.runModel('id', input))).toMatchObject({
      code: 'bad-reply',
      message: 'the reply must have at most 268435456 bytes',
    });
  });
});

describe('a server that cannot be reached', () => {
  it('is unreachable', async () => {
    const server = await startRecordingServer(
      identity,
      serveSimulated(() => identity),
    );
    await server[Symbol.asyncDispose]();
    await expect(
      connect('localhost', { attestedPort: server.port, simulation: true }),
    ).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'unreachable',
      message: `could not open a TLS connection to localhost, port ${server.port} (ECONNREFUSED)`,
    });
  });

  it('cannot give evidence now, and says so', async () => {
    for (const [code, retryAfterMs] of [
      ['too-many-requests', 3000],
      ['not-ready', 3000],
      ['going-down', 3000],
    ] as const) {
      await using server = await startRecordingServer(identity, (socket) => {
        socket.once('data', () =>
          socket.write(
            `HTTP/1.1 ${errorStatuses[code]} No\r\nBlindai-Error: ${code}\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n`,
          ),
        );
      });
      await expect(
        connect('localhost', { attestedPort: server.port, simulation: true }),
      ).rejects.toMatchObject({
        name: 'ConnectionError',
        code,
        message: 'the server gives no evidence now',
        retryAfterMs,
      });
    }
  });
});
