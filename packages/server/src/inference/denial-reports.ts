import { closeSync } from 'node:fs';
import { SystemCallError } from '../platform/c-library.ts';
import {
  stateOf,
  watchDescriptor,
  type DescriptorState,
  type DescriptorWatch,
} from '../platform/descriptor-watch.ts';
import {
  createSocketPair,
  receiveDescriptor,
  sendDescriptor,
} from '../platform/descriptor-passing.ts';
import { receiveCall, refuseCall, type AnnouncedCall } from '../platform/seccomp.ts';
import { systemCalls } from '../platform/system-calls.ts';

/** A system call that a runner was refused. */
export interface DeniedCall {
  /** `unknown` for one that is newer than our tables, or of another architecture. */
  readonly name: string;
  readonly number: number;
}

/**
 * How many different calls of one runner are reported. A model chooses which calls it tries, and could tell
 * whoever reads the log something by its choice: a few are enough to see that one attacks, or that a list is
 * too short.
 */
const mostReports = 8;

/** Refusals in a row that are answered at once, and how often one more is. */
const burst = 128;
const refillMs = 10;

/**
 * Hears of each system call that a runner is refused, refuses it, and reports the first of each kind. Where
 * nobody listens, the kernel refuses. A runner that is refused again and again waits longer and longer, so
 * that it cannot keep the server busy.
 */
export class DenialReports {
  /** The runner's end of the connection: for it to inherit, and to be closed here by `handedOver`. */
  readonly runnerEnd: number;
  readonly #onDenied: (call: DeniedCall) => void;
  readonly #reported = new Set<number>();
  #descriptor: number;
  #watch: DescriptorWatch;
  #isRunnerEndOpen = true;
  #isClosed = false;
  #left = burst;
  #refilledAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /** @throws {SystemCallError} */
  constructor(onDenied: (call: DeniedCall) => void) {
    this.#onDenied = onDenied;
    [this.#descriptor, this.runnerEnd] = createSocketPair();
    this.#watch = watchDescriptor(this.#descriptor, () => this.#guard(() => this.#takeListener()));
  }

  /**
   * Sends the runner a descriptor over the same connection, which it takes before it sends its own. To a runner
   * that is gone nothing is sent.
   */
  hand(descriptor: number): void {
    if (this.#isClosed) return;
    try {
      sendDescriptor(this.#descriptor, descriptor);
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
    }
  }

  /** To be called once the runner has inherited its end, or never will. */
  handedOver(): void {
    if (!this.#isRunnerEndOpen) return;
    this.#isRunnerEndOpen = false;
    closeSync(this.runnerEnd);
  }

  /** May be called again. Calls that still wait fail in the kernel. */
  close(): void {
    this.handedOver();
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#watch.stop();
    closeSync(this.#descriptor);
  }

  /** The first and only thing that comes from the runner: the listener that its filter tells. */
  #takeListener(): void {
    const listener = receiveDescriptor(this.#descriptor);
    if (listener === null) {
      this.close();
      return;
    }
    this.#watch.stop();
    closeSync(this.#descriptor);
    this.#descriptor = listener;
    this.#watch = watchDescriptor(listener, () => this.#guard(() => this.#refuseWaiting()));
  }

  #refuseWaiting(): void {
    this.#refill();
    // Taking a call that does not wait would block: each time, the kernel is asked before.
    let state: DescriptorState = stateOf(this.#descriptor);
    for (; state === 'readable' && this.#left > 0; state = stateOf(this.#descriptor)) {
      this.#left -= 1;
      const call = receiveCall(this.#descriptor);
      if (call === null) continue;
      refuseCall(this.#descriptor, call);
      this.#report(call);
    }
    if (state === 'gone') this.close();
    else if (state === 'readable') this.#wait();
  }

  #report({ number, audit }: AnnouncedCall): void {
    if (this.#reported.has(number) || this.#reported.size >= mostReports) return;
    this.#reported.add(number);
    const name = audit === systemCalls?.audit ? systemCalls.nameOf(number) : undefined;
    this.#onDenied({ name: name ?? 'unknown', number });
  }

  #refill(): void {
    const now = performance.now();
    const more = Math.floor((now - this.#refilledAt) / refillMs);
    if (more === 0) return;
    this.#left = Math.min(burst, this.#left + more);
    this.#refilledAt = now;
  }

  #wait(): void {
    this.#watch.pause();
    this.#timer = setTimeout(() => this.#guard(() => this.#watch.resume()), refillMs * 10);
    this.#timer.unref();
  }

  /** An event must not throw. Without a listener the kernel refuses in the server's stead. */
  #guard(act: () => void): void {
    if (this.#isClosed) return;
    try {
      act();
    } catch (error) {
      this.close();
      if (!(error instanceof SystemCallError)) throw error;
    }
  }
}
