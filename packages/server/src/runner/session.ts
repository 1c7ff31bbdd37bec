import type { Datatype, TensorData } from '@blindai/protocol';

/** A tensor as an engine takes it: elements in a typed array of their own. */
export interface EngineTensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** An input or output as an engine describes it. */
export interface EngineValue {
  readonly name: string;
  /** Null if our wire has no such datatype; `engineType` then says what it is. */
  readonly datatype: Datatype | null;
  /** The engine's own name of the type, for messages. */
  readonly engineType: string;
  /** A text is the name of a free dimension, null a free one without a name. */
  readonly shape: readonly (number | string | null)[];
}

/** A model that is ready to run. */
export interface EngineSession {
  readonly inputs: readonly EngineValue[];
  readonly outputs: readonly EngineValue[];
  /** Runs on tensors by input name; answers tensors by output name. Blocks the thread. */
  run(feeds: ReadonlyMap<string, EngineTensor>): Promise<ReadonlyMap<string, EngineTensor>>;
  /** Gives everything back, its threads included. */
  release(): Promise<void>;
}

/** What runs models: the only thing that knows the library underneath. */
export interface Engine {
  /** Loads and runs the smallest model that there is, one that is our own. Blocks the thread. */
  tryOut(threads: number): Promise<EngineSession>;
  /** Elements for an input, aligned as the engine needs them. Throws when there is no memory for them. */
  allocate(datatype: Datatype, elements: number): TensorData;
  /** Blocks the thread. Throws the library's own error if it does not take the model. */
  createSession(
    model: Uint8Array,
    options: { readonly optimize: boolean; readonly threads: number },
  ): Promise<EngineSession>;
}
