import { createHash } from 'node:crypto';
import {
  createOwnerToken,
  decodeModelMetadata,
  decodeRepositoryIndex,
  errorStatuses,
  modelRefOf,
  type ErrorCode,
  type IndexedModel,
  type ModelMetadata,
} from '@blindai/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Surface } from '../../src/surface.ts';
import {
  deleteBody,
  model,
  post,
  runBody,
  uploadBody,
  uploadReplyOf,
} from '../blindai-requests.ts';
import { eventually } from '../inference/runner-pool.ts';
import { identity, loop, subtraction } from '../onnx/models.ts';
import { rounds } from '../onnx/tensors.ts';
import { createSimulatedService, type SimulatedService } from '../simulated-service.ts';

let service: SimulatedService;
beforeAll(async () => {
  service = await createSimulatedService();
});
afterAll(async () => {
  await service.close();
});

const hash = createHash('sha256').update(model).digest('hex');

async function get(
  path: string,
  { ownerToken = '', of = service }: { ownerToken?: string; of?: SimulatedService } = {},
): Promise<Response> {
  const headers = ownerToken === '' ? {} : { 'Blindai-Owner-Token': ownerToken };
  return of.app(new Request(`https://blindai-srv${path}`, { headers }), 'attested');
}

async function ask(ownerToken?: string, body: BodyInit = ''): Promise<Response> {
  return service.app(post('/v2/repository/index', body, ownerToken), 'management');
}

async function upload(
  modelName: string,
  ownerToken?: string,
  bytes: Uint8Array = model,
): Promise<string> {
  const body = uploadBody(new Uint8Array(bytes), { modelName });
  const response = await service.app(post('/upload', body, ownerToken), 'management');
  return (await uploadReplyOf(response)).modelId;
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(response.status).toBe(200);
  expect(response.headers.get('Content-Type')).toBe('application/json');
  expect(response.headers.get('Content-Length')).toBe(String(bytes.length));
  return bytes;
}

const metadataOf = async (response: Response): Promise<ModelMetadata> =>
  decodeModelMetadata(await bytesOf(response));
const listOf = async (response: Response): Promise<IndexedModel[]> =>
  decodeRepositoryIndex(await bytesOf(response));

/** Expects exactly this refusal, in JSON, and returns its sentence. */
async function expectRefusal(response: Response, code: ErrorCode): Promise<string> {
  expect(response.headers.get('Blindai-Error')).toBe(code);
  expect(response.status).toBe(errorStatuses[code]);
  expect(response.headers.get('Content-Type')).toBe('application/json');
  const body = (await response.json()) as { error: string };
  expect(Object.keys(body)).toEqual(['error']);
  expect(body.error).toMatch(new RegExp(`^${code}: `));
  return body.error;
}

