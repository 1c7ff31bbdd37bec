/**
 * Bytes or text are not what their format demands. The verifier turns it into the refusal of the check
 * that was reading; the message names the field, never its content.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError';

  /** @param where - The structure and field, e.g. `quote.version`. */
  constructor(where: string, problem: string) {
    super(`${where}: ${problem}`);
  }
}
