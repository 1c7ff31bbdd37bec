// What this process was given: to write to, or to find more than was meant.
import { enter, stopped, structure } from './attempt.mjs';
import { addressOf } from '../../../dist/platform/c-library.js';
import { callKernel } from './kernel-calls.mjs';

const S_IFMT = 0o170000;
const kinds = {
  file: 0o100000,
  folder: 0o040000,

  socket: 0o140000,
  pipe: 0o010000,
};
/** Where `struct stat` has `st_mode`. */
const modeAt = process.arch === 'arm64' ? 16 : 24;
const F_DUPFD = 0;
const model = 4;
const reports = 5;

function kindOf(descriptor) {
  const stat = new Uint8Array(144);
  try {
    callKernel('fstat', descriptor, stat);
  } catch (error) {
    if (error.errno === 'EBADF') return null;
    throw error;
  }
  return new DataView(stat.buffer).getUint32(modeAt, true) & S_IFMT;
}

/** Any descriptor but the pipe to the server that is of such a kind. */
function findAny(kind) {
  for (let descriptor = 0; descriptor < 256; descriptor++) {
    if (descriptor !== 3 && kindOf(descriptor) === kind) return;
  }
  throw stopped('fstat', 'EBADF');
}

export const group = 'what it was given';
export const attempts = [
  { name: 'find a file that is open', run: () => findAny(kinds.file) },
  { name: 'find a folder that is open', run: () => findAny(kinds.folder) },
  { name: 'find a socket that is open', run: () => findAny(kinds.socket) },
  { name: 'write to the model', run: () => callKernel('write', model, new Uint8Array(1), 1) },
  {
    name: 'write to the model at a place',
    run: () => callKernel('pwrite64', model, new Uint8Array(1), 1, 0),
  },
  {
    name: 'read the model again',
    run: () => callKernel('pread64', model, new Uint8Array(1), 1, 0),
  },
  { name: 'change the length of the model', run: () => callKernel('ftruncate', model, 0) },
  { name: 'a second descriptor', run: () => callKernel('fcntl', 0, F_DUPFD, 100) },
  { name: 'a second descriptor by dup', run: () => callKernel('dup', 0) },
  { name: 'give the pipe to another', run: () => enter('fcntl', 3, 8, process.ppid) },
  {
    name: 'use the socket for reports',
    run: () => {
      const content = new Uint8Array(1);
      const vector = structure(16, [0, 8, addressOf(content)], [8, 8, 1]);
      callKernel('sendmsg', reports, structure(56, [16, 8, addressOf(vector)], [24, 8, 1]), 0);
    },
  },
];
