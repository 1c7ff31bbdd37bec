import { createHash } from 'node:crypto';
import {
  createOwnerToken,
  decodeErrorText,
  toHex,
  type ErrorCode,
  type TensorBytes,
} from '@blindai/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Surface } from '../../src/surface.ts';
import {
  deleteBody,
  measurements,
  model,
  outputsOf,
  post,
  runBody,
  uploadBody,
  uploadReplyOf,
} from '../blindai-requests.ts';
import { loop, zeros } from '../onnx/models.ts';
import { tensor } from '../onnx/tensors.ts';
import { createSimulatedService, type SimulatedService } from '../simulated-service.ts';

let service: SimulatedService;
beforeAll(async () => {
  service = await createSimulatedService({ maxModelBytes: '100000', maxRequestBytes: '20000' });
});
afterAll(async () => {
  await service.close();
});

const surfaceOf: Record<string, Surface> = {
  '/upload': 'management',
  '/delete': 'management',
  '/run': 'attested',
};

async function send(path: string, body: BodyInit, ownerToken?: string): Promise<Response> {
  return service.app(post(path, body, ownerToken), surfaceOf[path]!);
}

async function upload(ownerToken?: string): Promise<string> {
  const response = await send('/upload', uploadBody(), ownerToken);
  expect(response.status).toBe(200);
  return (await uploadReplyOf(response)).modelId;
}

async function expectRefusal(response: Response, code: ErrorCode): Promise<void> {
  const error = decodeErrorText(new Uint8Array(await response.arrayBuffer()));
  expect(`${error.code}: ${error.message}`).toMatch(new RegExp(`^${code}: `));
  expect(response.headers.get('Blindai-Error')).toBe(code);
}

const hash = createHash('sha256').update(model).digest('hex');

describe('POST /upload', () => {
  it('answers with the hash and a random id, once the model loaded', async () => {
    const response = await send('/upload', uploadBody());
    expect(response.status).toBe(200);
    const reply = await uploadReplyOf(response);
    expect(toHex(reply.hash)).toBe(hash);
    expect(reply.modelId).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    const other = await uploadReplyOf(await send('/upload', uploadBody()));
    expect(other.modelId).not.toBe(reply.modelId);
  });

  it('takes a body in chunks of any size', async () => {
    const body = uploadBody();
    const left = body.values();
    const chunks = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const { done, value } = left.next();
        if (done === true) controller.close();
        else controller.enqueue(Uint8Array.of(value));
      },
    });
    const init = { method: 'POST', body: chunks, duplex: 'half' };
    const request = new Request('https://blindai-srv/upload', init);
    expect((await service.app(request, 'management')).status).toBe(200);
  });

  it('compares the hash that was announced', async () => {
    const sha256 = Uint8Array.from(Buffer.from(hash, 'hex'));
    expect((await send('/upload', uploadBody(model, { sha256 }))).status).toBe(200);
    sha256[0]! ^= 1;
    await expectRefusal(await send('/upload', uploadBody(model, { sha256 })), 'malformed');
  });

  it.each([
    ['an early end', () => uploadBody().slice(0, -1), 'malformed'],
    ['bytes that follow', () => Uint8Array.from([...uploadBody(), 0]), 'malformed'],
    ['nothing', () => new Uint8Array(), 'malformed'],
    ['another length', () => uploadBody(model, { length: model.length + 1 }), 'malformed'],
    ['what is no model', () => uploadBody(new Uint8Array(100)), 'model-refused'],
    ['a model that is too large', () => uploadBody(new Uint8Array(100_001)), 'too-large'],
    ['a body that is too large', () => new Uint8Array(2 * 100_000 + 64 * 1024 + 1), 'too-large'],
  ] satisfies [string, () => BodyInit, ErrorCode][])('refuses %s', async (_, body, code) => {
    await expectRefusal(await send('/upload', body()), code);
  });

  it('refuses what is no owner token', async () => {
    await expectRefusal(await send('/upload', uploadBody(), 'secret'), 'malformed');
  });
});

