import type { Datatype } from '@blindai/protocol';
import type { TensorSpec } from './signature.ts';

/** What a runner may be told to keep to, and has to keep to. */
export interface RunnerLimits {
  /** Tensors that a model takes, and that it gives. */
  readonly maxTensors: number;
  readonly maxRank: number;
  /** Of a tensor or of a free dimension, in UTF-8. */
  readonly maxNameBytes: number;
  /** All outputs of a run together. */
  readonly maxReplyBytes: number;
}

/** Node's threads and the engine's, with room. */
export const maxThreads = 128;

/** What a runner needs to know to close its cage. */
export interface CageSettings {
  /** Process id of the server: a runner whose parent is another one ends at once. */
  readonly parent: number;
  /** The runner's data limit in bytes, on Linux. */
  readonly memoryBytes: number;
  /** The user, and group, to become; null to stay the server's. */
  readonly user: number | null;
  /** Whether the runner was given a socket for the reports on refused system calls. */
  readonly reportsDenials: boolean;
}

/** The server's first frame; the payload is the model, unless the runner inherited its descriptor. */
export interface LoadMessage extends CageSettings {
  readonly kind: 'load';
  /** Threads of the engine for one run. */
  readonly threads: number;
  readonly optimize: boolean;
  readonly modelBytes: number;
  readonly modelIn: 'descriptor' | 'payload';
  /** Domains of operators that a model may use besides those that every model may. */
  readonly operatorDomains: readonly string[];
  readonly limits: RunnerLimits;
}

/** One tensor of a frame; its bytes are in the payload, as many as datatype and shape say. */
export interface TensorHeader {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** Asks for a run; the tensors are the model's inputs in its order. */
export interface RunMessage {
  readonly kind: 'run';
  readonly tensors: readonly TensorHeader[];
}

/** What stands between a model and the rest of the machine, in the order in which it is put up. */
export const cageMechanisms = [
  'descriptors',
  'own-user',
  'capabilities',
  'limits',
  'dies-with-parent',
  'not-dumpable',
  'no-new-privileges',
  'landlock',
  'system-calls',
  'denial-reports',
] as const;

/** One of {@link cageMechanisms}. */
export type CageMechanism = (typeof cageMechanisms)[number];

/** What a runner says of one mechanism. */
export interface CageStep {
  readonly mechanism: CageMechanism;
  readonly inForce: boolean;
  /** What was done, or why it was not, such as `setuid failed with EPERM`; printable ASCII. */
  readonly detail: string;
}

/** The longest detail of a step, in characters. */
export const maxDetailLength = 160;

/** The engine is there and the cage is closed; no foreign byte was read yet. */
export interface StartedMessage {
  readonly kind: 'started';
  readonly cage: readonly CageStep[];
}

/** The model can run. */
export interface LoadedMessage {
  readonly kind: 'loaded';
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** The outputs of a run, in the model's order. */
export interface RanMessage {
  readonly kind: 'ran';
  readonly tensors: readonly TensorHeader[];
}

/** With which codes a runner may refuse: a model, or a run. */
export const refusalCodes = {
  load: ['model-refused', 'model-memory'],
  run: ['bad-input', 'model-memory', 'too-large'],
} as const;

/** One of {@link refusalCodes}. */
export type RefusalCode = (typeof refusalCodes)['load' | 'run'][number];

/** The longest sentence of a refusal, in characters. */
export const maxRefusalLength = 400;

/** The runner goes on, but this model or this run it does not take. */
export interface RefusedMessage {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** One line of printable text that holds no content. */
  readonly message: string;
}

/** Everything that a runner may say. */
export type RunnerMessage = StartedMessage | LoadedMessage | RanMessage | RefusedMessage;
