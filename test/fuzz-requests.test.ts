import type { BlindAIClient } from '@blindai/client/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Attacker } from './fuzz/attacker.ts';
import { fuzzedModel } from './fuzz/messages.ts';
import { countDescriptors, descendantsOf } from './support/process-watch.ts';
import { startWatched, type Memory, type WatchedServer } from './support/watched-server.ts';

/*
 * Requests at random over every port and route of a served process. BLINDAI_FUZZ_REQUESTS says how many
 * (`npm run fuzz:requests`: 50 000), BLINDAI_FUZZ_SEED which.
 */

const requests = Number(process.env['BLINDAI_FUZZ_REQUESTS'] ?? 1500);
const seed = Number(process.env['BLINDAI_FUZZ_SEED'] ?? 1);

const MIB = 1024 ** 2;

/** What a server may have grown after its first third of the requests; it keeps nothing of any of them. */
const mostGrowth: Memory = { heapBytes: 8 * MIB, residentBytes: 64 * MIB };

const settings = {
  headersTimeoutMs: '2s',
  idleTimeoutMs: '3s',
  requestTimeoutMs: '4s',
  maxRequestBytes: '1MiB',
  maxModelBytes: '1MiB',
  maxModels: '24',
  loadTimeoutMs: '20s',
  logLevel: 'warn',
};

/** How long what is closed may take to be gone. */
const patient = { timeout: 20_000 };

/** How long a process of a model may take to end that is more than one, and idle: a minute, and some. */
const pastIdle = { timeout: 90_000 };

describe.runIf(process.platform === 'linux')('fuzzed requests (needs /proc)', () => {
  let server: WatchedServer;
  let client: BlindAIClient;
  let attacker: Attacker;
  let goodAnswers = 0;

  const askGood = async (modelId: string): Promise<void> => {
    const x = goodAnswers++;
    const { outputs } = await client.runModel(modelId, { x: Float32Array.of(x) });
    expect([...outputs[0]!.data]).toEqual([x]);
  };

  beforeAll(async () => {
    server = await startWatched(settings);
    client = await server.connect();
  });
  afterAll(async () => {
    await server.stop();
  });

  test(
    `${requests} of them: refused with a code or answered, nothing kept, nobody else disturbed`,
    async () => {
      const { modelId } = await client.uploadModel(fuzzedModel);
      const between = async (): Promise<void> => askGood(modelId);
      await between();
      const before = {
        descriptors: countDescriptors(server.pid),
        processes: descendantsOf(server.pid).length,
      };
      attacker = new Attacker(server.ports, modelId, seed);
      const first = Math.ceil(requests / 3);
      await attacker.send(first, between);
      const early = await server.memory();
      await attacker.send(requests - first, between);
      const late = await server.memory();

      const { tried, answered, statuses, faults } = attacker.findings;
      if (process.env['BLINDAI_FUZZ_REQUESTS'] !== undefined) {
        print('tried', tried);
        print('answered', answered);
        printTable('answered, by kind and status', statuses);
        print(
          'memory',
          new Map(Object.entries({ ...prefixed('early', early), ...prefixed('late', late) })),
        );
      }
      expect(faults).toEqual([]);
      expect(goodAnswers).toBeGreaterThan(requests / 60);
      await expect
        .poll(() => countDescriptors(server.pid), patient)
        .toBeLessThanOrEqual(before.descriptors);
      await expect.poll(() => descendantsOf(server.pid).length, pastIdle).toBe(before.processes);
      expect(late.heapBytes - early.heapBytes).toBeLessThan(mostGrowth.heapBytes);
      expect(late.residentBytes - early.residentBytes).toBeLessThan(mostGrowth.residentBytes);
      expect(server.log()).not.toMatch(/request-failed|server-crashed/);
    },
    150_000 + requests * 60,
  );

  test('only a server that goes down answers with 503, and it ends well', async () => {
    expect(attacker.findings.answered.has('going-down')).toBe(false);
    const stopping = server.stop();
    await attacker.sendUntil(stopping);
    expect(await stopping).toBe(0);
    expect(attacker.findings.faults).toEqual([]);
    expect(server.log()).not.toMatch(/request-failed|server-crashed/);
  });
});

function prefixed(when: string, { heapBytes, residentBytes }: Memory): Record<string, number> {
  return {
    [`${when} heap, MiB`]: Math.round(heapBytes / MIB),
    [`${when} resident, MiB`]: Math.round(residentBytes / MIB),
  };
}

function print(title: string, counts: ReadonlyMap<string, number>): void {
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = rows.map(([name, count]) => `  ${name.padEnd(24)}${String(count).padStart(7)}`);
  process.stdout.write(`${title}\n${lines.join('\n')}\n`);
}

function printTable(title: string, counts: ReadonlyMap<string, ReadonlyMap<number, number>>): void {
  const columns = [...new Set([...counts.values()].flatMap((row) => [...row.keys()]))].sort(
    (a, b) => a - b,
  );
  const head = ['', ...columns.map(String)];
  const rows = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, row]) => [kind, ...columns.map((status) => String(row.get(status) ?? '-'))]);
  const lines = [head, ...rows].map(
    ([kind, ...cells]) => `  ${kind!.padEnd(24)}${cells.map((cell) => cell.padStart(7)).join('')}`,
  );
  process.stdout.write(`${title}\n${lines.join('\n')}\n`);
}