describe('POST /run', () => {
  it('runs by id and by hash, on named and positional inputs', async () => {
    const modelId = await upload();
    const [expected] = await outputsOf(await send('/run', runBody({ modelId })));
    expect(expected).toBeGreaterThanOrEqual(0);
    expect(expected).toBeLessThanOrEqual(1);
    for (const request of [
      { modelHash: hash },
      { modelHash: hash.toUpperCase() },
      { modelId, inputs: [measurements(null)] },
    ]) {
      expect(await outputsOf(await send('/run', runBody(request)))).toEqual([expected]);
    }
  });

  it('logs which model ran by its reference only', async () => {
    const modelId = await upload();
    await send('/run', runBody({ modelId }));
    const line = service.log.lines.at(-1);
    expect(line).toMatchObject({ event: 'request', route: 'POST /run', status: 200 });
    expect(line?.modelRef).toMatch(/^[0-9a-f]{16}$/);
    expect(JSON.stringify(service.log.lines)).not.toContain(modelId);
  });

  it.each([
    ['an unknown id', { modelId: 'unknown' }, 'not-found'],
    ['an unknown hash', { modelHash: '0'.repeat(64) }, 'not-found'],
    ['what is no hash', { modelHash: 'x' }, 'bad-input'],
    ['both', { modelId: 'unknown', modelHash: hash }, 'malformed'],
    ['neither', {}, 'malformed'],
  ] satisfies [string, object, ErrorCode][])('refuses %s', async (_, request, code) => {
    await upload();
    await expectRefusal(await send('/run', runBody(request)), code);
  });

  it.each([
    ['a wrong shape', [measurements('measurements', 29)]],
    ['a wrong name', [measurements('image')]],
    ['too few inputs', []],
    ['too many inputs', [measurements(), measurements('another')]],
    ['a wrong datatype', [{ ...measurements(), datatype: 'INT32' as const }]],
    ['too many bytes', [{ ...measurements(), bytes: new Uint8Array(124) }]],
  ])('refuses %s with bad-input', async (_, inputs) => {
    const modelId = await upload();
    await expectRefusal(await send('/run', runBody({ modelId, inputs })), 'bad-input');
  });

  it('refuses a body that is too large or no run at all', async () => {
    await expectRefusal(await send('/run', new Uint8Array(20_001)), 'too-large');
    await expectRefusal(await send('/run', Uint8Array.of(0xa0)), 'malformed');
    await expectRefusal(await send('/run', new Uint8Array()), 'malformed');
    await expectRefusal(await send('/run', runBody({}), 'secret'), 'malformed');
  });
});

describe('POST /delete', () => {
  it('takes a model back, once', async () => {
    const modelId = await upload();
    const response = await send('/delete', deleteBody(modelId));
    expect(response.status).toBe(200);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.of(0xf6));
    await expectRefusal(await send('/delete', deleteBody(modelId)), 'not-found');
    await expectRefusal(await send('/run', runBody({ modelId })), 'not-found');
  });

  it('takes the owner token with which the model was uploaded', async () => {
    const token = createOwnerToken();
    const modelId = await upload(token);
    await expectRefusal(await send('/delete', deleteBody(modelId)), 'not-found');
    await expectRefusal(
      await send('/delete', deleteBody(modelId), createOwnerToken()),
      'not-found',
    );
    expect((await send('/run', runBody({ modelId }))).status).toBe(200);
    expect((await send('/delete', deleteBody(modelId), token)).status).toBe(200);
  });

  it('refuses what is no deletion', async () => {
    await expectRefusal(await send('/delete', Uint8Array.of(0xa0)), 'malformed');
    await expectRefusal(await send('/delete', deleteBody('x'), 'secret'), 'malformed');
  });
});

describe('the surfaces of the BlindAI protocol', () => {
  it.each(['/upload', '/run', '/delete'])('is one each: %s', async (path) => {
    for (const surface of ['unattested', 'attested', 'management'] as const) {
      if (surface === surfaceOf[path]) continue;
      await expectRefusal(await service.app(post(path, ''), surface), 'wrong-surface');
    }
  });
});

describe('a server that is not anonymous', () => {
  let closed: SimulatedService;
  beforeAll(async () => {
    closed = await createSimulatedService({ anonymous: 'false' });
  });
  afterAll(async () => {
    await closed.close();
  });

  it('refuses with unauthorized to upload and run, whatever token is sent', async () => {
    for (const token of [undefined, createOwnerToken()]) {
      const uploaded = await closed.app(post('/upload', uploadBody(), token), 'management');
      await expectRefusal(uploaded, 'unauthorized');
      const run = await closed.app(post('/run', runBody({ modelHash: hash }), token), 'attested');
      await expectRefusal(run, 'unauthorized');
      const deleted = await closed.app(post('/delete', deleteBody('x'), token), 'management');
      await expectRefusal(deleted, 'not-found');
    }
  });

  it('says so in its keyset', () => {
    expect(closed.config.anonymous).toBe(false);
  });
});

