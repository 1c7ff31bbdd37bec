import { setTimeout as sleep } from 'node:timers/promises';
import { Attacker, type Findings } from '../fuzz/attacker.ts';
import { Chance } from '../fuzz/chance.ts';
import { fuzzedModel } from '../fuzz/messages.ts';
import { ownHostileModels, sharedHostileModels } from '../support/hostile-models.ts';
import { descendantsOf } from '../support/process-watch.ts';
import { codeOf, openClient, paced, type Lane, type Target } from './target.ts';

/** What becomes of a model that attacks, and of one whose process is killed besides. */
const endings = new Set([
  'model-refused',
  'model-crashed',
  'model-timeout',
  'model-memory',
  'too-many-requests',
  'not-ready',
  'bad-input',
  'too-large',
]);

/** Uploads models that attack, and runs those that can be loaded. */
export function attackWithModels(seed: number): Lane {
  return async (target) => {
    const { server, tally, isOver } = target;
    const chance = new Chance(seed);
    const client = await openClient(server);
    const all = Object.entries({ ...ownHostileModels, ...sharedHostileModels });
    while (!isOver()) {
      const [name, { bytes, inputs }] = chance.of(all);
      await paced(target, async () => {
        let modelId: string | null = null;
        try {
          ({ modelId } = await client.uploadModel(bytes));
          await client.runModel(modelId, inputs);
          tally.blame(`the model ${name} answered`);
        } catch (error) {
          const code = codeOf(error);
          tally.hear(code);
          if (endings.has(code)) tally.count(`hostile models: ${code}`);
          else tally.blame(`the model ${name}: ${code}: ${String(error)}`);
        }
        if (modelId !== null) await client.deleteModel(modelId);
      });
    }
    await client.close();
  };
}

/** Sends requests at random, good and bad, and breaks the rules of HTTP. */
export function attackWithRequests(seed: number): Lane {
  return async (target) => {
    const { server, tally, isOver } = target;
    const client = await openClient(server);
    for (let round = 0; !isOver(); round += 1) {
      // A model of its own for a while only: three kills in a row put it into quarantine.
      const modelId = await uploadSomehow(target, client);
      const attacker = new Attacker(server.ports, modelId, seed + round, {
        // Of a model whose process is killed again and again.
        alsoTaken: new Set(['not-ready']),
      });
      for (let times = 0; times < 5 && !isOver(); times += 1) {
        await paced(target, async () => attacker.send(60));
        takeFindings(attacker.findings, tally);
      }
      await client.deleteModel(modelId);
    }
    await client.close();
  };
}

/** Counts what an attacker found since the last time. */
function takeFindings({ tried, answered, faults }: Findings, tally: Target['tally']): void {
  for (const [kind, times] of tried) tally.count(`requests at random: ${kind}`, times);
  for (const [code, times] of answered) tally.hear(code, times);
  for (const fault of faults.splice(0)) tally.blame(fault);
  tried.clear();
  answered.clear();
}

async function uploadSomehow(
  { tally }: Target,
  client: Awaited<ReturnType<typeof openClient>>,
): Promise<string> {
  for (;;) {
    try {
      return (await client.uploadModel(fuzzedModel)).modelId;
    } catch (error) {
      const code = codeOf(error);
      tally.hear(code);
      // Its process may be killed before it is loaded.
      if (!['model-crashed', 'not-ready', 'too-many-requests'].includes(code)) throw error;
    }
  }
}

/** Kills processes that run models, whichever. */
export function killRunners(seed: number, eachMs: number): Lane {
  return async ({ server, tally, share, isOver }) => {
    const chance = new Chance(seed);
    while (!isOver()) {
      await sleep((eachMs / 2 + chance.below(eachMs)) / share);
      const runners = descendantsOf(server.pid);
      if (runners.length === 0 || isOver()) continue;
      try {
        process.kill(chance.of(runners), 'SIGKILL');
        tally.count('runners killed');
      } catch {
        // It ended by itself.
      }
    }
  };
}
