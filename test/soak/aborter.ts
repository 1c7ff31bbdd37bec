import { setTimeout as sleep } from 'node:timers/promises';
import type { BlindAIClient } from '@blindai/client/node';
import { encodeUploadHead } from '@blindai/protocol';
import { loop } from '../../packages/server/test/onnx/models.ts';
import { openTls } from '../../packages/server/test/raw-socket.ts';
import { Chance } from '../fuzz/chance.ts';
import { headOf, openAttested } from './raw-request.ts';
import { codeOf, openClient, paced, type Lane, type Target } from './target.ts';

const mebibyte = new Uint8Array(1024 * 1024);

/** Starts things and goes away: runs, bodies, uploads. */
export function abort(seed: number): Lane {
  return async (target) => {
    const { server, isOver } = target;
    const chance = new Chance(seed);
    const client = await openClient(server);
    const runs = new AbortedRuns(client, chance);
    while (!isOver()) {
      await paced(target, async () =>
        chance.of([
          async () => runs.abortOne(target),
          async () => breakOffBody(target, chance),
          async () => breakOffUpload(target, chance),
        ])(),
      );
    }
    await runs.end();
    await client.close();
  };
}

/** Runs of a model that takes its time, given up while they go on. */
class AbortedRuns {
  readonly #client: BlindAIClient;
  readonly #chance: Chance;
  #modelId: string | null = null;

  constructor(client: BlindAIClient, chance: Chance) {
    this.#client = client;
    this.#chance = chance;
  }

  async abortOne({ tally }: Target): Promise<void> {
    try {
      this.#modelId ??= (await this.#client.uploadModel(loop())).modelId;
      const rounds = { data: BigInt64Array.of(BigInt(this.#chance.below(400_000))), shape: [] };
      const signal = AbortSignal.timeout(1 + this.#chance.below(60));
      await this.#client.runModel(this.#modelId, { rounds }, { signal });
      tally.hear('200');
      tally.count('runs that were faster than their abort');
    } catch (error) {
      const code = codeOf(error);
      tally.hear(code);
      if (code === 'aborted') tally.count('aborted runs');
      else if (bearable.has(code)) tally.count(`refused to who aborts: ${code}`);
      else tally.blame(`who aborts: ${code}: ${String(error)}`);
      if (/quarantined/.test((error as Error).message)) await this.end();
    }
  }

  async end(): Promise<void> {
    if (this.#modelId !== null) await this.#client.deleteModel(this.#modelId);
    this.#modelId = null;
  }
}

/** What happens to a model whose process is killed, or that waits behind others. */
const bearable = new Set(['model-crashed', 'model-timeout', 'too-many-requests', 'not-ready']);

async function breakOffBody(target: Target, chance: Chance): Promise<void> {
  const socket = await openAttested(target);
  socket.write(headOf('/run', 1_000_000));
  socket.write(mebibyte.subarray(0, chance.below(999_999)));
  await sleep(chance.below(20));
  socket.destroy();
  target.tally.count('bodies that broke off');
}

async function breakOffUpload({ server, tally }: Target, chance: Chance): Promise<void> {
  const socket = await openTls(server.ports.management);
  socket.write(headOf('/upload', 20_000_000));
  socket.write(encodeUploadHead(19_000_000));
  for (let left = chance.below(18); left > 0; left -= 1) socket.write(mebibyte);
  await sleep(chance.below(60));
  socket.destroy();
  tally.count('uploads that broke off');
}
