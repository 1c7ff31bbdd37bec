import { run } from '../src/program.ts';

/** What a command printed, and its exit status. */
export interface RecordedRun {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, as on a terminal without colours of so many columns, or into a file. */
export async function recordedRun(
  args: readonly string[],
  columns: number | null = null,
): Promise<RecordedRun> {
  let out = '';
  let err = '';
  const status = await run(args, {
    environment: {},
    out: (text) => (out += text),
    err: (text) => (err += text),
    paint: (_colour, text) => text,
    columns,
    terminal: process.stderr,
    exit: () => {},
  });
  return { status, out, err };
}
