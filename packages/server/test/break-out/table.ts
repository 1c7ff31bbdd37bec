import type { Attempt, CagedEnding, Ending } from './attempts.ts';

/** What became of one attempt. */
export type Verdict = 'stopped' | 'came through' | 'unexplained' | 'not applicable';

/** One row of the table. */
export interface Row {
  readonly attempt: Attempt;
  readonly control: Ending;
  readonly caged: CagedEnding;
  readonly verdict: Verdict;
  /** What stopped it, or why it says nothing. */
  readonly by: string;
}

/** What a process is ended with by the server. */
const endedBy: Readonly<Record<string, string>> = {
  'model-memory': 'the limit of memory, with its process',
  'model-timeout': 'the deadline, with its process',
  'model-crashed': 'the limit of threads, with its process',
};

/** What the system says to what is beyond a limit, by call. */
const beyondLimits: Readonly<Record<string, string>> = {
  'ENOMEM mmap': 'the limit of memory or of addresses',
  'ENOMEM mprotect': 'the limit of memory',
  'ENOMEM mremap': 'the limit of memory',
  'ENOMEM brk': 'the limit of memory',
  'ENOMEM malloc': 'the limit of memory',
  'EAGAIN pthread_create': 'the limit of threads or of memory',
  'ENODATA opendir': 'the list of system calls, on that thread',
};

/**
 * Judges an attempt by how it ended without the cage and in it. One that fails without it too says nothing
 * about the cage; and one that fails for another reason than the cage has been made wrongly.
 */
export function judge(
  attempt: Attempt,
  control: Ending,
  caged: CagedEnding,
  isCallAllowed: (call: string) => boolean,
): Row {
  const row = (verdict: Verdict, by: string): Row => ({ attempt, control, caged, verdict, by });
  const { errno, onPoolThread } = caged;
  if (errno === null) return row('came through', '');
  if (onPoolThread !== null && onPoolThread !== errno) {
    return row('came through', `${onPoolThread} on a thread of libuv's`);
  }
  if (control.errno !== null) return row('not applicable', `${control.errno} without the cage too`);
  const stopper = stopperOf(attempt, caged, isCallAllowed);
  return stopper === null
    ? row('unexplained', `${errno} ${caged.call ?? ''}`)
    : row('stopped', stopper);
}

function stopperOf(
  { endsBy, group }: Attempt,
  { errno, call }: CagedEnding,
  isCallAllowed: (call: string) => boolean,
): string | null {
  if (call === null) return errno === endsBy ? endedBy[errno]! : null;
  if (errno === 'EPERM' || errno === 'ENOSYS') {
    const given = isCallAllowed(call) ? ', with these arguments' : '';
    return `the list of system calls: ${call}${given}`;
  }
  if (errno === 'EBADF' && group === 'what it was given') return 'nothing is open to be found';
  return beyondLimits[`${errno} ${call}`] ?? null;
}

/** The table as text. */
export function formatTable(title: string, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ attempt }) => attempt.name.length));
  const lines = rows.map(({ attempt, verdict, by }, index) => {
    const head = attempt.group === rows[index - 1]?.attempt.group ? '' : `${attempt.group}\n`;
    return `${head}  ${attempt.name.padEnd(width)}  ${verdict.padEnd(14)}  ${by}\n`;
  });
  const counts = Object.entries(countVerdicts(rows)).map(
    ([verdict, count]) => `${count} ${verdict}`,
  );
  return `\n${title}\n${lines.join('')}${counts.join(', ')}\n`;
}

/** How many rows there are of each verdict. */
export function countVerdicts(rows: readonly Row[]): Record<Verdict, number> {
  const counts = { stopped: 0, 'came through': 0, unexplained: 0, 'not applicable': 0 };
  for (const { verdict } of rows) counts[verdict]++;
  return counts;
}
