import type { CageStep } from '../inference/messages.ts';
import type { ThreadCount } from '../inference/runner-cage.ts';
import {
  probeNames,
  processProbes,
  type Aim,
  type Outcome,
  type ProbeName,
} from '../runner/probes/probes.ts';
import type { Isolation } from '../settings.ts';

/** One attempt to break out, as it went. */
export interface ProbeRow {
  readonly probe: ProbeName;
  /**
   * `reached`: it came through. `stopped`: it did not, and without the cage it does. `not-applicable`: it does
   * not even without the cage.
   */
  readonly result: 'stopped' | 'reached' | 'not-applicable';
  /** `reached`, or what the system said, such as `EPERM`: without the cage, */
  readonly control: string;
  /** from inside it, */
  readonly caged: string;
  /** and from inside it against the server; null for an attempt that is not aimed at a process. */
  readonly server: string | null;
}

/** What was seen of a runner that tried to break out. */
export interface Observation {
  readonly steps: readonly CageStep[];
  /** Null if the system does not show them. */
  readonly threads: ThreadCount | null;
  readonly controls: readonly Outcome[];
  readonly attempts: readonly Outcome[];
  /** Whether bytes in the server's memory changed. */
  readonly isServerChanged: boolean;
}

/** What an observation is worth. */
export interface Verdict {
  readonly level: Isolation;
  readonly rows: readonly ProbeRow[];
  /** What keeps the level from being `sandboxed`, and how to get it; empty if nothing does. */
  readonly missing: readonly string[];
}

/** Attempts that succeed without a cage on every Linux: where they do not, nothing was tried. */
const surest: readonly ProbeName[] = ['signal', 'limits', 'file-main-thread'];

/** The level that was found (trust.md, "Isolation"), and all that led to it. */
export function judgeIsolation(seen: Observation): Verdict {
  const rows = probeNames.map((probe) => judgeProbe(probe, seen));
  const reached = rows.filter(({ result }) => result === 'reached').map(({ probe }) => probe);
  const untried = surest.filter(
    (probe) => rows.find((row) => row.probe === probe)!.result === 'not-applicable',
  );
  const unsafe = [
    ...judgeThreads(seen),
    ...untried.map(
      (probe) => `the attempt "${probe}" fails without a cage too, so that nothing is proved`,
    ),
  ];
  const isAnyProcessReached = reached.some((probe) => processProbes.has(probe));
  const isNone = unsafe.length > 0 || isAnyProcessReached;
  return {
    level: isNone ? 'none' : reached.length > 0 ? 'separated' : 'sandboxed',
    rows,
    missing: [
      ...unsafe,
      ...(reached.length > 0 ? [`a caged process came through: ${reached.join(', ')}`] : []),
    ],
  };
}

function judgeProbe(probe: ProbeName, seen: Observation): ProbeRow {
  const isAimed = processProbes.has(probe);
  const aim: Aim = isAimed ? 'target' : 'none';
  const control = find(seen.controls, probe, aim);
  const caged = find(seen.attempts, probe, aim);
  const server = isAimed ? find(seen.attempts, probe, 'server') : null;
  const isReached =
    caged.reached || server?.reached === true || (probe === 'memory-write' && seen.isServerChanged);
  return {
    probe,
    result: isReached ? 'reached' : control.reached ? 'stopped' : 'not-applicable',
    control: tell(control),
    caged: tell(caged),
    server: server === null ? null : tell(server),
  };
}

function find(outcomes: readonly Outcome[], probe: ProbeName, aim: Aim): Outcome {
  const found = outcomes.find((outcome) => outcome.probe === probe && outcome.aim === aim);
  if (found === undefined) throw new TypeError(`no outcome of "${probe}"`);
  return found;
}

function tell({ reached, errno }: Outcome): string {
  return reached ? 'reached' : errno;
}

function judgeThreads({ steps, threads }: Observation): string[] {
  if (threads === null) {
    return ['/proc does not show the threads of a runner: mount it without hidepid'];
  }
  const { all, filtered, capable } = threads;
  const filter = steps.find(({ mechanism }) => mechanism === 'system-calls');
  const free = filter?.inForce === true ? all - filtered : all;
  return [
    ...(capable > 0
      ? [
          `${capable} of ${all} threads keep capabilities: run the server as an unprivileged user, ` +
            'or leave it CAP_SETPCAP, and give node no file capabilities',
        ]
      : []),
    ...(free > 0
      ? [
          `${free} of ${all} threads may make any system call (${filter?.detail}): it takes Linux on ` +
            'x86-64 or arm64, and surroundings that allow seccomp(2)',
        ]
      : []),
  ];
}
