import type { RunningServer } from './server.ts';

/** The signals at which a server goes down. */
const stopSignals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Resolves when a running server has closed, which SIGTERM and SIGINT make it do: it drains. The second
 * signal ends the process at once.
 */
export async function runUntilSignal(server: RunningServer): Promise<void> {
  let signalled = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (signalled) process.exit(signal === 'SIGINT' ? 130 : 143);
    signalled = true;
    void server.close();
  };
  for (const signal of stopSignals) process.on(signal, stop);
  try {
    await server.closed;
  } finally {
    for (const signal of stopSignals) process.off(signal, stop);
  }
}
