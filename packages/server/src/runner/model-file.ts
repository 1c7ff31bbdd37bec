import { closeSync, readSync } from 'node:fs';
import { receiveDescriptor } from '../platform/descriptor-passing.ts';
import { callKernel } from '../platform/kernel.ts';

/** Over which the server hands the model over, where it comes that way. */
const socket = 5;

/** Where the model's descriptor then is: of those that were there from the start. */
const place = 4;

const O_CLOEXEC = 0o2000000;

/** The system reads no more than this at once. */
const mostAtOnce = 2 ** 30;

/**
 * Takes the descriptor of the model that the server has sent. To be called before the cage is closed, in which
 * nothing can be received.
 *
 * @throws {SystemCallError}
 */
export function takeModelFile(): void {
  const received = receiveDescriptor(socket);
  if (received === null) throw new Error('the server sent no model');
  callKernel('dup3', received, place, O_CLOEXEC);
  closeSync(received);
}

/** Reads the whole model from the descriptor that was taken, which is closed then. */
export function readModelFile(bytes: number): Uint8Array {
  const model = new Uint8Array(bytes);
  for (let at = 0; at < bytes;) {
    // By position: the offset of the descriptor is shared with the server and with other runners.
    const read = readSync(place, model, at, Math.min(bytes - at, mostAtOnce), at);
    if (read === 0) throw new Error('the model is shorter than announced');
    at += read;
  }
  closeSync(place);
  return model;
}
