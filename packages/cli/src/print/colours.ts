import type { WriteStream } from 'node:tty';

const codes = { green: 32, red: 31, yellow: 33, dim: 2, bold: 1 } as const;

/** Paints text, on a terminal only and never where NO_COLOR is set (https://no-color.org). */
export type Paint = (colour: keyof typeof codes, text: string) => string;

/** The paint for what is written to a stream. */
export function paintFor(
  stream: Pick<WriteStream, 'isTTY'>,
  environment: NodeJS.ProcessEnv,
): Paint {
  const coloured = stream.isTTY && !environment['NO_COLOR'];
  return (colour, text) => (coloured ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text);
}
