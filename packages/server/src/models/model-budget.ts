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
