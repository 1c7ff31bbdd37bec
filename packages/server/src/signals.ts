import { describeError } from './log.ts';
import type { RunningServer } from './server.ts';

/** The signals at which a server goes down, with the status of a process that they end at once. */
const stopSignals = { SIGTERM: 143, SIGINT: 130 } as const;

/** As `sysexits.h` has it: a bug. */
const EXIT_SOFTWARE = 70;

/**
 * Gives the process to a running server, and resolves when that has closed. SIGTERM and SIGINT make it drain
 * and close; the second one ends the process at once. A bug that nobody caught ends it too, with one line in
 * the log: what Node would print by itself may quote content. To be called before anyone is told that the
 * server is ready, lest a signal comes between.
 */
export async function runUntilSignal(server: RunningServer): Promise<void> {
  let signalled = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (signalled) process.exit(stopSignals[signal as keyof typeof stopSignals]);
    signalled = true;
    void server.close();
  };
  const endOnBug = (error: unknown): void => {
    server.log.error({ event: 'server-crashed', ...describeError(error) });
    process.exit(EXIT_SOFTWARE);
  };
  const signals = Object.keys(stopSignals) as (keyof typeof stopSignals)[];
  for (const signal of signals) process.on(signal, stop);
  process.on('uncaughtException', endOnBug);
  try {
    await server.closed;
  } finally {
    for (const signal of signals) process.off(signal, stop);
    process.off('uncaughtException', endOnBug);
  }
}
