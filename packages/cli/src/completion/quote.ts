/** One word for bash and zsh, whatever is in it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** One word for fish, where a backslash counts within quotes too. */
export function quoteForFish(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}

/** Several words as one text that a shell will take apart and expand once more. */
export function quoteWords(words: readonly string[], quoteWord: (text: string) => string): string {
  return words.map((word) => (/^[\w.:/-]+$/.test(word) ? word : quoteWord(word))).join(' ');
}
