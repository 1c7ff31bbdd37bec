import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect, type BlindAIClient } from '@blindai/client/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifier, loop, zeros } from '../packages/server/test/onnx/models.ts';
import { openSocket, openTls } from '../packages/server/test/raw-socket.ts';
import { AnswerReader, codeOf } from './fuzz/exchange.ts';
import { headOf, runRequest } from './soak/raw-request.ts';
import { available } from './support/optional.ts';
import { countDescriptors, descendantsOf } from './support/process-watch.ts';
import { startWatched, type WatchedServer } from './support/watched-server.ts';

const MIB = 1024 ** 2;
const crowd = { idle: 1000, slow: 200 };

const settings = {
  maxQueuedRuns: '20',
  // Whoever is slow may be so for as long as the test takes.
  headersTimeoutMs: '290s',
  idleTimeoutMs: '290s',
  requestTimeoutMs: '290s',
  inferenceTimeoutMs: '30s',
  quotesPerMinute: '1000000',
  logLevel: 'warn',
};

/**
 * How long what is left over may take to be gone: a process of a model that is more than one, and idle, ends
 * after a minute.
 */
const pastIdle = { timeout: 90_000 };

/** How long somebody waits who asks for next to nothing. */
const longestWaitMs = 20_000;

/** How long hundreds wait whose slow requests come to their end at once. */
const crowdPatienceMs = 100_000;

/** Files that a process may have open at most; Node takes as many as it can get. */
function mostOpenFiles(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const [, found] = /^Max open files\s+\d+\s+(\d+|unlimited)/m.exec(limits)!;
  return found === 'unlimited' ? Infinity : Number(found);
}

const isLinux = process.platform === 'linux';
const isWide =
  isLinux &&
  available('room for 2,000 open files (ulimit -Hn)', mostOpenFiles() >= 2000, {
    environmental: true,
  });

const get = 'GET /v2/health/live HTTP/1.1\r\nHost: blindai-srv\r\n\r\n';

/** What is left in a server that nobody asks anything. */
interface Rest {
  readonly descriptors: number;
  readonly processes: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
}

