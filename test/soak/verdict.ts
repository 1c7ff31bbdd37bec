import type { SoakFindings } from './soak.ts';

/** What memory may have grown by after the warm-up. */
const mostGrowth = 1.2;

const MIB = 1024 * 1024;

/** What a server keeps for the bodies of later requests, zeros, in MiB: more or less of it from moment to moment. */
const keptForBodies = 16;

/** How long a soak has to be for the memory of the process to mean something, in seconds. */
const leastForResident = 300;

const models = ['echo', 'classifier', 'perceptron', 'transformer'];

/** What of a soak is not as it has to be, in words; empty if all is well. */
export function faultsOf(findings: SoakFindings): string[] {
  const { tally, fresh, before, after, emptied } = findings;
  const faults = [...tally.faults];
  if (tally.faultCount > faults.length) {
    faults.push(`${tally.faultCount - faults.length} more of these`);
  }
  const expect = (isWell: boolean, fault: string): void => {
    if (!isWell) faults.push(fault);
  };
  expect(findings.isAlive, 'the server is gone');
  expect(findings.exitCode === 0, `the server ended with ${findings.exitCode}`);
  const failure = /^.*(?:request-failed|server-crashed).*$/m.exec(findings.log)?.[0];
  expect(failure === undefined, `the server logged: ${failure}`);
  expect(!tally.statuses.has(500), `${tally.statuses.get(500)} answers with status 500`);
  for (const name of models) {
    expect(tally.of(`right answers of ${name}`) > 0, `${name} never answered`);
  }
  expect(tally.of('runners killed') > 0, 'no runner was killed');
  const growth = (what: 'residentBytes' | 'heapBytes', room: number): void => {
    const [from, to] = [before[what] / MIB, after[what] / MIB];
    const isWell = to < mostGrowth * from + room;
    expect(isWell, `${what}: ${from.toFixed(0)} MiB, then ${to.toFixed(0)}`);
  };
  // What the system has lent a process follows the heap only slowly: a slice of a soak cannot tell.
  if (findings.options.seconds >= leastForResident) growth('residentBytes', 0);
  growth('heapBytes', keptForBodies);
  // A model may have more processes now, each with descriptors, but for no longer than a minute.
  const isSame = after.processes === before.processes;
  const { descriptors } = after;
  expect(
    !isSame || descriptors <= before.descriptors,
    `descriptors: ${before.descriptors}, then ${descriptors}`,
  );
  for (const what of ['descriptors', 'processes'] as const) {
    expect(emptied[what] <= fresh[what], `${what}: ${fresh[what]} fresh, ${emptied[what]} emptied`);
  }
  return faults;
}
