import { availableParallelism } from 'node:os';
import { Load } from '../load/load.ts';
import type { Served } from './served.ts';
import type { ServedModel } from './served-model.ts';

const warmUpMs = 4000;

/**
 * Puts a server under as much load as it takes for some seconds. Code that has run hundreds of times only is
 * not compiled well yet, and takes two to three times as long: a server in operation is past that, whatever
 * the pauses between its requests.
 */
export async function warmUp(served: Served, model: ServedModel): Promise<void> {
  await using load = await Load.start(served, model, 4 * availableParallelism());
  await load.saturate(warmUpMs);
}
