import { createHash } from 'node:crypto';

/** How many questions back an answer is recognised. */
const most = 5000;

/** Remembers what the last questions of all callers have for an answer, so that a wrong one tells whose it is. */
export class ExpectedAnswers {
  readonly #askerOf = new Map<string, string>();

  /** @param asker - Who asked, and which question that was. */
  note(asker: string, outputs: readonly Uint8Array[]): void {
    this.#askerOf.set(digest(outputs), asker);
    if (this.#askerOf.size <= most) return;
    const [oldest] = this.#askerOf.keys();
    this.#askerOf.delete(oldest!);
  }

  /** To whose question these are the answer; null if to none that is remembered. */
  askerOf(outputs: readonly Uint8Array[]): string | null {
    return this.#askerOf.get(digest(outputs)) ?? null;
  }
}

function digest(outputs: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const output of outputs) hash.update(`${output.length}:`).update(output);
  return hash.digest('base64');
}
