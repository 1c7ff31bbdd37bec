/**
 * Refuses options that nobody reads: a misspelt one would silently demand nothing.
 *
 * @throws {TypeError} naming the option.
 */
export function refuseUnknownOptions(options: object, known: readonly (string | symbol)[]): void {
  for (const option of Reflect.ownKeys(options)) {
    if (!known.includes(option)) throw new TypeError(`there is no option ${String(option)}`);
  }
}
