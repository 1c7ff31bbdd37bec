import type { LoadMessage } from '../inference/messages.ts';
import { endProcess } from '../platform/process-control.ts';
import { answerForModel } from './answers.ts';
import { enterCage } from './cage/cage.ts';
import { HungUp, readFrameStart, send } from './channel.ts';
import { takeModelFile } from './model-file.ts';
import { prepareRunner } from './prepare.ts';

/*
 * The runner: a program of its own that runs one model and then ends (ARCHITECTURE.md, "Life of a request").
 * It listens to the server that started it and to nobody else, and says nothing but in frames.
 */

async function main(): Promise<void> {
  await prepareRunner();
  const load = readFrameStart().header as unknown as LoadMessage;
  if (load.modelIn === 'descriptor') takeModelFile();
  send({ kind: 'started', cage: enterCage(load) });
  await answerForModel(load);
}

// Nobody reads what a runner prints: how it ended is all that it can tell.
await main().catch((error: unknown) => endProcess(error instanceof HungUp ? 0 : 1));