describe('GET /v2/models/{m}', () => {
  it('tells whoever has the id names, shapes and datatypes, hash and state', async () => {
    const id = await upload('breast-cancer', createOwnerToken());
    for (const ownerToken of ['', createOwnerToken()]) {
      expect(await metadataOf(await get(`/v2/models/${id}`, { ownerToken }))).toEqual({
        askedFor: id,
        name: 'breast-cancer',
        hash,
        state: 'ready',
        reason: '',
        inputs: [{ name: 'measurements', datatype: 'FP32', shape: [-1, 30] }],
        outputs: [{ name: 'probability', datatype: 'FP32', shape: [-1] }],
      });
    }
  });

  it('keeps the order of the model', async () => {
    const id = await upload('', undefined, subtraction());
    const { inputs, outputs } = await metadataOf(await get(`/v2/models/${id}`));
    expect(inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['left', [-1, 2]],
      ['right', [-1, 2]],
    ]);
    expect(outputs).toMatchObject([{ name: 'difference' }]);
  });

  it('finds a name among the own models first, and then among anonymous ones', async () => {
    const [owner, other] = [createOwnerToken(), createOwnerToken()];
    await upload('thorax / é', undefined, identity());
    await upload('thorax / é', owner);
    const path = `/v2/models/${encodeURIComponent('thorax / é')}`;
    const own = await metadataOf(await get(path, { ownerToken: owner }));
    expect(own).toMatchObject({ askedFor: 'thorax / é', name: 'thorax / é', hash });
    for (const ownerToken of ['', other]) {
      const found = await metadataOf(await get(path, { ownerToken }));
      expect(found.inputs[0]!.name).toBe('x');
    }
  });

  it('says nothing of the id to whoever knows the name', async () => {
    const id = await upload('no-id');
    const text = new TextDecoder().decode(await bytesOf(await get('/v2/models/no-id')));
    expect(text).not.toContain(id);
  });

  it('refuses with ambiguous-name a name of several models', async () => {
    const owner = createOwnerToken();
    await upload('twice', owner);
    expect((await get('/v2/models/twice', { ownerToken: owner })).status).toBe(200);
    await upload('twice', owner);
    await expectRefusal(await get('/v2/models/twice', { ownerToken: owner }), 'ambiguous-name');
    await upload('twice-by-nobody');
    await upload('twice-by-nobody');
    await expectRefusal(await get('/v2/models/twice-by-nobody/ready'), 'ambiguous-name');
  });

  it('has one answer for what is absent and for what is not yours', async () => {
    await upload('of-an-owner', createOwnerToken());
    await upload('');
    const answers = new Set<string>();
    for (const absent of [
      'of-an-owner',
      'unknown',
      '00000000-0000-4000-8000-000000000000',
      hash,
      '%ff',
      '__proto__',
    ]) {
      for (const path of [`/v2/models/${absent}`, `/v2/models/${absent}/ready`]) {
        answers.add(await expectRefusal(await get(path), 'not-found'));
      }
    }
    expect([...answers]).toEqual(['not-found: there is no such model']);
    for (const path of ['/v2/models', '/v2/models/', '/v2/models/x/config']) {
      await expectRefusal(await get(path), 'not-found');
    }
  });

  it('takes what looks like an id for nothing else', async () => {
    const id = await upload('first');
    await service.app(post('/delete', deleteBody(id)), 'management');
    await upload(id);
    await expectRefusal(await get(`/v2/models/${id}`), 'not-found');
  });

  it('refuses with malformed what is no owner token', async () => {
    await expectRefusal(await get('/v2/models/x', { ownerToken: 'secret' }), 'malformed');
  });

  it('logs which model it was by its reference only', async () => {
    const id = await upload('a-name-of-4711');
    await get(`/v2/models/${id}`);
    await get('/v2/models/a-name-of-4711');
    const [byId, byName] = service.log.lines.slice(-2);
    for (const line of [byId, byName]) {
      expect(line).toMatchObject({ route: 'GET /v2/models/:model', status: 200 });
      expect(line?.modelRef).toMatch(/^[0-9a-f]{16}$/);
    }
    expect(byId?.modelRef).toBe(byName?.modelRef);
    expect(JSON.stringify(service.log.lines)).not.toContain(id);
    expect(JSON.stringify(service.log.lines)).not.toContain('4711');
  });
});

describe('GET /v2/models/{m}/ready', () => {
  it('says that a model is ready', async () => {
    const id = await upload('m');
    const bytes = await bytesOf(await get(`/v2/models/${id}/ready`));
    expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual({ name: id, ready: true });
  });
});

