import type { CageSettings } from '../../inference/messages.ts';
import { endProcess } from '../../platform/process-control.ts';
import { enterCage } from '../cage/cage.ts';
import { HungUp, readFrameStart, send, skipPayload } from '../channel.ts';
import { onnxEngine } from '../onnx-engine.ts';
import { prepareRunner } from '../prepare.ts';
import type { ProbePlan } from './probes.ts';
import { tryCaged, tryUncaged } from './try-out.ts';

/** The server's first frame; the second has no content, and asks for the attempts. */
export interface ProbeMessage extends CageSettings {
  readonly kind: 'probe';
  readonly plan: ProbePlan;
  /** Of the engine, while the cage is looked at. */
  readonly threads: number;
}

/*
 * A runner that is given no model, but tries what a model that took it over would: before it closes its cage,
 * and afterwards. In between it does what an honest runner does, so that the server sees which system calls
 * that is refused, and looks at its threads.
 */

async function main(): Promise<void> {
  await prepareRunner();
  const { plan, threads, ...settings } = readFrameStart().header as unknown as ProbeMessage;
  send({ kind: 'tried', outcomes: await tryUncaged(plan) });
  send({ kind: 'started', cage: enterCage(settings) });
  const session = await onnxEngine.tryOut(threads);
  globalThis.gc?.();
  send({ kind: 'worked' });
  skipPayload(readFrameStart().payloadBytes);
  send({ kind: 'tried', outcomes: await tryCaged(plan) });
  // Not before the server has looked at its threads.
  await session.release();
  for (;;) skipPayload(readFrameStart().payloadBytes);
}

await main().catch((error: unknown) => endProcess(error instanceof HungUp ? 0 : 1));