describe('a caller who leaves', () => {
  it('leaves no model behind that nobody could delete', async () => {
    const small = await createSimulatedService({ maxModels: '1' });
    const caller = new AbortController();
    const request = new Request('https://blindai-srv/upload', {
      method: 'POST',
      body: uploadBody(),
      signal: caller.signal,
    });
    const uploaded = small.app(request, 'management');
    setImmediate(() => caller.abort());
    await expectRefusal(await uploaded, 'malformed');
    await expect
      .poll(async () => (await small.app(post('/upload', uploadBody()), 'management')).status, {
        timeout: 20_000,
      })
      .toBe(200);
    await small.close();
  });
});

describe('a run without end', () => {
  const rounds: TensorBytes = {
    name: 'rounds',
    datatype: 'INT64',
    shape: [],
    bytes: new Uint8Array(BigInt64Array.of(2n ** 62n).buffer),
  };

  async function startEndless(flags: Parameters<typeof createSimulatedService>[0]): Promise<{
    slow: SimulatedService;
    answer: Promise<Response>;
  }> {
    const slow = await createSimulatedService(flags);
    const uploaded = await slow.app(
      post('/upload', uploadBody(Uint8Array.from(loop()))),
      'management',
    );
    const { modelId } = await uploadReplyOf(uploaded);
    const answer = slow.app(post('/run', runBody({ modelId, inputs: [rounds] })), 'attested');
    return { slow, answer };
  }

  it('ends with model-timeout after its time', async () => {
    const { slow, answer } = await startEndless({ inferenceTimeoutMs: '300' });
    await expectRefusal(await answer, 'model-timeout');
    await slow.close();
  });

  it('ends with model-timeout when its caller waits no longer', async () => {
    const uploaded = await service.app(
      post('/upload', uploadBody(Uint8Array.from(loop()))),
      'management',
    );
    const { modelId } = await uploadReplyOf(uploaded);
    const request = post('/run', runBody({ modelId, inputs: [rounds] }));
    request.headers.set('Blindai-Timeout', '200');
    await expectRefusal(await service.app(request, 'attested'), 'model-timeout');
    request.headers.set('Blindai-Timeout', 'soon');
    await expectRefusal(await service.app(request, 'attested'), 'malformed');
  });

  it('ends with going-down when the server has drained long enough', async () => {
    const { slow, answer } = await startEndless({ drainTimeoutMs: '300' });
    await slow.drain();
    await expectRefusal(await answer, 'going-down');
    await slow.close();
  });
});

describe('limits on what all together hold', () => {
  it('refuses with too-many-requests one model more', async () => {
    const small = await createSimulatedService({ maxModels: '1' });
    expect((await small.app(post('/upload', uploadBody()), 'management')).status).toBe(200);
    const second = await small.app(post('/upload', uploadBody()), 'management');
    await expectRefusal(second, 'too-many-requests');
    await small.close();
  });

  it('refuses with too-large more tensors than are set', async () => {
    const small = await createSimulatedService({ maxTensors: '1' });
    const body = runBody({ modelHash: hash, inputs: [measurements(), measurements('another')] });
    await expectRefusal(await small.app(post('/run', body), 'attested'), 'too-large');
    await small.close();
  });

  it('refuses with too-many-requests more bytes of replies, until others were taken', async () => {
    const small = await createSimulatedService({ maxBufferedBytes: '1000' });
    const uploaded = await small.app(
      post('/upload', uploadBody(Uint8Array.from(zeros()))),
      'management',
    );
    const { modelId } = await uploadReplyOf(uploaded);
    const run = async (count: bigint): Promise<Response> => {
      const inputs = [tensor(null, 'INT64', BigInt64Array.of(count))];
      return small.app(post('/run', runBody({ modelId, inputs })), 'attested');
    };
    await expectRefusal(await run(250n), 'too-many-requests');
    // Neither of these is read yet.
    const [first, second] = [await run(100n), await run(50n)];
    expect([first.status, second.status]).toEqual([200, 200]);
    await expectRefusal(await run(100n), 'too-many-requests');
    await first.body!.cancel();
    const third = await run(100n);
    expect(await outputsOf(third)).toHaveLength(100);
    expect(await outputsOf(second)).toHaveLength(50);
    expect(await outputsOf(await run(200n))).toHaveLength(200);
    const runners = small.log.lines.filter(({ event }) => event === 'runner-started');
    expect(runners).toHaveLength(1);
    await small.close();
  });

  it('refuses with too-many-requests more bytes of models or of requests', async () => {
    const small = await createSimulatedService({
      maxModelsBytes: String(model.length - 1),
      maxBufferedBytes: '10',
    });
    const uploaded = await small.app(post('/upload', uploadBody()), 'management');
    await expectRefusal(uploaded, 'too-many-requests');
    const run = await small.app(post('/run', runBody({ modelHash: hash })), 'attested');
    await expectRefusal(run, 'too-many-requests');
    await small.close();
  });
});
