import { paintFor } from './print/colours.ts';
import { run } from './program.ts';

// A reader that closed its end of a pipe (`blindai … | head`) is no error of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  paint: paintFor(process.stdout, process.env),
  columns: (process.stdout.isTTY && process.stdout.columns) || null,
  terminal: process.stderr,
  exit: () => {},
});
