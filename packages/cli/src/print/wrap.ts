/**
 * Breaks a text between words into lines of at most `width` characters. A word that is longer, such as a
 * hash, stays whole on a line of its own, so that it can be copied.
 *
 * @param width - `null`: one line.
 */
export function wrap(text: string, width: number | null): string[] {
  if (width === null) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A label and a text beside it, which goes on below itself. */
export function hang(label: string, text: string, columns: number | null): string[] {
  const width = columns === null ? null : Math.max(20, columns - label.length);
  const [first = '', ...others] = wrap(text, width);
  return [`${label}${first}`, ...others.map((line) => `${' '.repeat(label.length)}${line}`)];
}
