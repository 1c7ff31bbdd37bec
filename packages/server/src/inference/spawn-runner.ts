import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { startWithoutCapabilities } from '../platform/capabilities.ts';

/** What a process around models is given besides its program. */
export interface RunnerInheritance {
  /** Descriptor for the model to be handed over, and for the reports on refused system calls. */
  readonly denials: number | null;
}

/** Where and how such processes are started. */
export interface RunnerGround {
  /** Empty folder that they work in. */
  readonly folder: string;
  /** Whether they become users of their own, for which they begin with the server's capabilities. */
  readonly becomesOwnUser: boolean;
}

/** The whole environment of a runner: no telemetry, and large blocks of memory go back when freed. */
const environment = {
  ORT_DISABLE_TELEMETRY: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '131072',
};

/**
 * No memory that is writable and executable: a model finds none to put code into, and the half gigabyte that
 * Node 24 reserves for it would count towards the data limit. What a runner computes, the engine computes.
 * The collector is exposed so that a runner can drop its copy of the model's file at once, and has no threads
 * of its own: there is little to collect, and threads that begin late ask for what is not allowed any more.
 */
const nodeOptions = ['--jitless', '--expose-gc', '--single-threaded-gc', '--v8-pool-size=1'];

/**
 * Starts a program as runners are started: in a session of its own, with an empty environment and folder, a
 * pipe as descriptor 3, a place for the model as 4, the socket for it and for reports as 5, and nothing else.
 */
export function spawnRunner(
  program: string,
  { folder, becomesOwnUser }: RunnerGround,
  { denials }: RunnerInheritance,
): ChildProcess {
  // Node would take the place for itself, were it free.
  const place = openSync(devNull, 'r');
  const start = (): ChildProcess =>
    spawn(process.execPath, [...nodeOptions, program], {
      cwd: folder,
      env: environment,
      // In a session of its own: an interrupt from the terminal is for the server, which then drains.
      detached: process.platform !== 'win32',
      windowsHide: true,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', place, denials ?? 'ignore'],
    });
  try {
    const keepsCapabilities = becomesOwnUser || process.platform !== 'linux';
    return keepsCapabilities ? start() : startWithoutCapabilities(start);
  } finally {
    closeSync(place);
  }
}
