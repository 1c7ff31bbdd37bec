import type { IsolationFindings, ProbeRow } from '@blindai/server';
import { align } from './align.ts';
import type { Paint } from './colours.ts';

const colourOfLevel = { sandboxed: 'green', separated: 'yellow', none: 'red' } as const;
const colourOfResult = {
  stopped: 'green',
  reached: 'red',
  'not-applicable': 'dim',
} as const satisfies Record<ProbeRow['result'], Parameters<Paint>[0]>;

/** What `findIsolation` found, but for what only a server needs of it. */
export type ToldFindings = Omit<IsolationFindings, 'cage'>;

/** What was found of the isolation: level, what is missing, the cage, and every attempt to break out. */
export function formatIsolation(found: ToldFindings, paint: Paint): string {
  const { level, missing, durationMs } = found;
  return [
    `isolation ${paint(colourOfLevel[level], level)}, found by trying in ${durationMs} ms`,
    ...missing.map((what) => `  ${paint('red', what)}`),
    // Where nothing could be tried there is nothing else to tell.
    ...(found.probes.length === 0 ? [] : formatTrial(found, paint)),
    '',
  ].join('\n');
}

function formatTrial(
  { steps, threads, probes, denied, users }: ToldFindings,
  paint: Paint,
): string[] {
  const rows = steps.map(({ mechanism, inForce, detail }) => [
    mechanism,
    inForce ? 'on' : 'off',
    detail,
  ]);
  const counted =
    threads === null
      ? 'not seen'
      : `${threads.all}, of which filtered ${threads.filtered}, with capabilities ${threads.capable}`;
  const calls = denied.map(({ name, number }) => `${name} (${number})`).join(', ');
  return [
    '',
    paint('dim', 'CAGE'),
    ...align(rows),
    `threads: ${counted}`,
    `users: ${users}`,
    '',
    ...formatProbes(probes, paint),
    '',
    denied.length === 0
      ? 'No system call was refused that an honest runner makes.'
      : `Refused, though an honest runner makes them: ${calls}`,
  ];
}

function formatProbes(probes: readonly ProbeRow[], paint: Paint): string[] {
  const rows = probes.map(({ probe, result, control, caged, server }) => [
    probe,
    result,
    control,
    caged,
    server ?? '-',
  ]);
  const titles = ['ATTEMPT', 'RESULT', 'WITHOUT CAGE', 'FROM THE CAGE', 'AT THE SERVER'];
  const [head, ...lines] = align([titles, ...rows]);
  return [
    paint('dim', head!),
    ...lines.map((line, at) => paint(colourOfResult[probes[at]!.result], line)),
  ];
}
