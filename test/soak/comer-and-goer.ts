import { classifier } from '../../packages/server/test/onnx/models.ts';
import { Chance } from '../fuzz/chance.ts';
import { codeOf, openClient, paced, type Lane, type Target } from './target.ts';

const bearable = new Set([
  'model-crashed',
  'model-timeout',
  'model-memory',
  'too-many-requests',
  'not-ready',
]);

/** Connects, uploads, runs, deletes and leaves, over and over. */
export function comeAndGo(seed: number): Lane {
  return async (target) => {
    const chance = new Chance(seed);
    while (!target.isOver()) await paced(target, async () => visit(target, chance));
  };
}

async function visit({ server, tally }: Target, chance: Chance): Promise<void> {
  const client = await openClient(server);
  let modelId: string | null = null;
  try {
    ({ modelId } = await client.uploadModel(classifier()));
    const a = chance.below(1000);
    const { outputs } = await client.runModel(modelId, {
      x: { data: Float32Array.of(a, 1), shape: [1, 2] },
    });
    tally.hear('200', 2);
    const [found] = outputs;
    // `[a, 1] · [[1, 2], [3, 4]]`
    const isRight = JSON.stringify(found!.toNested()) === JSON.stringify([[a + 3, 2 * a + 4]]);
    if (isRight) tally.count('came, uploaded, ran and went');
    else tally.blame('who comes and goes: a wrong answer');
  } catch (error) {
    const code = codeOf(error);
    tally.hear(code);
    if (bearable.has(code)) tally.count(`refused to who comes and goes: ${code}`);
    else tally.blame(`who comes and goes: ${code}: ${String(error)}`);
  }
  if (modelId !== null) await client.deleteModel(modelId);
  await client.close();
}
