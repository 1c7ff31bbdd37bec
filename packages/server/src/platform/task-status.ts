import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel says of one thread (proc_pid_status(5)). */
export interface TaskStatus {
  /** Thread id. */
  readonly id: number;
  /** Union of the permitted, effective, inheritable and ambient capabilities, one bit each. */
  readonly capabilities: bigint;
  /** Those that the thread can use at this moment. */
  readonly effective: bigint;
  /** Those that a program which the thread starts could still get. */
  readonly bounding: bigint;
  /** Whether its system calls go through a filter (`Seccomp: 2`); a container's counts too. */
  readonly isFiltered: boolean;
  /** Through how many; null where the kernel does not tell (before Linux 5.9). */
  readonly filters: number | null;
  /** Whether no program that it starts can gain privileges. */
  readonly hasNoNewPrivileges: boolean;
}

/**
 * The threads of a process, this one by default. Throws Node's error where the system does not show them: the
 * process is gone, or `/proc` hides it from us.
 */
export function readTaskStatuses(pid: number | 'self' = 'self'): TaskStatus[] {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).flatMap((id) => {
    const text = readStatus(`${folder}/${id}/status`);
    return text === null ? [] : [parse(Number(id), text)];
  });
}

/** Null if the thread ended since it was listed. */
function readStatus(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

function parse(id: number, text: string): TaskStatus {
  const line = (name: string): string | undefined =>
    new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(text)?.[1];
  const set = (name: string): bigint => {
    const digits = line(name);
    // A line that is missing says nothing about what is not there.
    return digits === undefined ? -1n : BigInt(`0x${digits}`);
  };
  return {
    id,
    capabilities: set('CapPrm') | set('CapEff') | set('CapInh') | set('CapAmb'),
    effective: set('CapEff'),
    bounding: set('CapBnd'),
    isFiltered: line('Seccomp') === '2',
    filters: line('Seccomp_filters') === undefined ? null : Number(line('Seccomp_filters')),
    hasNoNewPrivileges: line('NoNewPrivs') === '1',
  };
}
