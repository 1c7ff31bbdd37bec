import type { SubjectInput } from '../models/subjects.ts';

/** How many runs there were, and how many a second. */
export interface Rate {
  readonly runs: number;
  readonly rate: number;
}

/** What a process of the bare engine is asked for. */
export type EngineOrder =
  | {
      readonly kind: 'load';
      readonly model: Uint8Array;
      readonly inputs: Readonly<Record<string, SubjectInput>>;
      readonly threads: number;
    }
  /** Runs, each after a gap. Answers how long each took, in milliseconds. */
  | { readonly kind: 'paced'; readonly count: number; readonly gapMs: number }
  /** Runs one after the other. Answers {@link Rate}. */
  | { readonly kind: 'saturate'; readonly durationMs: number }
  /** Runs that are due at equal gaps, however long those before take. Answers how long after it was due each ended. */
  | {
      readonly kind: 'arrivals';
      /** On the clock that all processes share. */
      readonly firstAt: number;
      readonly gapMs: number;
      readonly count: number;
    };
