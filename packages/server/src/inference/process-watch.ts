import {
  readProcessMemory,
  readThreadCount,
  type ProcessMemory,
} from '../platform/process-memory.ts';

/** How often it is looked while a model computes, and how often while nobody asked it to. */
const busyMs = 25;
const idleMs = 500;

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
 * Stands behind the limits that a process set itself: calls back, once, when the process has more than it may.
 * Of threads there is no other bound where a process shares its user with others. Does nothing where the
 * system does not tell.
 */
export function watchProcess(
  pid: number,
  most: ProcessBounds,
  onExceeded: (what: keyof ProcessBounds) => void,
): ProcessWatch {
  let last: ProcessMemory | null = null;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    last = readProcessMemory(pid) ?? last;
    const excess =
      last !== null && last.residentBytes > most.residentBytes
        ? 'residentBytes'
        : (readThreadCount(pid) ?? 0) > most.threads
          ? 'threads'
          : null;
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
      timer = setInterval(look, isBusy ? busyMs : idleMs);
      // What waits keeps no process alive.
      if (!isBusy) timer.unref();
    },
    stop: () => clearInterval(timer),
  };
}
