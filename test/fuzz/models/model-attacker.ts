import type { BlindAIClient, ModelDescription } from '@blindai/client/node';
import { datatypes, type TensorInput } from '@blindai/protocol';
import { Chance } from '../chance.ts';
import { mutate, type Mutant } from './mutations.ts';
import { seedModels } from './seeds.ts';

/** What became of a mutant. */
export type Outcome =
  | 'refused by inspection'
  | 'refused by the engine'
  | 'refused for its inputs or outputs'
  | 'ran'
  | 'loaded, but takes too much to be run'
  | 'ran, and refused the inputs'
  | 'ran, and answered too much'
  | `${'load' | 'run'}: ${'crashed' | 'timed out' | 'memory'}`;

/** What came of it all. */
export interface Findings {
  readonly outcomes: Map<Outcome, number>;
  readonly kinds: Map<string, number>;
  /** What must not have happened, with the number of the case. */
  readonly faults: string[];
}

/** More elements than this are not sent: there are many cases. */
const mostElements = 1_000_000;

interface Failure {
  readonly code: string;
  readonly message: string;
}

/** How the codes of a model that fails are counted. */
const endings: Readonly<Record<string, 'crashed' | 'timed out' | 'memory'>> = {
  'model-crashed': 'crashed',
  'model-timeout': 'timed out',
  'model-memory': 'memory',
};

/**
 * Uploads and runs mutants of models. A case is made of the seed and its number alone, so that one that finds
 * something can be made again.
 */
export class ModelAttacker {
  readonly findings: Findings = { outcomes: new Map(), kinds: new Map(), faults: [] };
  readonly #clients: readonly BlindAIClient[];
  readonly #seed: number;
  #next: number;

  /** @param clients - As many cases are tried at a time. */
  constructor(clients: readonly BlindAIClient[], seed: number, first: number) {
    this.#clients = clients;
    this.#seed = seed;
    this.#next = first;
  }

  /** Tries the next cases. */
  async attack(cases: number): Promise<void> {
    const end = this.#next + cases;
    await Promise.all(
      this.#clients.map(async (client) => {
        while (this.#next < end) await this.#attackOnce(client, this.#next++);
      }),
    );
  }

  async #attackOnce(client: BlindAIClient, number: number): Promise<void> {
    const chance = new Chance(this.#seed * 1_000_003 + number);
    const model = chance.of(seedModels);
    const mutant = mutate(model.bytes, chance);
    for (const kind of mutant.kinds) count(this.findings.kinds, kind);
    try {
      count(this.findings.outcomes, await this.#outcomeOf(client, mutant, chance));
    } catch (error) {
      const { code, message } = error as Failure;
      this.findings.faults.push(
        `case ${number} of seed ${this.#seed}, ${model.name}: ${code}: ${message}`,
      );
    }
  }

  async #outcomeOf(client: BlindAIClient, { bytes }: Mutant, chance: Chance): Promise<Outcome> {
    let modelId: string;
    try {
      ({ modelId } = await client.uploadModel(bytes));
    } catch (error) {
      const { code, message } = error as Failure;
      const ending = endings[code];
      if (ending !== undefined) return `load: ${ending}`;
      if (code !== 'model-refused') throw error;
      return refusalOf(message);
    }
    try {
      const inputs = inputsFor(await client.describeModel(modelId), chance);
      if (inputs === null) return 'loaded, but takes too much to be run';
      await client.runModel(modelId, inputs);
      return 'ran';
    } catch (error) {
      const { code } = error as Failure;
      const ending = endings[code];
      if (ending !== undefined) return `run: ${ending}`;
      if (code === 'bad-input') return 'ran, and refused the inputs';
      if (code === 'too-large') return 'ran, and answered too much';
      throw error;
    } finally {
      await client.deleteModel(modelId);
    }
  }
}

function refusalOf(message: string): Outcome {
  if (message.includes('the engine does not take the model')) return 'refused by the engine';
  return /^(?:model-refused: )?(?:the model has|the names? of|input "|output ")/.test(message)
    ? 'refused for its inputs or outputs'
    : 'refused by inspection';
}

/** Inputs of the shapes that a model declares; null if they would be too large to send. */
function inputsFor(
  { inputs }: ModelDescription,
  chance: Chance,
): Record<string, TensorInput> | null {
  const made: [string, TensorInput][] = [];
  for (const { name, datatype, shape } of inputs) {
    const sizes = shape.map((size) => (size === -1 ? chance.of([0, 1, 1, 1, 2, 3]) : size));
    const elements = sizes.reduce((product, size) => product * size, 1);
    if (elements > mostElements) return null;
    const { array } = datatypes[datatype];
    const bytes = new Uint8Array(elements * datatypes[datatype].bytes);
    const filling = chance.of(['zeros', 'ones', 'noise', 'small']);
    const noise = filling === 'noise' ? chance.bytes(Math.min(bytes.length, 4096)) : [];
    for (let at = 0; at < bytes.length; at++) {
      if (filling === 'ones') bytes[at] = 0xff;
      else if (filling === 'noise') bytes[at] = noise[at % noise.length]!;
      else if (filling === 'small' && at % datatypes[datatype].bytes === 0) bytes[at] = at % 5;
    }
    // On the wire a boolean is 0 or 1.
    if (datatype === 'BOOL') bytes.forEach((byte, at) => (bytes[at] = byte & 1));
    made.push([name, { data: new array(bytes.buffer), shape: sizes, datatype }]);
  }
  return Object.fromEntries(made);
}

function count<Name>(counts: Map<Name, number>, name: Name): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
