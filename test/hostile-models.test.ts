import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type BlindAIClient } from '@blindai/client/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRunning } from '../packages/server/test/inference/runner-pool.ts';
import { Bystander } from './support/bystander.ts';
import { serve, type Serving } from './support/command.ts';
import {
  crashing,
  ownHostileModels,
  sharedHostileModels,
  type HostileModel,
} from './support/hostile-models.ts';
import { countDescriptors, descendantsOf, residentBytes } from './support/process-watch.ts';

const MIB = 1024 ** 2;
const isLinux = process.platform === 'linux';

/** Short, so that what hangs does not take long; a model that behaves loads in a fraction of it. */
const settings = {
  '--load-timeout-ms': '6s',
  '--inference-timeout-ms': '4s',
  '--runner-memory-bytes': '512MiB',
};

/** How long what is closed may take to be gone. */
const patient = { timeout: 10_000 };

/** Grown beyond this after all attacks, the server keeps something of them. */
const mostGrowthBytes = 96 * MIB;

/** What became of a model. */
interface Ending {
  readonly phase: 'upload' | 'run';
  readonly code: string;
  readonly message: string;
  readonly ms: number;
}

/** Uploads a model and runs it; it has to fail in one of the two. */
async function attack(client: BlindAIClient, hostile: HostileModel): Promise<Ending> {
  const startedMs = performance.now();
  let phase: Ending['phase'] = 'upload';
  let uploaded: string | null = null;
  try {
    uploaded = (await client.uploadModel(hostile.bytes)).modelId;
    phase = 'run';
    await client.runModel(uploaded, hostile.inputs);
    return { phase, code: 'answered', message: '', ms: performance.now() - startedMs };
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { phase, code, message, ms: performance.now() - startedMs };
  } finally {
    if (uploaded !== null) await client.deleteModel(uploaded);
  }
}

/** Attacks with all models: those that take as long as they may side by side, the others in turn. */
async function attackWithAll(
  client: BlindAIClient,
  all: Record<string, HostileModel>,
): Promise<Map<string, Ending>> {
  const endings = new Map<string, Ending>();
  const one = async ([name, hostile]: [string, HostileModel]): Promise<void> => {
    endings.set(name, await attack(client, hostile));
  };
  const entries = Object.entries(all);
  const slow = entries.filter(([, { codes }]) => codes.includes('model-timeout')).map(one);
  for (const entry of entries) if (!entry[1].codes.includes('model-timeout')) await one(entry);
  await Promise.all(slow);
  return endings;
}

function printTable(isolation: string, endings: ReadonlyMap<string, Ending>): void {
  const rows = [...endings].map(
    ([name, { phase, code, ms }]) =>
      `${name.padEnd(34)} ${phase.padEnd(6)} ${code.padEnd(14)} ${ms.toFixed(0).padStart(6)} ms`,
  );
  process.stdout.write(`hostile models, isolation ${isolation}\n${rows.sort().join('\n')}\n`);
}

/** A server that is killed cannot remove the folder that its runners worked in. */
function removeFolderOf(pid: number): void {
  for (const name of readdirSync(tmpdir())) {
    if (name.startsWith(`blindai-runners-${pid}-`))
      rmSync(join(tmpdir(), name), { recursive: true });
  }
}

/** Whether the thread that runs a model is at work at this moment. */
function isComputing(pid: number): boolean {
  return /^\d+ \(.*\) R/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

describe.runIf(isLinux)('models that attack (needs /proc)', () => {
  const all = { ...ownHostileModels, ...sharedHostileModels };
  let server: Serving;
  let uploader: BlindAIClient;
  let bystander: Bystander;
  let before: { descriptors: number; processes: number; bytes: number };
  let endings: Map<string, Ending>;

  const open = async (): Promise<BlindAIClient> =>
    connect('127.0.0.1', { ...server.portOptions, simulation: true });
  const measure = (): typeof before => ({
    descriptors: countDescriptors(server.pid),
    processes: descendantsOf(server.pid).length,
    bytes: residentBytes(server.pid),
  });

  beforeAll(async () => {
    server = await serve(Object.entries(settings).flat());
    bystander = await Bystander.start(await open());
    before = measure();
    bystander.askOn();
    uploader = await open();
    endings = await attackWithAll(uploader, all);
    if (process.env['BLINDAI_PRINT_TABLES'] === '1') {
      printTable(server.ready.isolation, endings);
    }
  }, 120_000);
  afterAll(async () => {
    await server.stop();
  });

  test.each(Object.entries(all))('%s: its uploader hears what happened', (name, hostile) => {
    const { phase, code, message } = endings.get(name)!;
    expect(hostile.codes, message).toContain(code);
    if (hostile.phase !== 'either') expect(phase).toBe(hostile.phase);
    expect(message).not.toBe('');
  });

  test('every code of a model that attacks was seen', () => {
    expect([...new Set([...endings.values()].map(({ code }) => code))].sort()).toEqual([
      'model-crashed',
      'model-memory',
      'model-refused',
      'model-timeout',
    ]);
  });

  test('three crashes in a row end in a quarantine, with its reason', async () => {
    const { modelId } = await uploader.uploadModel(crashing);
    const run = async (): Promise<unknown> =>
      uploader.runModel(modelId, ownHostileModels['missing input']!.inputs);
    for (let times = 0; times < 3; times++) {
      await expect(run()).rejects.toMatchObject({
        code: 'model-crashed',
        message: expect.stringContaining('ended with SIGSEGV') as string,
      });
    }
    const processes = descendantsOf(server.pid).length;
    await expect(run()).rejects.toMatchObject({
      code: 'model-crashed',
      message: expect.stringMatching(
        /quarantined after 3 crashes in a row .*SIGSEGV.*delete it and upload it again/,
      ) as string,
    });
    expect(descendantsOf(server.pid).length).toBe(processes);
    await uploader.deleteModel(modelId);
  });

  test('afterwards nothing of them is left, and nobody else noticed', async () => {
    await bystander.stop();
    await uploader.close();
    expect(bystander.wrong).toEqual([]);
    expect(bystander.answers).toBeGreaterThan(Object.keys(all).length);
    await expect.poll(() => measure().descriptors, patient).toBeLessThanOrEqual(before.descriptors);
    await expect.poll(() => measure().processes, patient).toBe(before.processes);
    expect(measure().bytes - before.bytes).toBeLessThan(mostGrowthBytes);
    expect(server.log()).not.toContain('request-failed');
  });

  test('kill -9 of the server leaves none of their processes, not even one that computes', async () => {
    const endless = ownHostileModels['endless loop']!;
    // Who asked only hears that nobody is there any more.
    const client = await open();
    const { modelId } = await client.uploadModel(endless.bytes);
    const run = client.runModel(modelId, endless.inputs).catch((error: unknown) => error);
    const runners = descendantsOf(server.pid);
    expect(runners.length).toBeGreaterThan(0);
    await expect.poll(() => runners.some(isComputing), patient).toBe(true);
    await server.stop('SIGKILL');
    removeFolderOf(server.pid);
    for (const pid of runners) await expect.poll(() => isRunning(pid), patient).toBe(false);
    expect(await run).toMatchObject({ code: expect.any(String) as string });
  });
});
