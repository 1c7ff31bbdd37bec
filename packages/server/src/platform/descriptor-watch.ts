import { loadKoffi } from './c-library.ts';
import { callKernel } from './kernel.ts';

// poll(2)
const POLLIN = 0x1;
const POLLERR = 0x8;
const POLLHUP = 0x10;
const POLLNVAL = 0x20;

/** What a descriptor has for us: something to read, nothing yet, or nothing ever again. */
export type DescriptorState = 'readable' | 'idle' | 'gone';

/**
 * Looks at a descriptor, without waiting.
 *
 * @throws {SystemCallError}
 */
export function stateOf(descriptor: number): DescriptorState {
  // struct pollfd: int fd, short events, short revents; and a wait of no seconds and no nanoseconds.
  const poll = new Uint8Array(8);
  const fields = new DataView(poll.buffer);
  fields.setInt32(0, descriptor, true);
  fields.setInt16(4, POLLIN, true);
  callKernel('ppoll', poll, 1, new BigUint64Array(2), 0, 0);
  const events = fields.getInt16(6, true);
  if ((events & POLLIN) !== 0) return 'readable';
  return (events & (POLLERR | POLLHUP | POLLNVAL)) !== 0 ? 'gone' : 'idle';
}

/** Watches a descriptor that Node has no stream for. */
export interface DescriptorWatch {
  /** Calls back no more until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the watching; the descriptor stays open. To be called before it is closed. */
  stop(): void;
}

/**
 * Calls back, again and again, while a descriptor can be read from or its other side is gone: {@link stateOf}
 * tells which. Keeps no process alive.
 *
 * @param onEvent - Must not throw, and what it leaves to promises waits for the next event of Node's.
 */
export function watchDescriptor(descriptor: number, onEvent: () => void): DescriptorWatch {
  const options = { readable: true };
  const handle = loadKoffi('poll').node.poll(descriptor, options, onEvent);
  handle.unref();
  let isStopped = false;
  return {
    pause() {
      if (!isStopped) handle.stop();
    },
    resume() {
      if (!isStopped) handle.start(options, onEvent);
    },
    stop() {
      if (isStopped) return;
      isStopped = true;
      handle.close();
    },
  };
}
