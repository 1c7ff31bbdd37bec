import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModelAttacker } from './fuzz/models/model-attacker.ts';
import { seedModels } from './fuzz/models/seeds.ts';
import { Bystander } from './support/bystander.ts';
import { countDescriptors, descendantsOf } from './support/process-watch.ts';
import { startWatched, type Memory, type WatchedServer } from './support/watched-server.ts';

/*
 * Mutants of real models, uploaded to a served process and run. BLINDAI_FUZZ_MODELS says how many
 * (`npm run fuzz:models`: 10 000), BLINDAI_FUZZ_SEED which, BLINDAI_FUZZ_FIRST from which number on.
 */

const models = Number(process.env['BLINDAI_FUZZ_MODELS'] ?? 100);
const seed = Number(process.env['BLINDAI_FUZZ_SEED'] ?? 1);
const first = Number(process.env['BLINDAI_FUZZ_FIRST'] ?? 0);
const isWhole = process.env['BLINDAI_FUZZ_MODELS'] !== undefined;

const MIB = 1024 ** 2;

/** What a server may have grown after its first third of the models; it keeps nothing of any of them. */
const mostGrowth: Memory = { heapBytes: 8 * MIB, residentBytes: 64 * MIB };

const settings = {
  loadTimeoutMs: '8s',
  inferenceTimeoutMs: '3s',
  runnerMemoryBytes: '512MiB',
  maxReplyBytes: '16MiB',
  logLevel: 'error',
};

/** Processes start side by side; more than this and they only wait for each other. */
const lanes = 4;

/** How long what is closed may take to be gone. */
const patient = { timeout: 20_000 };

describe.runIf(process.platform === 'linux')('mutants of models (needs /proc)', () => {
  let server: WatchedServer;
  let bystander: Bystander;

  beforeAll(async () => {
    server = await startWatched(settings);
    bystander = await Bystander.start(await server.connect());
  });
  afterAll(async () => {
    await server.stop();
  });

  test('the models that they are made of are taken as they are', async () => {
    await using client = await server.connect();
    for (const { bytes } of seedModels) {
      const { modelId } = await client.uploadModel(bytes);
      await client.deleteModel(modelId);
    }
  }, 60_000);

  test(
    `${models} of them: each ends with a code or an answer, nothing is kept, nobody else disturbed`,
    async () => {
      const before = {
        descriptors: countDescriptors(server.pid),
        processes: descendantsOf(server.pid).length,
      };
      const clients = await Promise.all(Array.from({ length: lanes }, () => server.connect()));
      const attacker = new ModelAttacker(clients, seed, first);
      bystander.askOn(20);
      const startedMs = performance.now();
      const early = Math.ceil(models / 3);
      await attacker.attack(early);
      const atFirst = await server.memory();
      await attacker.attack(models - early);
      const tookMs = performance.now() - startedMs;
      await bystander.stop();
      await Promise.all(clients.map(async (client) => client.close()));
      const atLast = await server.memory();

      const { outcomes, kinds, faults } = attacker.findings;
      if (isWhole) {
        print('outcomes', outcomes);
        print('changes', kinds);
        const rest = {
          'answers of another model': bystander.answers,
          seconds: Math.round(tookMs / 1000),
          'heap at first, MiB': Math.round(atFirst.heapBytes / MIB),
          'heap at last, MiB': Math.round(atLast.heapBytes / MIB),
          'resident at first, MiB': Math.round(atFirst.residentBytes / MIB),
          'resident at last, MiB': Math.round(atLast.residentBytes / MIB),
        };
        print('besides', new Map(Object.entries(rest)));
      }
      expect(faults).toEqual([]);
      expect([...outcomes.values()].reduce((sum, each) => sum + each, 0)).toBe(models);
      expect(bystander.wrong).toEqual([]);
      expect(bystander.answers).toBeGreaterThan(models / 10);
      await expect
        .poll(() => countDescriptors(server.pid), patient)
        .toBeLessThanOrEqual(before.descriptors);
      await expect.poll(() => descendantsOf(server.pid).length, patient).toBe(before.processes);
      expect(atLast.heapBytes - atFirst.heapBytes).toBeLessThan(mostGrowth.heapBytes);
      expect(atLast.residentBytes - atFirst.residentBytes).toBeLessThan(mostGrowth.residentBytes);
      expect(server.log()).not.toMatch(/request-failed|server-crashed/);
    },
    60_000 + models * 2000,
  );
});

function print(title: string, counts: ReadonlyMap<string, number>): void {
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = rows.map(([name, count]) => `  ${name.padEnd(40)}${String(count).padStart(7)}`);
  process.stdout.write(`${title}\n${lines.join('\n')}\n`);
}