describe.runIf(isLinux)('a crowd (needs /proc)', () => {
  let server: WatchedServer;
  let client: BlindAIClient;
  let modelId: string;

  /** `[a, 1] · [[1, 2], [3, 4]]` */
  const ask = async (caller: BlindAIClient, a: number): Promise<void> => {
    const x = { data: Float32Array.of(a, 1), shape: [1, 2] };
    const signal = AbortSignal.timeout(longestWaitMs);
    const { outputs } = await caller.runModel(modelId, { x }, { signal });
    expect([...(outputs[0]!.data as Float32Array)]).toEqual([a + 3, 2 * a + 4]);
  };
  const rest = async (): Promise<Rest> => ({
    ...(await server.memory()),
    descriptors: countDescriptors(server.pid),
    processes: descendantsOf(server.pid).length,
  });

  beforeAll(async () => {
    server = await startWatched(settings);
    client = await server.connect();
    ({ modelId } = await client.uploadModel(classifier()));
  });
  afterAll(async () => {
    await client.close();
    expect(await server.stop()).toBe(0);
    expect(server.log()).not.toMatch(/request-failed|server-crashed/);
  });

  test.runIf(isWide)(
    `of ${crowd.idle} idle and ${crowd.slow} slow connections keeps nobody else from an answer`,
    { timeout: 300_000 },
    async () => {
      const big = (await client.uploadModel(zeros())).modelId;
      await ask(client, 0);
      const before = await rest();
      const idle = await openIdle(server.ports.attested, crowd.idle);
      const slow = await openSlow(server.ports.attested, crowd.slow, big);
      const drip = setInterval(() => {
        for (const { next } of slow) next();
      }, 250);
      expect(countDescriptors(server.pid)).toBeGreaterThan(crowd.idle + crowd.slow);

      const callers = await Promise.all(Array.from({ length: 5 }, () => server.connect()));
      for (let round = 0; round < 20; round += 1) {
        await Promise.all(callers.map(async (caller, at) => ask(caller, 10 * round + at)));
      }
      const { modelId: another } = await callers[0]!.uploadModel(classifier());
      await callers[0]!.deleteModel(another);
      await Promise.all(callers.map(async (caller) => caller.close()));

      // They were there all the time, and are served when they come to the point.
      expect(idle.filter(({ isOpen }) => isOpen)).toHaveLength(crowd.idle);
      clearInterval(drip);
      const ends = await Promise.all(slow.map(async ({ finish }) => finish()));
      expect(new Set(ends)).toEqual(new Set(['200', 'malformed']));
      const again = await Promise.all(idle.map(async ({ ask: askAgain }) => askAgain()));
      expect(new Set(again)).toEqual(new Set(['200']));

      for (const { socket } of [...idle, ...slow]) socket.destroy();
      await client.deleteModel(big);
      await expect
        .poll(() => countDescriptors(server.pid), pastIdle)
        .toBeLessThanOrEqual(before.descriptors);
    },
  );

  test('that asks for more than is taken hears so, and leaves the server as it was', async () => {
    await ask(client, 5);
    const quiet = await rest();
    const { modelId: busy } = await client.uploadModel(loop());
    const rounds = { data: BigInt64Array.of(2000n), shape: [] };
    /** Asks for what takes its time, many times at once. */
    const flood = async (): Promise<string[]> => {
      const callers = await Promise.all(Array.from({ length: 8 }, () => server.connect()));
      const endings = await Promise.all(
        callers.flatMap((caller) =>
          Array.from({ length: 20 }, async () =>
            caller.runModel(busy, { rounds }).then(
              () => 'answered',
              (error: unknown) => {
                const { code, retryAfterMs } = error as { code: string; retryAfterMs?: number };
                return retryAfterMs! >= 1000 ? `${code}, and when to try again` : code;
              },
            ),
          ),
        ),
      );
      await Promise.all(callers.map(async (caller) => caller.close()));
      return endings;
    };
    await flood();
    await ask(client, 6);
    const before = await rest();
    for (let times = 0; times < 4; times += 1) {
      const state = { isOver: false };
      const flooded = flood().finally(() => (state.isOver = true));
      for (let a = 0; !state.isOver; a += 1) await ask(client, a);
      const endings = await flooded;
      expect(new Set(endings)).toEqual(
        new Set(['answered', 'too-many-requests, and when to try again']),
      );
      expect(endings.filter((ending) => ending !== 'answered').length).toBeGreaterThan(20);
    }
    await ask(client, 7);
    await client.runModel(busy, { rounds });
    const after = await rest();
    await client.deleteModel(busy);
    await expect
      .poll(() => descendantsOf(server.pid).length, pastIdle)
      .toBeLessThanOrEqual(quiet.processes);
    await expect
      .poll(() => countDescriptors(server.pid), pastIdle)
      .toBeLessThanOrEqual(quiet.descriptors);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(8 * MIB);
    expect(after.residentBytes - before.residentBytes).toBeLessThan(64 * MIB);
  }, 300_000);
});

