import { closeSync, readSync } from 'node:fs';

/** The descriptor that a runner inherits, where the model comes that way. */
const inherited = 4;

/** The system reads no more than this at once. */
const mostAtOnce = 2 ** 30;

/** Reads the whole model from the inherited descriptor, which is closed then. */
export function readModelFile(bytes: number): Uint8Array {
  const model = new Uint8Array(bytes);
  for (let at = 0; at < bytes;) {
    // By position: the offset of the descriptor is shared with the server and with other runners.
    const read = readSync(inherited, model, at, Math.min(bytes - at, mostAtOnce), at);
    if (read === 0) throw new Error('the model is shorter than announced');
    at += read;
  }
  closeSync(inherited);
  return model;
}
