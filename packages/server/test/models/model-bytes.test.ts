import { createHash } from 'node:crypto';
import { readdirSync, readSync } from 'node:fs';
import { ProtocolError } from '@blindai/protocol';
import { describe, expect, test } from 'vitest';
import { createModelBytes, type SealedModel } from '../../src/models/model-bytes.ts';
import { ModelBudget } from '../../src/models/model-budget.ts';
import {
  createChunkMemory,
  createModelMemory,
  type ModelMemory,
} from '../../src/models/model-memory.ts';

const descriptors = (): number => readdirSync('/proc/self/fd').length;

function read({ source, bytes }: SealedModel): Buffer {
  if (source.kind === 'chunks') return Buffer.concat(source.chunks);
  const whole = Buffer.alloc(bytes);
  readSync(source.descriptor, whole, 0, bytes, 0);
  return whole;
}

function refusal(action: () => void): string {
  try {
    action();
  } catch (error) {
    return error instanceof ProtocolError ? error.code : String(error);
  }
  return 'taken';
}

describe.each<[string, () => ModelMemory]>([
  ['in the best memory of this system', createModelMemory],
  ['in chunks', createChunkMemory],
])('a model %s', (_, createMemory) => {
  const writer = (maxBytes = 100, budget?: ModelBudget) =>
    createModelBytes(maxBytes, budget, createMemory());

  test('is what was written, with its hash', () => {
    const chunks = ['', 'on', 'n', 'x'.repeat(50)].map((text) => Buffer.from(text));
    const model = writer();
    for (const chunk of chunks) {
      model.write(chunk);
      chunk.fill(0); // the writer has its own copy
    }
    const sealed = model.seal();
    const expected = `onn${'x'.repeat(50)}`;
    expect(sealed.bytes).toBe(53);
    expect(read(sealed).toString()).toBe(expected);
    expect(Buffer.from(sealed.sha256)).toEqual(createHash('sha256').update(expected).digest());
    sealed.close();
  });

  test('has as many bytes as it may, and no more', () => {
    const model = writer(4);
    model.write(Buffer.from('abcd'));
    expect(refusal(() => model.write(Buffer.from('e')))).toBe('too-large');
    expect(refusal(() => model.write(Buffer.alloc(0)))).toBe('taken');
    model.discard();
  });

  test('can be empty', () => {
    const sealed = writer().seal();
    expect([sealed.bytes, read(sealed).length]).toEqual([0, 0]);
    sealed.close();
  });

  test('is complete when it is sealed', () => {
    const model = writer();
    const sealed = model.seal();
    expect(() => model.write(Buffer.from('a'))).toThrow(TypeError);
    expect(() => model.seal()).toThrow(TypeError);
    model.discard();
    expect(read(sealed)).toHaveLength(0);
    sealed.close();
    expect(() => sealed.source).toThrow(TypeError);
  });

  test('gives its memory back, once', () => {
    const budget = new ModelBudget(10);
    const model = writer(100, budget);
    model.write(Buffer.alloc(6));
    const sealed = model.seal();
    sealed.close();
    sealed.close();
    const discarded = writer(100, budget);
    discarded.write(Buffer.alloc(10));
    discarded.discard();
    discarded.discard();
    expect(() => discarded.write(Buffer.alloc(1))).toThrow(TypeError);
    expect(refusal(() => budget.take(11))).toBe('too-many-requests');
    expect(refusal(() => budget.take(10))).toBe('taken');
  });

  test('counts towards what all models may take, while it arrives', () => {
    const budget = new ModelBudget(10);
    const [first, second] = [writer(100, budget), writer(100, budget)];
    first.write(Buffer.alloc(6));
    expect(refusal(() => second.write(Buffer.alloc(5)))).toBe('too-many-requests');
    second.write(Buffer.alloc(4));
    first.discard();
    second.write(Buffer.alloc(6));
    second.discard();
  });
});

describe.runIf(process.platform === 'linux')('on Linux', () => {
  test('a model has one descriptor, until it is closed or discarded', () => {
    const before = descriptors();
    const model = createModelBytes(100);
    expect(descriptors()).toBe(before + 1);
    const sealed = model.seal();
    sealed.close();
    sealed.close();
    createModelBytes(100).discard();
    expect(descriptors()).toBe(before);
  });

  test('a model is outside of the memory of this process', () => {
    const chunk = Buffer.alloc(1024 ** 2, 1);
    const model = createModelBytes(1024 ** 3);
    const before = process.memoryUsage();
    for (let count = 0; count < 256; count++) model.write(chunk);
    const after = process.memoryUsage();
    model.discard();
    expect(after.rss - before.rss).toBeLessThan(64 * 1024 ** 2);
  });
});