describe('a model that crashed three times in a row', () => {
  const reason = /the model is quarantined after 3 crashes in a row/;

  it('is described with the reason, listed as unavailable, and not ready', async () => {
    const owner = createOwnerToken();
    const id = await upload('crashing', owner, loop());
    const modelRef = await modelRefOf(id);
    const runners = (event: string): number[] =>
      service.log.lines
        .filter((line) => line.event === event && line.modelRef === modelRef)
        .map(({ runner }) => runner!);
    const run = (): Promise<Response> =>
      service.app(post('/run', runBody({ modelId: id, inputs: [rounds(2n ** 62n)] })), 'attested');
    for (const crashes of [1, 2, 3]) {
      const running = crashes === 1 ? null : run();
      await expect.poll(() => runners('runner-started').length, eventually).toBe(crashes);
      process.kill(runners('runner-started').at(-1)!, 'SIGKILL');
      await expect.poll(() => runners('runner-crashed').length, eventually).toBe(crashes);
      if (running !== null) expect((await running).status).toBe(422);
    }

    const metadata = await metadataOf(await get(`/v2/models/${id}`));
    expect(metadata.state).toBe('quarantined');
    expect(metadata.reason).toMatch(reason);
    expect(metadata.inputs).toHaveLength(1);
    expect(await expectRefusal(await get(`/v2/models/${id}/ready`), 'not-ready')).toMatch(reason);
    expect(await listOf(await ask(owner))).toMatchObject([
      { id, state: 'quarantined', reason: metadata.reason },
    ]);
    expect(await listOf(await ask(owner, '{"ready":true}'))).toEqual([]);
  });
});

describe('POST /v2/repository/index', () => {
  it('lists the models of the owner, the oldest first, and no others', async () => {
    const [owner, other] = [createOwnerToken(), createOwnerToken()];
    const ids = [await upload('one', owner), await upload('two', owner)];
    const others = await upload('three', other);
    await upload('four');
    const health = { state: 'ready', reason: '', hash };
    expect(await listOf(await ask(owner))).toEqual([
      { id: ids[0], name: 'one', ...health },
      { id: ids[1], name: 'two', ...health },
    ]);
    expect(await listOf(await ask(other))).toMatchObject([{ id: others, name: 'three' }]);
    expect(await listOf(await ask(createOwnerToken()))).toEqual([]);
    await service.app(post('/delete', deleteBody(ids[0]!), owner), 'management');
    expect(await listOf(await ask(owner))).toMatchObject([{ id: ids[1] }]);
  });

  it('lists only those that are ready, where that is asked for', async () => {
    const owner = createOwnerToken();
    const id = await upload('one', owner);
    expect(await listOf(await ask(owner, '{"ready":true}'))).toMatchObject([{ id }]);
    expect(await listOf(await ask(owner, '{}'))).toMatchObject([{ id }]);
  });

  it('refuses with unauthorized whoever sends no owner token', async () => {
    const refused = await ask();
    expect(refused.headers.get('WWW-Authenticate')).toBe('Bearer');
    await expectRefusal(refused, 'unauthorized');
  });

  it.each([
    ['what is no owner token', 'secret', '', 'malformed'],
    ['what is no JSON', createOwnerToken(), '{', 'malformed'],
    ['another key', createOwnerToken(), '{"owner":"x"}', 'malformed'],
    ['a body that is too large', createOwnerToken(), ' '.repeat(1025), 'too-large'],
  ] satisfies [string, string, string, ErrorCode][])('refuses %s', async (_, token, body, code) => {
    await expectRefusal(await ask(token, body), code);
  });
});

describe('the surfaces of the Open Inference Protocol', () => {
  it.each([
    ['/v2/models/x', 'attested'],
    ['/v2/models/x/ready', 'attested'],
    ['/v2/repository/index', 'management'],
  ] satisfies [string, Surface][])('is one each: %s', async (path, home) => {
    for (const surface of ['unattested', 'attested', 'management'] as const) {
      const code = surface === home ? 'method-not-allowed' : 'wrong-surface';
      const request = new Request(`https://blindai-srv${path}`, { method: 'DELETE' });
      await expectRefusal(await service.app(request, surface), code);
    }
  });
});

describe('a server that is not anonymous', () => {
  it('tells a stranger nothing, and an owner that it has no models', async () => {
    const closed = await createSimulatedService({ anonymous: 'false' });
    const ownerToken = createOwnerToken();
    await expectRefusal(await get('/v2/models/x', { of: closed, ownerToken }), 'not-found');
    const listed = await closed.app(post('/v2/repository/index', '', ownerToken), 'management');
    expect(await listOf(listed)).toEqual([]);
    await closed.close();
  });
});
