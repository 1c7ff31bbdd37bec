import { totalmem } from 'node:os';
import { ProtocolError } from '@blindai/protocol';

/** How many bytes all models together may take, those included that are still arriving. */
export class ModelBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /**
   * @throws {ProtocolError} `too-many-requests`; nothing is taken then.
   */
  take(bytes: number): void {
    if (bytes > this.#left) {
      throw new ProtocolError(
        'too-many-requests',
        'the server holds all the models it has room for',
      );
    }
    this.#left -= bytes;
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}

/** Half of the memory that this process may use: the rest is for running the models. */
export function defaultModelBudgetBytes(): number {
  // 0 or undefined where nothing constrains the process; some systems report a huge number instead.
  const constrained = process.constrainedMemory() || Infinity;
  return Math.floor(Math.min(totalmem(), constrained) / 2);
}
