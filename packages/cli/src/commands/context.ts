import type { Paint } from '../print/colours.ts';

/** What a command may touch of the process it runs in: data goes to `out`, all else to `err`. */
export interface Context {
  readonly environment: NodeJS.ProcessEnv;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly paint: Paint;
  /** Width of the terminal that `out` writes to; `null` if it is none. */
  readonly columns: number | null;
  /** The terminal for progress bars. */
  readonly terminal: NodeJS.WriteStream;
  /** Ends the process with this status once all is written. */
  readonly exit: (status: number) => void;
}

/** One JSON object on a line of its own. */
export function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
