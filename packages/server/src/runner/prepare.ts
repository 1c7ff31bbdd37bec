import { release } from 'node:os';
import { onnxEngine } from './onnx-engine.ts';

/**
 * At the first Node would open its debugger; the others reach every process of a service that is stopped,
 * while the server still lets its runs come to an end.
 */
const leftToTheServer = ['SIGUSR1', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Loads whatever is needed later, since nothing can be loaded once the cage is closed. */
export async function prepareRunner(): Promise<void> {
  for (const signal of leftToTheServer) process.on(signal, () => undefined);
  await (await onnxEngine.tryOut(1)).release();
  release();
  new Intl.DateTimeFormat().format(0);
  // The first collection asks how many processors there are.
  globalThis.gc?.();
}
