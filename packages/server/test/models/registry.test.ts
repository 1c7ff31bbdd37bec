import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { ProtocolError } from '@blindai/protocol';
import { describe, expect, test } from 'vitest';
import { createModelBytes } from '../../src/models/model-bytes.ts';
import { ModelRegistry, type Owner, type RegistryConfig } from '../../src/models/registry.ts';
import { eventually, isRunning, patient, startPool } from '../inference/runner-pool.ts';
import { identity, loop } from '../onnx/models.ts';
import { asFloats, floats, rounds } from '../onnx/tensors.ts';

const alice: Owner = { kind: 'token', id: 'a'.repeat(64) };
const bob: Owner = { kind: 'token', id: 'b'.repeat(64) };
const nobody: Owner = { kind: 'anonymous' };

const hashOf = (model: Uint8Array): string => createHash('sha256').update(model).digest('hex');

function startRegistry(given: Partial<RegistryConfig> = {}) {
  const tested = startPool();
  const config = { anonymous: true, maxModels: 8, loadTimeoutMs: 20_000, ...given };
  const registry = new ModelRegistry(tested.pool, config);
  const upload = async (owner: Owner, model: Uint8Array = identity()): Promise<string> => {
    const writer = createModelBytes(model.length);
    writer.write(model);
    const { modelId } = await registry.upload({ optimize: true }, writer.seal(), owner);
    return modelId;
  };
  return { ...tested, registry, upload };
}

