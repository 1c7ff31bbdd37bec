// Makes load, in a process of its own whose time is counted.
import { answerOrders } from '../answer-orders.ts';
import { summarise } from '../statistics.ts';
import type { Arrivals, LoadOrder, Saturation } from './load-order.ts';
import { PlainConnection, type Target } from './plain-connection.ts';

let target: Target | undefined;
let request: Uint8Array = new Uint8Array();
/** Those that nobody uses at the moment. */
let idle: PlainConnection[] = [];

async function aim(connections: number): Promise<void> {
  for (const connection of idle) connection.close();
  idle = [];
  for (let opened = 0; opened < connections; opened += 1) {
    idle.push(await PlainConnection.open(target!));
  }
}

async function saturate(durationMs: number): Promise<Saturation> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  let answers = 0;
  const lane = async (connection: PlainConnection): Promise<void> => {
    while (performance.now() - started < durationMs) {
      await connection.ask(request);
      answers += 1;
    }
  };
  await Promise.all(idle.map(lane));
  const elapsedMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return {
    answers,
    rate: (1000 * answers) / elapsedMs,
    ownCores: (user + system) / 1000 / elapsedMs,
  };
}

async function arrivals(gapMs: number, durationMs: number): Promise<Arrivals> {
  const times: number[] = [];
  const lateness: number[] = [];
  const running: Promise<void>[] = [];
  let unanswered = 0;
  const send = async (due: number): Promise<void> => {
    try {
      const connection = idle.pop() ?? (await PlainConnection.open(target!));
      lateness.push(performance.now() - due);
      await connection.ask(request);
      times.push(performance.now() - due);
      idle.push(connection);
    } catch {
      // The connection is closed: the next request opens another.
      unanswered += 1;
    }
  };
  const started = performance.now() + 50;
  const count = Math.ceil(durationMs / gapMs);
  for (let arrival = 0; arrival < count; arrival += 1) {
    const due = started + arrival * gapMs;
    const waitMs = due - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    running.push(send(due));
  }
  await Promise.all(running);
  return { times, unanswered, latenessMs: summarise(lateness).p99 };
}

answerOrders<LoadOrder>({
  aim: async ({ connections, request: bytes, ...at }) => {
    target = at;
    request = bytes;
    await aim(connections);
  },
  saturate: async ({ durationMs }) => saturate(durationMs),
  arrivals: async ({ gapMs, durationMs }) => arrivals(gapMs, durationMs),
});
