import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import {
  createOwnerToken,
  decodeUploadReply,
  encodeDelete,
  encodeRun,
  encodeUpload,
  type TensorBytes,
} from '@blindai/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { constant, integer, model, node, value } from '../packages/server/test/onnx/build.ts';
import { loop, zeros } from '../packages/server/test/onnx/models.ts';
import { Message } from '../packages/server/test/onnx/protobuf.ts';
import { rounds, tensor } from '../packages/server/test/onnx/tensors.ts';
import { AnswerReader, codeOf, openSurface, type Answer, type Surface } from './fuzz/exchange.ts';
import { crashing } from './support/hostile-models.ts';
import { descendantsOf } from './support/process-watch.ts';
import { foundIn, secret, type Secret } from './support/secret.ts';
import { startWatched, type WatchedServer } from './support/watched-server.ts';

/** A text that stands nowhere else. */
const marked = (what: string): string => `${what}-${randomBytes(12).toString('hex')}`;

const content = {
  input: marked('input'),
  weights: marked('weights'),
  description: marked('description'),
  modelName: marked('model-name'),
  tensorName: marked('tensor-name'),
  path: marked('path'),
  query: marked('query'),
  header: marked('header'),
  body: marked('body'),
  ownerToken: createOwnerToken(),
  otherToken: createOwnerToken(),
  unknownId: randomUUID(),
  unknownHash: randomBytes(32).toString('hex'),
};

/** A number that stands nowhere else either: the engine's errors tell of numbers. */
const markedNumber = 1_000_000_007n + BigInt(randomBytes(3).readUIntBE(0, 3));

/** `y = max(x[index], weights)`, with all that a model may say about itself. */
const secretive = Buffer.concat([
  model({
    nodes: [
      node('Gather', ['x', 'index'], ['chosen'], [integer('axis', 0)]),
      node('Max', ['chosen', 'weights'], ['y']),
    ],
    inputs: [value('x', 'UINT8', ['n', content.weights.length]), value('index', 'INT64', [1])],
    outputs: [value('y', 'UINT8', [1, content.weights.length])],
    constants: [
      constant('weights', 'UINT8', [content.weights.length], Buffer.from(content.weights)),
    ],
  }),
  // Of a model: producer_name and doc_string.
  new Message().text(2, content.description).text(6, content.description).encode(),
]);

const input = Buffer.alloc(content.weights.length, content.input);
const x = tensor('x', 'UINT8', input, [1, input.length]);
const index = (at: bigint): TensorBytes => tensor('index', 'INT64', BigInt64Array.of(at));

