import type { Datatype } from '@blindai/protocol';
import type { LoadedMessage, RunnerLimits, TensorHeader } from '../inference/messages.ts';
import type { TensorSpec } from '../inference/signature.ts';
import { Refusal, refusalOfRun } from './refusal.ts';
import type { Engine, EngineSession, EngineTensor, EngineValue } from './session.ts';

/** An input of a run: its bytes are still to be filled in, and then the engine's to use. */
export interface InputTensor {
  readonly name: string;
  readonly tensor: EngineTensor;
  readonly bytes: Uint8Array;
}

/** Outputs of a run as a frame takes them. */
export interface Outputs {
  readonly tensors: readonly TensorHeader[];
  readonly payload: readonly Uint8Array[];
}

/**
 * What the model takes and gives, as far as the wire can carry it.
 *
 * @throws {Refusal} `model-refused`
 */
export function describeModel(
  session: EngineSession,
  limits: RunnerLimits,
): Pick<LoadedMessage, 'inputs' | 'outputs'> {
  return {
    inputs: describeValues('input', session.inputs, limits),
    outputs: describeValues('output', session.outputs, limits),
  };
}

/** An input up to this size keeps its memory for the next run, in bytes. */
const MOST_KEPT_BYTES = 4 * 1024 * 1024;

/** Memory for the inputs of one model's runs, each of which has them in the same order. */
export class InputMemory {
  readonly #engine: Engine;
  readonly #kept: EngineTensor['data'][] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Takes memory for inputs: aligned as their elements need it, so that nothing is copied afterwards. All of it
   * has to be filled: it may be that of the run before, which is over.
   *
   * @throws {Refusal} `model-memory`
   */
  take(headers: readonly TensorHeader[]): InputTensor[] {
    try {
      return headers.map(({ name, datatype, shape }, position) => {
        const elements = shape.reduce((count, size) => count * size, 1);
        const data = this.#allocate(position, datatype, elements);
        return { name, tensor: { datatype, shape, data }, bytes: new Uint8Array(data.buffer) };
      });
    } catch (error) {
      throw refusalOfRun(error);
    }
  }

  #allocate(position: number, datatype: Datatype, elements: number): EngineTensor['data'] {
    const kept = this.#kept[position];
    // An input has one datatype in all runs.
    if (kept?.length === elements) return kept;
    const data = this.#engine.allocate(datatype, elements);
    if (data.byteLength <= MOST_KEPT_BYTES) this.#kept[position] = data;
    return data;
  }
}

/** @throws {Refusal} `bad-input`, `model-memory`, `too-large` */
export async function runModel(
  session: EngineSession,
  inputs: readonly InputTensor[],
  limits: RunnerLimits,
): Promise<Outputs> {
  let results: ReadonlyMap<string, EngineTensor>;
  try {
    results = await session.run(new Map(inputs.map(({ name, tensor }) => [name, tensor])));
  } catch (error) {
    throw refusalOfRun(error);
  }
  const tensors: TensorHeader[] = [];
  const payload: Uint8Array[] = [];
  for (const { name } of session.outputs) {
    const { datatype, shape, data } = results.get(name)!;
    if (shape.length > limits.maxRank) {
      throw new Refusal('too-large', `an output has over ${limits.maxRank} dimensions`);
    }
    tensors.push({ name, datatype, shape });
    payload.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const bytes = payload.reduce((sum, part) => sum + part.length, 0);
  if (bytes > limits.maxReplyBytes) {
    throw new Refusal(
      'too-large',
      `the outputs have ${bytes} bytes, at most ${limits.maxReplyBytes} are returned`,
    );
  }
  return { tensors, payload };
}

function describeValues(
  role: 'input' | 'output',
  values: readonly EngineValue[],
  limits: RunnerLimits,
): TensorSpec[] {
  if (values.length > limits.maxTensors) {
    throw refused(
      `the model has ${values.length} ${role}s, at most ${limits.maxTensors} are taken`,
    );
  }
  if (new Set(values.map(({ name }) => name)).size < values.length) {
    throw refused(`the model has two ${role}s of one name`);
  }
  return values.map(({ name, datatype, engineType, shape }) => {
    const value = `${role} ${JSON.stringify(name.slice(0, 64))}`;
    if (Buffer.byteLength(name) > limits.maxNameBytes)
      throw refused(`the name of ${value} is too long`);
    // The library keeps values by name in a plain object, where this one would be lost.
    if (name === '__proto__') throw refused(`${value} has a name that cannot be used`);
    if (datatype === null)
      throw refused(`${value} is of type ${engineType}, which is not supported`);
    if (shape.length > limits.maxRank) {
      throw refused(`${value} has ${shape.length} dimensions, at most ${limits.maxRank} are taken`);
    }
    if (shape.some((size) => typeof size === 'number' && !Number.isSafeInteger(size)))
      throw refused(`${value} has a dimension that no tensor can have`);
    return { name, datatype, shape: shape.map((size) => describeSize(size, limits)) };
  });
}

/** A dimension's name is only a hint: one that does not fit is as good as none. */
function describeSize(size: EngineValue['shape'][number], limits: RunnerLimits): typeof size {
  return typeof size === 'string' && Buffer.byteLength(size) > limits.maxNameBytes ? null : size;
}

function refused(message: string): Refusal {
  return new Refusal('model-refused', message);
}
