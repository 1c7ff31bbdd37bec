import { readProcessMemory, type ProcessMemory } from '../platform/process-memory.ts';

const intervalMs = 25;

/** Looks at a process's memory again and again; what it saw last tells why the process died. */
export interface MemoryWatch {
  readonly last: ProcessMemory | null;
  stop(): void;
}

/**
 * Stands behind the limit that a process set itself: calls back, once, when the process has more than
 * `mostBytes` in physical memory. Does nothing where the system does not tell.
 */
export function watchMemory(
  pid: number,
  mostBytes: number,
  onExceeded: (residentBytes: number) => void,
): MemoryWatch {
  let last: ProcessMemory | null = null;
  const look = (): void => {
    last = readProcessMemory(pid) ?? last;
    if (last !== null && last.residentBytes > mostBytes) {
      clearInterval(timer);
      onExceeded(last.residentBytes);
    }
  };
  const timer = setInterval(look, intervalMs);
  return {
    get last() {
      return last;
    },
    stop: () => clearInterval(timer),
  };
}