/** A request with something secret in it. */
interface Sent {
  readonly surface: Surface;
  readonly method?: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

function uploadBody(bytes: Uint8Array, modelName = content.modelName): Buffer {
  const { head, tail } = encodeUpload({
    length: bytes.length,
    modelName,
    optimize: true,
    sha256: null,
    batchAcrossCallers: false,
    runner: 'shared',
  });
  return Buffer.concat([head, bytes, tail]);
}

const upload = (bytes: Uint8Array, ownerToken = content.ownerToken): Sent => ({
  surface: 'management',
  target: '/upload',
  headers: { 'Blindai-Owner-Token': ownerToken },
  body: uploadBody(bytes),
});

const runBy = (name: { modelId?: string; modelHash?: string }, inputs: TensorBytes[]): Sent => ({
  surface: 'attested',
  target: '/run',
  headers: { 'Blindai-Owner-Token': content.ownerToken },
  body: Buffer.concat(encodeRun({ modelId: null, modelHash: null, ...name, inputs })),
});

const remove = (modelId: string, ownerToken: string): Sent => ({
  surface: 'management',
  target: '/delete',
  headers: { 'Blindai-Owner-Token': ownerToken },
  body: encodeDelete({ modelId }),
});

describe.runIf(process.platform === 'linux')('no content leaves a server (needs /proc)', () => {
  let server: WatchedServer;
  let ids: { secretive: string; crashing: string; loop: string; zeros: string };
  let secrets: Secret[];
  let hash: string;

  async function send(sent: Sent): Promise<Answer> {
    const { surface, target, body = new Uint8Array(), headers = {} } = sent;
    const method = sent.method ?? (sent.body === undefined ? 'GET' : 'POST');
    const all = { Host: 'blindai-srv', 'Content-Length': String(body.length), ...headers };
    const lines = Object.entries(all).map(([name, held]) => `${name}: ${held}`);
    const head = [`${method} ${target} HTTP/1.1`, ...lines];
    const socket = await openSurface(server.ports, surface);
    const reader = new AnswerReader(socket);
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]));
    const answer = await reader.next(method === 'HEAD');
    socket.destroy();
    expect(answer, 'an answer').not.toBeNull();
    return answer!;
  }

  async function uploaded(bytes: Uint8Array): Promise<string> {
    const answer = await send(upload(bytes));
    expect(codeOf(answer), answer.body.toString('latin1')).toBe('200');
    return decodeUploadReply(answer.body).modelId;
  }

  beforeAll(async () => {
    server = await startWatched({
      logLevel: 'debug',
      logFormat: 'json',
      maxRequestBytes: '64KiB',
      inferenceTimeoutMs: '2s',
      runnerMemoryBytes: '512MiB',
      idleTimeoutMs: '1s',
    });
    ids = {
      secretive: await uploaded(secretive),
      crashing: await uploaded(crashing),
      loop: await uploaded(loop()),
      zeros: await uploaded(zeros()),
    };
    hash = createHash('sha256').update(secretive).digest('hex');
    secrets = [
      ...Object.entries(content).map(([what, held]) => secret(what, held)),
      ...Object.entries(ids).map(([what, held]) => secret(`id of ${what}`, held)),
      secret('hash', hash),
      secret('hash as bytes', Buffer.from(hash, 'hex')),
      { what: 'number', forms: [String(markedNumber)] },
    ];
  }, 60_000);
  afterAll(async () => {
    await server.stop();
  });

  /** Every route, and every way in which it may end. */
  const requests: [code: string, what: string, () => Sent][] = [
    ['200', 'a run by id', () => runBy({ modelId: ids.secretive }, [x, index(0n)])],
    ['200', 'a run by hash', () => runBy({ modelHash: hash }, [x, index(0n)])],
    [
      'bad-input',
      'inputs that the engine cannot compute with',
      () => runBy({ modelId: ids.secretive }, [x, index(markedNumber)]),
    ],
    [
      'bad-input',
      'inputs of another shape',
      () => runBy({ modelId: ids.secretive }, [{ ...x, shape: [input.length, 1] }, index(0n)]),
    ],
    [
      'bad-input',
      'bytes that are too few',
      () => runBy({ modelId: ids.secretive }, [{ ...x, bytes: input.subarray(1) }, index(0n)]),
    ],
    [
      'bad-input',
      'a datatype that does not fit',
      () => runBy({ modelId: ids.secretive }, [{ ...x, datatype: 'INT8' }, index(0n)]),
    ],
    ['bad-input', 'an input too few', () => runBy({ modelId: ids.secretive }, [x])],
    ['not-found', 'a run of an unknown id', () => runBy({ modelId: content.unknownId }, [x])],
    ['not-found', 'a run of an unknown hash', () => runBy({ modelHash: content.unknownHash }, [x])],
    [
      'not-found',
      'another hash than the one demanded',
      () => ({
        ...runBy({ modelId: ids.secretive }, [x, index(0n)]),
        headers: { 'Blindai-Model-Hash': content.unknownHash },
      }),
    ],
    [
      'model-crashed',
      'a crash',
      () =>
        runBy({ modelId: ids.crashing }, [
          tensor('x', 'UINT64', BigUint64Array.of(markedNumber, markedNumber, markedNumber)),
        ]),
    ],
    [
      'model-timeout',
      'a timeout',
      () => runBy({ modelId: ids.loop }, [rounds(markedNumber << 30n)]),
    ],
    [
      'model-memory',
      'too much memory',
      () =>
        runBy({ modelId: ids.zeros }, [tensor('count', 'INT64', BigInt64Array.of(markedNumber))]),
    ],
    [
      'malformed',
      'a run that is none',
      () => ({ ...runBy({}, []), body: Buffer.from(content.body) }),
    ],
    [
      'malformed',
      'a run with an unknown key',
      () => ({
        ...runBy({}, []),
        body: Buffer.concat([
          Buffer.from([0xa1, 0x60 | 23]),
          Buffer.from(content.body).subarray(0, 23),
          Buffer.from([0]),
        ]),
      }),
    ],
    [
      'too-large',
      'a run that is too large',
      () => ({ ...runBy({}, []), body: Buffer.alloc(70_000, content.body) }),
    ],
    [
      'too-slow',
      'a run that stops',
      () => ({ ...runBy({}, []), headers: { 'Content-Length': '9' }, body: Buffer.from('a') }),
    ],
    ['model-refused', 'a model that is none', () => upload(Buffer.alloc(500, content.weights))],
    [
      'model-refused',
      'a model with data elsewhere',
      () =>
        upload(
          model({
            nodes: [node('Add', ['x', 'weights'], ['y'])],
            inputs: [value('x', 'FP32', [1])],
            outputs: [value('y', 'FP32', [1])],
            constants: [
              constant('weights', 'FP32', [1], Buffer.from(content.weights)).varint(14, 1),
            ],
          }),
        ),
    ],
    [
      'model-refused',
      'a model whose shapes do not fit',
      () =>
        upload(
          model({
            nodes: [node('Reshape', ['weights', 'shape'], ['y'])],
            inputs: [value('x', 'FP32', [1])],
            outputs: [value('y', 'FP32', [1])],
            constants: [
              constant('weights', 'UINT8', [content.weights.length], Buffer.from(content.weights)),
              constant('shape', 'INT64', [1], new Uint8Array(BigInt64Array.of(7n).buffer)),
            ],
          }),
        ),
    ],
    [
      'malformed',
      'an upload that ends early',
      () => ({ ...upload(secretive), body: uploadBody(secretive).subarray(0, -3) }),
    ],
    ['malformed', 'an owner token that is none', () => upload(secretive, content.header)],
    ['not-found', "another's delete", () => remove(ids.secretive, content.otherToken)],
    ['not-found', 'a delete of an unknown id', () => remove(content.unknownId, content.otherToken)],
    [
      'malformed',
      'a delete that is none',
      () => ({ ...remove('', content.otherToken), body: Buffer.from(content.body) }),
    ],
    ['not-found', 'an unknown path', () => ({ surface: 'attested', target: `/${content.path}` })],
    [
      'malformed',
      'a path that is none',
      () => ({ surface: 'attested', target: `/${content.path}\\${content.path}` }),
    ],
    [
      'malformed',
      'an unknown query',
      () => ({ surface: 'attested', target: `/attestation?${content.query}=${content.query}` }),
    ],
    [
      'malformed',
      'a nonce that is none',
      () => ({ surface: 'unattested', target: `/attestation?nonce=${content.query}` }),
    ],
    [
      'malformed',
      'a header that is none',
      () => ({
        surface: 'attested',
        target: '/attestation',
        headers: { [`${content.header} `]: 'x' },
      }),
    ],
    [
      'too-large',
      'a head that is too large',
      () => ({
        surface: 'unattested',
        target: '/attestation',
        headers: { Cookie: content.header.repeat(1000) },
      }),
    ],
    [
      'credentials-refused',
      'credentials over the unattested port',
      () => ({
        surface: 'unattested',
        target: '/attestation',
        headers: { Authorization: `Bearer ${content.header}` },
      }),
    ],
    [
      'wrong-surface',
      'a message on another port',
      () => ({ ...upload(secretive), surface: 'attested' }),
    ],
    [
      'method-not-allowed',
      'another method',
      () => ({ ...runBy({ modelId: ids.secretive }, [x]), method: 'PUT' }),
    ],
    [
      'not-found',
      'a model by an unknown id',
      () => ({ surface: 'attested', target: `/v2/models/${content.unknownId}` }),
    ],
    [
      'ambiguous-name',
      'a model by a name that several have',
      () => ({
        surface: 'attested',
        target: `/v2/models/${content.modelName}`,
        headers: { 'Blindai-Owner-Token': content.ownerToken },
      }),
    ],
    [
      '200',
      'a model by its id',
      () => ({ surface: 'attested', target: `/v2/models/${ids.secretive}` }),
    ],
    [
      'unauthorized',
      'a list without an owner',
      () => ({ surface: 'management', target: '/v2/repository/index', body: Buffer.from('{}') }),
    ],
    [
      '200',
      'a list for its owner',
      () => ({
        surface: 'management',
        target: '/v2/repository/index',
        headers: { 'Blindai-Owner-Token': content.ownerToken },
        body: Buffer.from('{}'),
      }),
    ],
    ['200', 'all evidence', () => ({ surface: 'attested', target: '/attestation' })],
  ];

  test.each(requests)('nor does an answer: %s for %s', async (code, _what, request) => {
    const answer = await send(request());
    expect(codeOf(answer)).toBe(code);
    // What is answered is the caller's own; what is refused tells nothing at all.
    if (answer.status === 200) return;
    const head = [...answer.headers].flat().join('\n');
    expect(foundIn(`${head}\n${answer.body.toString('latin1')}`, secrets)).toEqual([]);
  });

  test('an input of another name is told by that name, to its caller alone', async () => {
    const named = { ...x, name: content.tensorName };
    const answer = await send(runBy({ modelId: ids.secretive }, [named, index(0n)]));
    expect(codeOf(answer)).toBe('bad-input');
    expect(foundIn(answer.body.toString('latin1'), secrets)).toEqual(['tensorName']);
  });

  test('nor do processes, descriptors and files, by their names', async () => {
    await send(runBy({ modelId: ids.secretive }, [x, index(0n)]));
    const processes = [server.pid, ...descendantsOf(server.pid)];
    expect(processes.length).toBeGreaterThan(1);
    for (const pid of processes) {
      const told = ['cmdline', 'environ', 'comm', 'maps'].map((name) =>
        readable(`/proc/${pid}/${name}`),
      );
      const opened = readdirSync(`/proc/${pid}/fd`).map((name) =>
        linkOf(`/proc/${pid}/fd/${name}`),
      );
      const text = [...told, ...opened].join('\n');
      expect(text).toContain('node');
      expect(foundIn(text, secrets)).toEqual([]);
    }
    const folders = readdirSync(tmpdir()).filter((name) => name.includes(`-${server.pid}-`));
    expect(folders).toHaveLength(1);
    expect(readdirSync(`${tmpdir()}/${folders[0]}`)).toEqual([]);
    expect(foundIn(folders[0]!, secrets)).toEqual([]);
  });

  test('nor does what it wrote, at its most talkative', async () => {
    expect((await send(remove(ids.secretive, content.ownerToken))).status).toBe(200);
    await server.stop();
    const lines = server.log().trim().split('\n');
    expect(lines.length).toBeGreaterThan(requests.length);
    const codes = new Set(lines.map((line) => (JSON.parse(line) as { code?: string }).code));
    for (const [code] of requests)
      if (code !== '200') expect([...codes, ...unlogged]).toContain(code);
    expect(foundIn(server.log() + server.output(), secrets)).toEqual([]);
    expect(foundIn(`a line with ${content.input} in it`, secrets)).toEqual(['input']);
  });
});

/** Refused before there is a request that could be logged. */
const unlogged = ['too-large'];

/** What a file of /proc says; one that is closed even to its owner says nothing to anybody. */
function readable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** What a descriptor stands for; it may have been closed by now. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
