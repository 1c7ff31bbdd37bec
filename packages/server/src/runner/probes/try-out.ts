import { tryAll, type Way } from './attempt.ts';
import {
  createFile,
  openAny,
  openOnMainThread,
  openOnNativeThread,
  openOnPoolThread,
} from './files.ts';
import {
  readEnvironment,
  readLimits,
  readMemory,
  signal,
  takeDescriptors,
  trace,
  writeMemory,
} from './processes.ts';
import type { Aim, Outcome, ProbeName, ProbePlan, TargetProcess } from './probes.ts';
import { connectAbstract, connectTcp, openOtherSockets, sendUdp } from './sockets.ts';

/** The controls: all that a model would try, where nothing should be in the way. */
export async function tryUncaged(plan: ProbePlan): Promise<Outcome[]> {
  // A thread that is debugged already cannot be debugged again: the first is the control's.
  const threads = plan.target.threads.slice(0, 1);
  return [...(await tryProcess(plan.target, 'target', threads)), ...(await trySurroundings(plan))];
}

/** The same from inside the cage, and against the server itself. */
export async function tryCaged(plan: ProbePlan): Promise<Outcome[]> {
  const threads = plan.target.threads.slice(1, 2);
  return [
    ...(await tryProcess(plan.target, 'target', threads)),
    ...(await tryProcess(plan.server, 'server', plan.server.threads)),
    ...(await trySurroundings(plan)),
  ];
}

async function tryProcess(
  target: TargetProcess,
  aim: Aim,
  threads: readonly number[],
): Promise<Outcome[]> {
  return outcomes(aim, {
    'memory-read': readMemory(target),
    'memory-write': writeMemory(target),
    environment: readEnvironment(target),
    descriptors: takeDescriptors(target),
    trace: trace(threads),
    signal: signal(target),
    limits: readLimits(target),
  });
}

async function trySurroundings(plan: ProbePlan): Promise<Outcome[]> {
  return outcomes('none', {
    tcp: connectTcp(plan.sockets),
    udp: sendUdp(plan.sockets),
    'abstract-socket': connectAbstract(plan.sockets),
    'other-sockets': openOtherSockets(),
    'file-main-thread': openOnMainThread(plan.file),
    'file-pool-thread': openOnPoolThread(plan.file),
    'file-native-thread': openOnNativeThread(plan.folder),
    'file-create': createFile(plan.writableFolder),
    'evidence-device': openAny(plan.devices),
    store: openAny(plan.stores),
  });
}

async function outcomes(
  aim: Aim,
  attempts: Readonly<Partial<Record<ProbeName, readonly Way[]>>>,
): Promise<Outcome[]> {
  const results: Outcome[] = [];
  for (const [probe, ways] of Object.entries(attempts)) {
    results.push({ probe: probe as ProbeName, aim, ...(await tryAll(ways)) });
  }
  return results;
}
