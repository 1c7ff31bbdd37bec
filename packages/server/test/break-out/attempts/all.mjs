import * as descriptors from './descriptors.mjs';
import * as files from './files.mjs';
import * as kernel from './kernel.mjs';
import * as memory from './memory.mjs';
import * as privileges from './privileges.mjs';
import * as processes from './processes.mjs';
import * as sockets from './sockets.mjs';
import * as threads from './threads.mjs';

/** Every attempt, in the order of the table. */
export const allAttempts = [
  processes,
  files,
  sockets,
  kernel,
  privileges,
  descriptors,
  threads,
  memory,
].flatMap(({ group, attempts }) => attempts.map((attempt) => ({ group, ...attempt })));
