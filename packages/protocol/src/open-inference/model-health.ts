import type { JsonFields } from '../encoding/json-message.ts';
import { limits } from '../limits.ts';

/** What each state of a model is called by the Open Inference Protocol's repository extension. */
const states = {
  /** Runs are taken. */
  ready: 'READY',
  /** Its process is being started: runs are taken and wait. */
  loading: 'LOADING',
  /** It crashed too often: runs are refused until it is uploaded again. */
  quarantined: 'UNAVAILABLE',
} as const;

/**
 * Whether a model can be run.
 *
 * @useDeclaredType
 */
export type ModelState = keyof typeof states;

/** Whether a model can be run, and if not why. */
export interface ModelHealth {
  readonly state: ModelState;
  /** One sentence; empty where there is nothing to say. */
  readonly reason: string;
}

/** The members that tell of a model's health, as they are written. */
export function describeHealth({ state, reason }: ModelHealth): Record<'state' | 'reason', string> {
  return { state: states[state], reason };
}

/** Reads what {@link describeHealth} gave. */
export function readHealth(fields: JsonFields<'state' | 'reason'>): ModelHealth {
  const written = fields.choice('state', Object.values(states));
  const known = Object.keys(states) as ModelState[];
  return {
    state: known.find((state) => states[state] === written)!,
    reason: fields.text('reason', limits.maxErrorTextBytes),
  };
}
