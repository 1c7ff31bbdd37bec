import { release } from 'node:os';
import { onnxEngine } from './onnx-engine.ts';

/** Loads whatever is needed later, since nothing can be loaded once the cage is closed. */
export async function prepareRunner(): Promise<void> {
  await (await onnxEngine.tryOut(1)).release();
  release();
  new Intl.DateTimeFormat().format(0);
  // The first collection asks how many processors there are.
  globalThis.gc?.();
}
