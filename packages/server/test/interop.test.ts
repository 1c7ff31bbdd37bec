import { existsSync, readFileSync } from 'node:fs';
import {
  decodeErrorText,
  decodeRunReply,
  decodeUploadReply,
  toHex,
  type TensorBytes,
  type UploadReply,
} from '@blindai/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Surface } from '../src/surface.ts';
import { createSimulatedService, type SimulatedService } from './simulated-service.ts';

const folder = new URL('../../../../shared/interop/blindai-client/', import.meta.url);

interface Step {
  readonly step: string;
  readonly method: string;
  readonly port: number;
  readonly path: string;
  readonly status: number;
}

const isRecorded = existsSync(folder);
const steps: readonly Step[] = isRecorded
  ? (JSON.parse(readFileSync(new URL('index.json', folder), 'utf8')) as Step[])
  : [{ step: 'nothing', method: 'GET', port: 9923, path: '', status: 200 }];
const surfaceOf: Record<number, Surface> = {
  9923: 'unattested',
  9924: 'attested',
  9925: 'management',
};

/** Where the original server answered 500, or said nothing that anyone relied on, we say what is the matter. */
const betterAnswers: Record<string, string> = {
  '02-connect': 'wrong-surface',
  '08-run-wrong-shape': 'bad-input',
  '09-run-unknown-id': 'not-found',
  '10-run-bad-hash': 'bad-input',
  '12-delete-again': 'not-found',
};

function read(name: string): Buffer {
  return readFileSync(new URL(name, folder));
}

function floatsOf({ bytes }: TensorBytes): number[] {
  return [...new Float32Array(bytes.slice().buffer)];
}

describe("a session of BlindAI's own Python client", () => {
  let service: SimulatedService;
  let recorded: UploadReply;
  let modelId = '';
  beforeAll(async () => {
    service = await createSimulatedService();
    if (isRecorded) recorded = decodeUploadReply(read('03-upload.response.bin'));
  });
  afterAll(async () => {
    await service.close();
  });
  beforeEach(({ skip }) => {
    skip(!isRecorded, 'no recordings of the original BlindAI beside this checkout');
  });

  /** Sends what was recorded, with the id that this server gave the model. */
  async function replay({ step, method, port, path }: Step): Promise<Response> {
    const url = `https://blindai-srv/${path.replace(/^\//, '')}`;
    const body = method === 'POST' ? read(`${step}.request.cbor`) : null;
    const at = body?.indexOf(recorded.modelId) ?? -1;
    if (at >= 0 && modelId !== '') body?.write(modelId, at, 'latin1');
    return service.app(new Request(url, { method, body: body as BodyInit }), surfaceOf[port]!);
  }

  it.each(steps)('$step is answered as it was, or better', async (step) => {
    const response = await replay(step);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const better = betterAnswers[step.step];
    if (better !== undefined) {
      expect(decodeErrorText(bytes).code).toBe(better);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      return;
    }
    expect(response.status).toBe(step.status);
    expect(response.headers.get('Content-Type')).toBe('application/cbor');
    const before = read(`${step.step}.response.bin`);
    if (step.path === '') {
      expect(response.headers.get('Server')).toBe('blindai mock (testing)');
      expect(bytes[0]).toBe(before[0]);
    } else if (step.path.endsWith('upload')) {
      const reply = decodeUploadReply(bytes);
      expect(toHex(reply.hash)).toBe(toHex(recorded.hash));
      expect(reply.modelId).toHaveLength(recorded.modelId.length);
      modelId = reply.modelId;
    } else if (step.path.endsWith('run')) {
      const [outputs, outputsBefore] = [decodeRunReply(bytes), decodeRunReply(before)];
      expect(outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }))).toEqual(
        outputsBefore.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
      );
      const expected = outputsBefore.flatMap(floatsOf);
      for (const [index, found] of outputs.flatMap(floatsOf).entries()) {
        expect(Math.abs(found - expected[index]!)).toBeLessThanOrEqual(1e-4);
      }
    } else {
      expect(Buffer.from(bytes).equals(before)).toBe(true);
    }
  });
});
