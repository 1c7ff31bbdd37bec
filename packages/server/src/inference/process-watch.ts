import {
  readProcessActivity,
  readProcessMemory,
  type ProcessMemory,
} from '../platform/process-memory.ts';

/** How often it is looked while a model computes, and how often while nobody asked it to. */
const busyMs = 25;
const idleMs = 500;

/** What waits for its next run waits for a read, and computes nothing: so long, together, is no tidying up. */
const mostUnaskedMs = 2000;

/** What a process has too much of, or that it computes unasked. */
export type Excess = keyof ProcessBounds | 'unasked';

/** What a process may have. */
export interface ProcessBounds {
  /** In physical memory. */
  readonly residentBytes: number;
  readonly threads: number;
}

/** Looks at a process again and again; what it saw last tells why the process died. */
export interface ProcessWatch {
  readonly last: ProcessMemory | null;
  /** From now on it computes, or not. */
  busy(isBusy: boolean): void;
  stop(): void;
}

/**
 * Stands behind the limits that a process set itself: calls back, once, when the process has more than it may,
 * or goes on computing while nobody asked it to, for which there is no deadline. Of threads there is no other
 * bound where a process shares its user with others. Does nothing where the system does not tell.
 */
export function watchProcess(
  pid: number,
  most: ProcessBounds,
  onExceeded: (what: Excess) => void,
): ProcessWatch {
  let last: ProcessMemory | null = null;
  let timer: NodeJS.Timeout | undefined;
  /** How long it had computed at the first look since it waits. */
  let atRestMs: number | null = null;
  let isAsked = true;
  const find = (): Excess | null => {
    last = readProcessMemory(pid) ?? last;
    const activity = readProcessActivity(pid);
    if (last !== null && last.residentBytes > most.residentBytes) return 'residentBytes';
    if (activity === null) return null;
    if (activity.threads > most.threads) return 'threads';
    if (isAsked) return null;
    atRestMs ??= activity.computedMs;
    return activity.computedMs - atRestMs > mostUnaskedMs ? 'unasked' : null;
  };
  const look = (): void => {
    const excess = find();
    if (excess === null) return;
    clearInterval(timer);
    onExceeded(excess);
  };
  return {
    get last() {
      return last;
    },
    busy(isBusy) {
      clearInterval(timer);
      isAsked = isBusy;
      atRestMs = null;
      timer = setInterval(look, isBusy ? busyMs : idleMs);
      // What waits keeps no process alive.
      if (!isBusy) timer.unref();
    },
    stop: () => clearInterval(timer),
  };
}
