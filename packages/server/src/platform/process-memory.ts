import { readFileSync } from 'node:fs';
import { bindSystemCall } from './c-library.ts';

const getPageSize: () => number = bindSystemCall('getpagesize', 'int getpagesize()');

/** In which the system tells times, on every architecture that the engine runs on. */
const tickMs = 10;

/** What a process holds, in bytes. */
export interface ProcessMemory {
  /** In physical memory: its own and that of the files it maps. */
  readonly residentBytes: number;
  /** What counts towards its data limit, whether in physical memory or not. */
  readonly dataBytes: number;
  /** All addresses that it has taken, whether anything is there or not. */
  readonly addressBytes: number;
}

/** The memory of a process, or null if the process is ending or gone, or the system does not tell. */
export function readProcessMemory(pid: number): ProcessMemory | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/statm`, 'latin1');
  } catch {
    return null;
  }
  // proc(5): size resident shared text lib data dt, in pages.
  const pages = text.split(' ').map(Number);
  // A process that is just ending has given its memory back, and its entry is still there.
  if (pages[1] === 0) return null;
  const pageBytes = getPageSize();
  return {
    residentBytes: pages[1]! * pageBytes,
    dataBytes: pages[5]! * pageBytes,
    addressBytes: pages[0]! * pageBytes,
  };
}

/** What a process does. */
export interface ProcessActivity {
  readonly threads: number;
  /** How long all of its threads have computed, together, in milliseconds. */
  readonly computedMs: number;
}

/** What a process does, or null if it is gone, or the system does not tell. */
export function readProcessActivity(pid: number): ProcessActivity | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // proc(5): the name of the program stands in brackets, and may hold any; the next field is the third.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [utime, stime, threads] = [fields[14 - 3]!, fields[15 - 3]!, fields[20 - 3]!];
    return { threads, computedMs: (utime + stime) * tickMs };
  } catch {
    return null;
  }
}