/** The code with which something is refused. */
async function refusal(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof ProtocolError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

const notFound = 'not-found: there is no such model';

describe('an upload', () => {
  test('gets an id, its hash and a name for logs', async () => {
    const { registry, log } = startRegistry();
    const writer = createModelBytes(1000);
    writer.write(identity());
    const { modelId, hash } = await registry.upload({ optimize: true }, writer.seal(), alice);
    expect(modelId).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(Buffer.from(hash).toString('hex')).toBe(hashOf(identity()));
    const { ref, signature } = registry.find({ id: modelId }, nobody);
    expect(ref).toMatch(/^[0-9a-f]{16}$/);
    expect(signature.inputs).toHaveLength(1);
    expect(log.lines[0]).toMatchObject({ event: 'runner-started', modelRef: ref });
    expect(JSON.stringify(log.lines)).not.toContain(modelId);
  });

  test('of the same bytes is another model with another process', async () => {
    const { registry, upload, runners } = startRegistry();
    const ids = [await upload(alice), await upload(alice), await upload(nobody)];
    expect(new Set(ids).size).toBe(3);
    expect(new Set(runners()).size).toBe(3);
    await registry.delete(ids[0]!, alice);
    expect(await refusal(() => registry.find({ id: ids[1]! }, alice))).toBe('taken');
  });

  test('that does not load leaves nothing behind', async () => {
    const { registry, upload, log } = startRegistry({ maxModels: 1 });
    await upload(nobody).then((id) => registry.delete(id, nobody));
    const before = readdirSync('/proc/self/fd').length;
    const broken = Uint8Array.of(0xff);
    expect(await refusal(() => upload(alice, broken))).toMatch(/^model-refused: /);
    expect(log.lines.every(({ runner }) => !isRunning(runner!))).toBe(true);
    await expect.poll(() => readdirSync('/proc/self/fd').length, eventually).toBe(before);
    expect(await refusal(() => registry.find({ hash: hashOf(broken) }, alice))).toBe(notFound);
    expect(await refusal(() => upload(alice))).toBe('taken');
  });

  test('beyond the limit is refused, also while others are loaded, and closed', async () => {
    const { registry, upload } = startRegistry({ maxModels: 2 });
    const [first, second, refused] = await Promise.allSettled([1, 2, 3].map(() => upload(nobody)));
    expect(second).toMatchObject({ status: 'fulfilled' });
    expect(refused).toMatchObject({
      reason: {
        code: 'too-many-requests',
        message: 'the server holds 2 models, as many as it may',
      },
    });
    if (first?.status !== 'fulfilled') throw new Error('the first upload failed');
    await registry.delete(first.value, nobody);
    expect(await refusal(() => upload(nobody))).toBe('taken');
  });
});

describe('by its id a model is found', () => {
  test('by everyone on an anonymous server', async () => {
    const { registry, upload } = startRegistry();
    const id = await upload(alice);
    for (const caller of [alice, bob, nobody]) {
      const [y] = await registry.find({ id }, caller).run([floats('x', 3)], patient);
      expect(asFloats(y!)).toEqual([3]);
    }
  });

  test('by its owner alone elsewhere', async () => {
    const { registry, upload } = startRegistry({ anonymous: false });
    const [own, ownerless] = [await upload(alice), await upload(nobody)];
    expect(await refusal(() => registry.find({ id: own }, alice))).toBe('taken');
    for (const caller of [bob, nobody]) {
      expect(await refusal(() => registry.find({ id: own }, caller))).toBe(notFound);
    }
    for (const caller of [alice, nobody]) {
      expect(await refusal(() => registry.find({ id: ownerless }, caller))).toBe(notFound);
    }
  });

  test('only if it exists', async () => {
    const { registry } = startRegistry();
    for (const id of ['', '00000000-0000-4000-8000-000000000000', '__proto__']) {
      expect(await refusal(() => registry.find({ id }, alice))).toBe(notFound);
    }
  });
});

describe('by its hash a model is found', () => {
  const hash = hashOf(identity());

  test('by its owner, and by nobody else', async () => {
    const { registry, upload } = startRegistry();
    await upload(alice);
    expect(await refusal(() => registry.find({ hash }, alice))).toBe('taken');
    expect(await refusal(() => registry.find({ hash: hash.toUpperCase() }, alice))).toBe('taken');
    expect(await refusal(() => registry.find({ hash }, bob))).toBe(notFound);
    expect(await refusal(() => registry.find({ hash }, nobody))).toBe(notFound);
    expect(await refusal(() => registry.find({ hash: hashOf(loop()) }, alice))).toBe(notFound);
  });

  test('by everyone, if it was uploaded anonymously to an anonymous server', async () => {
    const { registry, upload } = startRegistry();
    await upload(nobody);
    for (const caller of [alice, nobody]) {
      expect(await refusal(() => registry.find({ hash }, caller))).toBe('taken');
    }
  });

  test('not so elsewhere', async () => {
    const { registry, upload } = startRegistry({ anonymous: false });
    await upload(nobody);
    for (const caller of [alice, nobody]) {
      expect(await refusal(() => registry.find({ hash }, caller))).toBe(notFound);
    }
  });

  test('the own one first, then the oldest', async () => {
    const { registry, upload } = startRegistry();
    const ids = [
      await upload(nobody),
      await upload(nobody),
      await upload(alice),
      await upload(alice),
    ];
    const refs = ids.map((id) => registry.find({ id }, nobody).ref);
    const found = (caller: Owner): number => refs.indexOf(registry.find({ hash }, caller).ref);
    expect([found(nobody), found(bob), found(alice)]).toEqual([0, 0, 2]);
    await registry.delete(ids[0]!, nobody);
    await registry.delete(ids[2]!, alice);
    expect([found(nobody), found(bob), found(alice)]).toEqual([1, 1, 3]);
  });
});

describe('a model is deleted', () => {
  test('by its owner, and by nobody else', async () => {
    const { registry, upload, runners } = startRegistry();
    const id = await upload(alice);
    for (const caller of [bob, nobody, { kind: 'token', id: 'a'.repeat(63) } as const]) {
      expect(await refusal(() => registry.delete(id, caller))).toBe(notFound);
    }
    expect(isRunning(runners()[0]!)).toBe(true);
    await registry.delete(id, alice);
    expect(isRunning(runners()[0]!)).toBe(false);
    expect(await refusal(() => registry.find({ id }, alice))).toBe(notFound);
    expect(await refusal(() => registry.delete(id, alice))).toBe(notFound);
  });

  test('by whoever has the id of an anonymous upload, on an anonymous server', async () => {
    const { registry, upload } = startRegistry();
    for (const caller of [alice, nobody]) await registry.delete(await upload(nobody), caller);
    const strict = startRegistry({ anonymous: false });
    const id = await strict.upload(nobody);
    expect(await refusal(() => strict.registry.delete(id, nobody))).toBe(notFound);
  });

  test('while it runs: whoever waits for it is told so', async () => {
    const { registry, upload } = startRegistry();
    const id = await upload(nobody, loop());
    const found = registry.find({ id }, nobody);
    const run = refusal(() => found.run([rounds(2n ** 62n)], patient));
    await registry.delete(id, nobody);
    expect(await run).toBe('not-found: the model was deleted');
    expect(await refusal(() => found.run([rounds(1n)], patient))).toMatch(/^not-found/);
  });

  test('with all others, when the server closes', async () => {
    const { registry, upload, runners } = startRegistry();
    const ids = [await upload(alice), await upload(nobody)];
    await registry.close();
    expect(runners().filter(isRunning)).toEqual([]);
    for (const id of ids) expect(await refusal(() => registry.find({ id }, alice))).toBe(notFound);
  });
});
