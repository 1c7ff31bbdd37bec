/** A runner that closes no cage, to compare with: it runs nothing but the models of the bench. */
import type { LoadMessage } from '../../packages/server/dist/inference/messages.js';
import { loadRunnerSide } from './built-server.ts';

const { answerForModel, HungUp, prepareRunner, readFrameStart, send } = await loadRunnerSide();
try {
  await prepareRunner();
  const load = readFrameStart().header as unknown as LoadMessage;
  send({ kind: 'started', cage: [] });
  await answerForModel(load);
} catch (error) {
  process.exit(error instanceof HungUp ? 0 : 1);
}
