import { createHash } from 'node:crypto';
import { decodeErrorText } from '@blindai/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { model, post, runBody, uploadBody, uploadReplyOf } from '../blindai-requests.ts';
import { createSimulatedService, type SimulatedService } from '../simulated-service.ts';

const hash = createHash('sha256').update(model).digest('hex');
let service: SimulatedService;
let modelId: string;
beforeAll(async () => {
  service = await createSimulatedService();
  const uploaded = await service.app(post('/upload', uploadBody()), 'management');
  ({ modelId } = await uploadReplyOf(uploaded));
});
afterAll(async () => {
  await service.close();
});

async function run(demanded?: string): Promise<Response> {
  const request = post('/run', runBody({ modelId }));
  if (demanded !== undefined) request.headers.set('Blindai-Model-Hash', demanded);
  return await service.app(request, 'attested');
}

async function refusal(response: Response): Promise<string> {
  const { code, message } = decodeErrorText(new Uint8Array(await response.arrayBuffer()));
  return `${response.status} ${code}: ${message}`;
}

describe('the hash of the model that is run', () => {
  it('is told with the outputs', async () => {
    for (const demanded of [undefined, hash, hash.toUpperCase()]) {
      const response = await run(demanded);
      expect(response.status).toBe(200);
      expect(response.headers.get('Blindai-Model-Hash')).toBe(hash);
    }
  });

  it('must be the one that is demanded, or nothing is run', async () => {
    expect(await refusal(await run('00'.repeat(32)))).toBe(
      '404 not-found: the model with this id has another hash',
    );
    for (const demanded of ['', 'zz', hash.slice(2), `${hash}00`]) {
      expect(await refusal(await run(demanded))).toBe(
        '400 bad-input: Blindai-Model-Hash must be 64 hex digits',
      );
    }
  });
});
