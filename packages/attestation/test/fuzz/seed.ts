import type { Check } from '../../src/errors.ts';
import type { Format } from '../../src/evidence.ts';
import type { TrustAnchors } from '../../src/roots/trust-anchors.ts';
import type { Kind } from './mutate/kind.ts';
import type { Part } from './part.ts';
import type { Submission } from './submission.ts';

/** Genuine evidence to start from. */
export interface Seed {
  readonly name: string;
  readonly submission: Submission;
  readonly anchors: TrustAnchors;
  readonly at: Date;
  /** AMD's real evidence has no revocation list here: it is judged without. Default false. */
  readonly lacksCrl?: boolean;
  readonly parts: readonly Part[];
  /** What simulated evidence can be signed again for; none of real evidence. */
  readonly signed: readonly SignedPart[];
  /** Readers of what stands behind a signature. */
  readonly readers: readonly Reader[];
}

/** A part that some key of the simulator's signs. */
export interface SignedPart extends Part {
  /** Signs again what covers the part, as far as it is still found. */
  readonly resign: (submission: Submission) => Promise<Submission>;
}

/** A reader of the verifier's, and something genuine for it. */
export interface Reader {
  readonly name: string;
  /** Changes it at random, and reads that. */
  readonly readChanged: (change: <Value>(kind: Kind<Value>, value: Value) => Value) => unknown;
}

/** One format, as it is fuzzed. */
export interface FuzzedFormat {
  readonly format: Format;
  /** Simulated evidence of all forms, and the real evidence that is there. */
  readonly findSeeds: () => Promise<readonly Seed[]>;
  /**
   * What evidence says, whatever the way in which it is written. A verifier may accept a change that leaves this
   * as it is; it must refuse every other one. For what a verifier accepted: it makes no checks of its own.
   */
  readonly meaningOf: (submission: Submission) => string;
  /**
   * Why evidence must be refused although it is well signed; `null` if nothing is known against it. For what a
   * verifier accepted.
   */
  readonly objectionTo: (submission: Submission, at: Date) => string | null;
  /** Submissions as large and as deep as can be. */
  readonly outsized: (seed: Seed) => readonly (readonly [name: string, submission: Submission])[];
  /** Checks that changes must get to, or the run says little. */
  readonly reached: readonly Check[];
  /** More of them, which take the whole run. */
  readonly reachedInWhole: readonly Check[];
}

/** A reader of bytes or text that are changed in ways of this kind. */
export function reader<Value>(
  name: string,
  kind: Kind<Value>,
  genuine: Value,
  read: (value: Value) => unknown,
): Reader {
  return { name, readChanged: (change) => read(change(kind, genuine)) };
}
