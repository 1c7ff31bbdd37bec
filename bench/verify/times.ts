import {
  type Judgeable,
  prepareVector,
  type Verifier,
} from '../../packages/attestation/test/judge-vector.ts';

/** How long verifications took, in milliseconds. */
export interface Times {
  /** The very first one: code not compiled yet, cryptography not loaded. */
  readonly first: number;
  /** Later ones, after some that were not counted. */
  readonly later: readonly number[];
}

/** How often a verification is measured. */
export interface Runs {
  readonly uncounted: number;
  readonly counted: number;
}

/**
 * Verifies the same evidence again and again, one after the other. In Node as in a browser.
 *
 * @throws {AttestationError} if it is not accepted.
 */
export async function timeVerification(
  vector: Judgeable,
  verifier: Verifier,
  { uncounted, counted }: Runs,
): Promise<Times> {
  const verify = prepareVector(vector, verifier);
  const time = async (): Promise<number> => {
    const started = performance.now();
    await verify();
    return performance.now() - started;
  };
  const first = await time();
  for (let run = 0; run < uncounted; run += 1) await time();
  const later: number[] = [];
  for (let run = 0; run < counted; run += 1) later.push(await time());
  return { first, later };
}
