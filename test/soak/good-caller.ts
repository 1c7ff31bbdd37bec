import type { BlindAIClient } from '@blindai/client/node';
import { createOwnerToken } from '@blindai/protocol';
import { Chance } from '../fuzz/chance.ts';
import { ExpectedAnswers } from './expected-answers.ts';
import type { GoodModel } from './good-models.ts';
import { compareOutputs } from './likeness.ts';
import { elementsOf, ReferenceEngine } from './reference-engine.ts';
import type { Served } from './served.ts';
import { codeOf, openClient, paced, type Target } from './target.ts';

/** A model that is served, beside the bare engine with the same model. */
interface ServedModel {
  readonly model: GoodModel;
  readonly reference: ReferenceEngine;
  modelId: string;
}

/**
 * What a caller may hear whose model's process was killed, or whose run waited too long behind others. Whatever
 * else it hears is a fault, and so is any answer but the one of the bare engine.
 */
const bearable = new Set(['model-crashed', 'model-timeout', 'too-many-requests', 'not-ready']);

/** Of those who share models: each may take the others' back. */
const sharedToken = createOwnerToken();

/** What all of them together expect. */
const expectedAnswers = new ExpectedAnswers();

/** Somebody who asks models, each time with other inputs, and compares every bit of the answers. */
export class GoodCaller {
  readonly #name: string;
  readonly #server: Served;
  readonly #ownerToken: string;
  /** Null after it has hung up. */
  #client: BlindAIClient | null;
  readonly #models: readonly ServedModel[];
  readonly #chance: Chance;
  #questions = 0;

  private constructor(
    name: string,
    server: Served,
    ownerToken: string,
    client: BlindAIClient,
    models: readonly ServedModel[],
    seed: number,
  ) {
    this.#name = name;
    this.#server = server;
    this.#ownerToken = ownerToken;
    this.#client = client;
    this.#models = models;
    this.#chance = new Chance(seed);
  }

  /** Uploads models. Default: as somebody who shares them with others. */
  static async open(
    server: Served,
    name: string,
    models: readonly GoodModel[],
    seed: number,
    ownerToken: string = sharedToken,
  ): Promise<GoodCaller> {
    const client = await openClient(server, ownerToken);
    const served: ServedModel[] = [];
    for (const model of models) {
      const reference = await ReferenceEngine.load(model.bytes);
      const { modelId } = await client.uploadModel(model.bytes, uploadOptions(model));
      served.push({ model, reference, modelId });
    }
    return new GoodCaller(name, server, ownerToken, client, served, seed);
  }

  /** Another caller of the same models, over a connection of its own. */
  async beside(name: string, seed: number): Promise<GoodCaller> {
    const client = await openClient(this.#server, this.#ownerToken);
    return new GoodCaller(name, this.#server, this.#ownerToken, client, this.#models, seed);
  }

  /** Asks until it is over. */
  async askOn(target: Target): Promise<void> {
    while (!target.isOver()) {
      await paced(target, async () => this.#ask(this.#chance.of(this.#models), target));
    }
  }

  /** Asks each model until it answers, however often it has to be started again. */
  async askAll(target: Target): Promise<void> {
    for (const served of this.#models) {
      for (let tries = 0; !(await this.#ask(served, target)); tries += 1) {
        if (tries < 20) continue;
        target.tally.blame(`${this.#name}: ${served.model.name} does not come back`);
        break;
      }
    }
  }

  /** Takes its models back. Those who share them must not ask any more. */
  async deleteModels(): Promise<void> {
    const client = await this.#connect();
    for (const { modelId } of this.#models) await client.deleteModel(modelId);
  }

  /** Closes its connections, until it asks again. */
  async hangUp(): Promise<void> {
    await this.#client?.close();
    this.#client = null;
  }

  async #connect(): Promise<BlindAIClient> {
    this.#client ??= await openClient(this.#server, this.#ownerToken);
    return this.#client;
  }

  /** Whether the answer was the right one. */
  async #ask(served: ServedModel, { tally }: Target): Promise<boolean> {
    const { model, reference, modelId } = served;
    const inputs = model.inputs(this.#chance);
    const expected = await reference.run(inputs);
    this.#questions += 1;
    expectedAnswers.note(`question ${this.#questions} of ${this.#name}`, expected);
    const sent = Object.entries(inputs).map(([name, { datatype, shape, bytes }]) => [
      name,
      { data: elementsOf(datatype, bytes), shape, datatype },
    ]);
    const client = await this.#connect();
    const startedAt = performance.now();
    try {
      const { outputs } = await client.runModel(modelId, Object.fromEntries(sent));
      const ms = performance.now() - startedAt;
      const found = outputs.map((output) => output.toBytes());
      const likeness = compareOutputs(found, expected, model.isRounded);
      if (likeness !== 'different') {
        tally.answer(`right answers of ${model.name}`, ms);
        if (likeness === 'rounded') tally.count(`of those rounded as in a batch`);
        return true;
      }
      tally.hear('200');
      const asker = expectedAnswers.askerOf(found.map(({ bytes }) => bytes));
      tally.blame(
        asker === null
          ? `${this.#name}: a wrong answer of ${model.name}`
          : `cross-talk: ${this.#name} got the answer of ${model.name} to ${asker}`,
      );
    } catch (error) {
      await this.#bear(error, served, modelId, tally);
    }
    return false;
  }

  async #bear(
    error: unknown,
    served: ServedModel,
    modelId: string,
    tally: Target['tally'],
  ): Promise<void> {
    const code = codeOf(error);
    const { message } = error as Error;
    tally.hear(code);
    // Another caller found it in quarantine and replaced it.
    if (code === 'not-found' && modelId !== served.modelId) return;
    if (!bearable.has(code)) {
      tally.blame(`${this.#name}: ${served.model.name}: ${code}: ${message}`);
      return;
    }
    tally.count(`refused to good callers: ${code}`);
    // Three kills in a row look like a model that crashes: its owner uploads it again.
    if (message.includes('quarantined')) await this.#uploadAgain(served, modelId, tally);
  }

  async #uploadAgain(served: ServedModel, modelId: string, tally: Target['tally']): Promise<void> {
    try {
      const client = await this.#connect();
      const again = await client.uploadModel(served.model.bytes, uploadOptions(served.model));
      tally.count('uploaded again after a quarantine');
      // Another caller may have been faster.
      const isFirst = served.modelId === modelId;
      if (isFirst) served.modelId = again.modelId;
      await client.deleteModel(isFirst ? modelId : again.modelId);
    } catch (error) {
      tally.hear(codeOf(error));
      if (!bearable.has(codeOf(error))) tally.blame(`${this.#name}: again: ${String(error)}`);
    }
  }
}

/** Answers that are the same in any batch may come out of one with those of others. */
function uploadOptions({ isRounded }: GoodModel): { readonly batchAcrossCallers: boolean } {
  return { batchAcrossCallers: !isRounded };
}
