import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { teeMarks } from '../evidence/detect.ts';
import type { DeniedCall } from '../inference/denial-reports.ts';
import type { CageStep } from '../inference/messages.ts';
import { leastDemanded, type RunnerCage, type ThreadCount } from '../inference/runner-cage.ts';
import { planRunnerUsers, sharedUser, type RunnerUsers } from '../inference/runner-users.ts';
import { keepDescriptorsFromChildren } from '../platform/inherited-descriptors.ts';
import type { Config, Isolation } from '../settings.ts';
import { judgeIsolation, type ProbeRow } from './judge.ts';
import { probeRunner, type Probing, type ProberOptions } from './prober.ts';

/** What stands between a model and the rest of this machine, as it was found by trying. */
export interface IsolationFindings {
  readonly level: Isolation;
  /** What keeps the level from being `sandboxed`, and how to get it; empty if nothing does. */
  readonly missing: readonly string[];
  /** What the cage is made of; empty if it was not closed. */
  readonly steps: readonly CageStep[];
  /** Null if they were not seen. */
  readonly threads: ThreadCount | null;
  /** Every attempt to break out; empty if none was made. */
  readonly probes: readonly ProbeRow[];
  /** System calls that a runner was refused while it only did what it should. */
  readonly denied: readonly DeniedCall[];
  /** Which users runners get, or why none of their own. */
  readonly users: string;
  readonly durationMs: number;
  /** How runners are to be caged: as the one that tried was. */
  readonly cage: RunnerCage;
}

/** Of the engine, in the process that tries: enough that it starts threads of its own. */
const threads = 2;

/** Where Gramine lets a program ask for evidence (gramine.readthedocs.io, "Attestation and Secret Provisioning"). */
const gramine = ['/dev/attestation/quote', '/dev/attestation/report'];

/** What the search goes by. */
export type IsolationConfig = Pick<Config, 'runnerUids' | 'runnerMemoryBytes'>;

/**
 * Finds out how well models are kept from the server, from each other and from the machine, by trying to
 * break out of a runner (trust.md, "Isolation"). Takes a moment; meant for once, at boot.
 */
export async function findIsolation(config: IsolationConfig): Promise<IsolationFindings> {
  const startedAt = performance.now();
  if (process.platform !== 'linux')
    return notFound('the cage is made of what Linux has', startedAt);
  // There every process of the enclave reaches its quoting and its sealing, whatever it is refused here.
  if (gramine.some(existsSync)) return notFound('inside Gramine nothing can be caged', startedAt);
  keepDescriptorsFromChildren();
  const folder = mkdtempSync(join(tmpdir(), `blindai-runners-${process.pid}-`));
  chmodSync(folder, 0o500);
  const options = {
    folder,
    memoryBytes: config.runnerMemoryBytes,
    threads,
    devices: teeMarks.map(({ path }) => path),
  };
  try {
    const { users, probing } = await probeWithUsers(planRunnerUsers(config.runnerUids), options);
    return describe(probing, users, startedAt);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return notFound(error.message, startedAt);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Tries with users as planned. If a runner cannot become one, or cannot be killed then, all stay the
 * server's, and it is tried again.
 */
async function probeWithUsers(
  planned: RunnerUsers,
  options: Omit<ProberOptions, 'users'>,
): Promise<{ users: RunnerUsers; probing: Probing }> {
  const probing = await probeRunner({ ...options, users: planned });
  const obstacle = planned.areOwn ? findObstacle(probing) : null;
  if (obstacle === null) return { users: planned, probing };
  const users = sharedUser(obstacle);
  return { users, probing: await probeRunner({ ...options, users }) };
}

function findObstacle({ steps, wasKilled }: Probing): string | null {
  const step = steps.find(({ mechanism }) => mechanism === 'own-user');
  if (step?.inForce !== true) return `a runner cannot become another user: ${step?.detail}`;
  return wasKilled ? null : "a runner that is another user's process cannot be killed";
}

function describe(probing: Probing, users: RunnerUsers, startedAt: number): IsolationFindings {
  const { level, rows, missing } = judgeIsolation(probing);
  const { steps, threads: counted, denied } = probing;
  const inForce = steps.filter((step) => step.inForce).map(({ mechanism }) => mechanism);
  return {
    level,
    missing,
    steps,
    threads: counted,
    probes: rows,
    denied,
    users: users.reason,
    durationMs: elapsed(startedAt),
    cage: { users, demanded: [...new Set([...leastDemanded, ...inForce])] },
  };
}

function notFound(why: string, startedAt: number): IsolationFindings {
  return {
    level: 'none',
    missing: [why],
    steps: [],
    threads: null,
    probes: [],
    denied: [],
    users: 'nothing was tried',
    durationMs: elapsed(startedAt),
    cage: { users: sharedUser('nothing was tried'), demanded: leastDemanded },
  };
}

function elapsed(startedAt: number): number {
  return Math.round(performance.now() - startedAt);
}