describe.runIf(isLinux)('a crowd that asks for evidence (needs /proc)', () => {
  test('is refused beyond its budget, while others go on', { timeout: 120_000 }, async () => {
    const server = await startWatched({ quotesPerMinute: '20', logLevel: 'warn' });
    const { attested, management } = server.ports;
    const client = await connect('127.0.0.1', {
      attestedPort: attested,
      managementPort: management,
      simulation: true,
    });
    const { modelId } = await client.uploadModel(classifier());
    const socket = await openSocket(server.ports.unattested);
    const reader = new AnswerReader(socket);
    const codes: string[] = [];
    for (let times = 0; times < 200; times += 1) {
      const nonce = Buffer.alloc(32, times).toString('base64url');
      socket.write(`GET /attestation?nonce=${nonce} HTTP/1.1\r\nHost: blindai-srv\r\n\r\n`);
      const answer = (await reader.next())!;
      codes.push(codeOf(answer));
      if (answer.status === 429) expect(answer.headers.get('retry-after')).toMatch(/^[1-3]$/);
    }
    expect(new Set(codes)).toEqual(new Set(['200', 'too-many-requests']));
    expect(codes.filter((code) => code === '200').length).toBeLessThan(60);
    const x = { data: Float32Array.of(1, 1), shape: [1, 2] };
    expect((await client.runModel(modelId, { x })).outputs).toHaveLength(2);
    // Evidence of the boot costs nothing.
    socket.write('GET /attestation HTTP/1.1\r\nHost: blindai-srv\r\n\r\n');
    expect((await reader.next())!.status).toBe(200);
    socket.destroy();
    await client.close();
    expect(await server.stop()).toBe(0);
  });
});

/** A connection that is used now and then. */
interface Idle {
  readonly socket: Socket;
  readonly isOpen: boolean;
  /** Asks for something small; answers the code. */
  readonly ask: () => Promise<string>;
}

async function openIdle(port: number, count: number): Promise<Idle[]> {
  const opened: Idle[] = [];
  const openOne = async (): Promise<void> => {
    const socket = await openTls(port);
    const reader = new AnswerReader(socket, crowdPatienceMs);
    const ask = async (): Promise<string> => {
      socket.write(get);
      const answer = await reader.next();
      return answer === null ? 'closed' : codeOf(answer);
    };
    expect(await ask()).toBe('200');
    opened.push({
      socket,
      ask,
      get isOpen() {
        return reader.isOpen;
      },
    });
  };
  while (opened.length < count) await Promise.all(Array.from({ length: 20 }, openOne));
  return opened;
}

/** A connection on which something moves, but hardly. */
interface Slow {
  readonly socket: Socket;
  /** Moves a little further. */
  readonly next: () => void;
  /** Comes to the end; answers the code. */
  readonly finish: () => Promise<string>;
}

/** Slow heads, slow bodies and slow readers in turn. */
async function openSlow(port: number, count: number, big: string): Promise<Slow[]> {
  const kinds = [dripHead, dripBody, readHardly];
  const slow: Slow[] = [];
  for (let at = 0; at < count; at += 1) {
    const socket = await openTls(port);
    slow.push(kinds[at % kinds.length]!(socket, big));
  }
  return slow;
}

function dripHead(socket: Socket): Slow {
  const reader = new AnswerReader(socket, crowdPatienceMs);
  socket.write('GET /v2/health/live HTTP/1.1\r\nHost: blindai-srv\r\nX: ');
  return {
    socket,
    next: () => void socket.write('x'),
    finish: async () => {
      socket.write('\r\n\r\n');
      return codeOf((await reader.next())!);
    },
  };
}

/** Ten thousand bytes that are no run. */
function dripBody(socket: Socket): Slow {
  const reader = new AnswerReader(socket, crowdPatienceMs);
  const bytes = 10_000;
  let sent = 0;
  socket.write(headOf('/run', bytes));
  return {
    socket,
    next: () => {
      sent += 1;
      socket.write('x');
    },
    finish: async () => {
      socket.write('x'.repeat(bytes - sent));
      return codeOf((await reader.next())!);
    },
  };
}

/** Two megabytes of zeros, of which nothing is read for as long as it goes. */
function readHardly(socket: Socket, big: string): Slow {
  socket.pause();
  socket.write(runRequest(big, 'count', BigInt64Array.of(500_000n)));
  return {
    socket,
    next: () => {},
    finish: async () => {
      const reader = new AnswerReader(socket, crowdPatienceMs);
      socket.resume();
      return codeOf((await reader.next())!);
    },
  };
}
