import type { SoakFindings } from './soak.ts';

/** What memory may have grown by after the warm-up. */
const mostGrowth = 1.2;

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
  for (const what of ['residentBytes', 'heapBytes'] as const) {
    const growth = after[what] / before[what];
    expect(growth < mostGrowth, `${what} grew by ${(100 * (growth - 1)).toFixed(0)} %`);
  }
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
