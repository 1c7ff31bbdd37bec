import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../../bench/machine.ts';
import { plotLines, type Lines } from '../../bench/plot/line-plot.ts';
import type { Plot } from '../../bench/plot/plot.ts';
import { summarise } from '../../bench/statistics.ts';
import type { Sample } from './curves.ts';
import type { Rest, SoakFindings } from './soak.ts';

const MIB = 1024 * 1024;

/** What a soak came to, as text. */
export function describeSoak(
  { options, isolation, tally, samples, ...rests }: SoakFindings,
  { cpu, cores, memoryGiB, platform, node, load }: Machine,
  faults: readonly string[],
): string {
  const counts = [...tally.counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, count]) => row(what, String(count)));
  const statuses = [...tally.statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => row(`status ${status}`, String(count)));
  const left = (['fresh', 'before', 'after', 'emptied'] as const).map((when) =>
    row(restNames[when], describeRest(rests[when])),
  );
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}, load ${load} before`,
    `soak of ${samples.at(-1)?.seconds.toFixed(0) ?? 0} s, seed ${options.seed}, ` +
      `share ${options.share}, isolation ${isolation}`,
    'happened',
    ...counts,
    'answered, to all of them together',
    ...statuses,
    'left (memory and heap in MiB, descriptors, processes)',
    ...left,
    'over time: median, nineteen of twenty, most',
    ...Object.entries(overTime).map(([what, { of, digits }]) =>
      row(what, describeSpread(samples.map(of), digits)),
    ),
    faults.length === 0 ? 'no fault' : `FAULTS: ${faults.length}`,
    ...faults,
    '',
  ].join('\n');
}

function row(what: string, value: string): string {
  return `  ${what.padEnd(52)}${value.padStart(12)}`;
}

const restNames = {
  fresh: 'fresh',
  before: 'after the warm-up',
  after: 'in the end',
  emptied: 'with all models deleted',
} as const;

function describeRest({ residentBytes, heapBytes, descriptors, processes }: Rest): string {
  const [resident, heap] = [residentBytes, heapBytes].map((bytes) => (bytes / MIB).toFixed(0));
  return `${resident}  ${heap}  ${descriptors}  ${processes}`;
}

interface Figure {
  readonly of: (sample: Sample) => number | null;
  readonly digits: number;
}

const overTime: Readonly<Record<string, Figure>> = {
  'right answers, a second': { of: ({ answers }) => answers, digits: 1 },
  'median of a second, ms': { of: ({ medianMs }) => medianMs, digits: 1 },
  'p99 of a second, ms': { of: ({ p99Ms }) => p99Ms, digits: 1 },
  'a look at its health, ms': { of: ({ healthMs }) => healthMs, digits: 1 },
  'event loop late, p99 of a second, ms': { of: ({ loop }) => loop.p99Ms, digits: 1 },
  'event loop late, most of a second, ms': { of: ({ loop }) => loop.mostMs, digits: 1 },
  'event loop of who asks late, most, ms': { of: ({ ownLoopMs }) => ownLoopMs, digits: 1 },
  'memory of the server, MiB': { of: ({ residentBytes }) => residentBytes / MIB, digits: 0 },
  descriptors: { of: ({ descriptors }) => descriptors, digits: 0 },
  processes: { of: ({ processes }) => processes, digits: 0 },
};

function describeSpread(values: readonly (number | null)[], digits: number): string {
  const found = values.filter((value) => value !== null);
  if (found.length === 0) return 'none';
  const { median, p95 } = summarise(found);
  const most = found.reduce((a, b) => Math.max(a, b));
  return [median, p95, most].map((value) => value.toFixed(digits)).join('  ');
}

/** Writes the curves of a soak as SVG, its figures as JSON, and what the server logged. */
export function writeSoak(
  folder: string,
  findings: SoakFindings,
  machine: Machine,
  faults: readonly string[],
): void {
  mkdirSync(folder, { recursive: true });
  const { options, isolation, tally, samples, fresh, before, after, emptied } = findings;
  writeFileSync(join(folder, 'server.log'), findings.log);
  for (const { name, svg } of plots(samples)) writeFileSync(join(folder, `${name}.svg`), svg);
  const figures = {
    machine,
    options,
    isolation,
    faults,
    left: { fresh, before, after, emptied },
    counts: Object.fromEntries(tally.counts),
    statuses: Object.fromEntries(tally.statuses),
    samples,
  };
  writeFileSync(join(folder, 'soak.json'), `${JSON.stringify(figures, null, 1)}\n`);
}

/** Points that a curve has at most: more of them nobody sees, and the files stay small. */
const mostPoints = 240;

type Choice = (values: readonly number[]) => number;

const most: Choice = (values) => Math.max(...values);
const middle: Choice = (values) => summarise(values).median;

const mean: Choice = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What the statuses of answers say, in groups: well, refused, harmed by the model, too much, not now, a bug. */
const statusGroups: readonly { label: string; includes: (status: number) => boolean }[] = [
  { label: '200', includes: (status) => status < 400 },
  { label: '400 to 421', includes: (status) => status >= 400 && status < 422 },
  { label: '422', includes: (status) => status === 422 },
  { label: '429', includes: (status) => status === 429 },
  { label: '503', includes: (status) => status === 503 },
  { label: '500', includes: (status) => status === 500 },
];

function plots(samples: readonly Sample[]): Plot[] {
  const spans = spansOf(samples);
  /** Of each span of time one point: the worst there was in it, or the one in the middle. */
  const curve = (
    label: string,
    choose: Choice,
    value: (sample: Sample) => number | null,
  ): Lines['curves'][number] => ({
    label,
    points: spans.flatMap((span) => {
      const found = span.map(value).filter((held) => held !== null);
      return found.length === 0 ? [] : [[span.at(-1)!.seconds / 60, choose(found)] as const];
    }),
  });
  const xUnit = 'minutes';
  return [
    plotLines({
      name: 'soak-answers',
      title: 'Right answers to good callers, beside everything else',
      xUnit,
      yUnit: 'a second',
      curves: [curve('right answers', mean, ({ answers }) => answers)],
    }),
    plotLines({
      name: 'soak-latency',
      title: 'How long they took, and a look at the health of the server',
      xUnit,
      yUnit: 'ms',
      curves: [
        curve('median', middle, ({ medianMs }) => medianMs),
        curve('p99, worst', most, ({ p99Ms }) => p99Ms),
        curve('health, worst', most, ({ healthMs }) => healthMs),
      ],
    }),
    plotLines({
      name: 'soak-loop',
      title: "How late the server's event loop was",
      xUnit,
      yUnit: 'ms',
      curves: [
        curve('p99', middle, ({ loop }) => loop.p99Ms),
        curve('most', most, ({ loop }) => loop.mostMs),
      ],
    }),
    plotLines({
      name: 'soak-memory',
      title: 'Physical memory at most',
      xUnit,
      yUnit: 'MiB',
      curves: [
        curve('server', most, ({ residentBytes }) => residentBytes / MIB),
        curve('its processes', most, ({ processBytes }) => processBytes / MIB),
      ],
    }),
    plotLines({
      name: 'soak-handles',
      title: 'Descriptors of the server, and processes that it has started, at most',
      xUnit,
      yUnit: 'count',
      curves: [
        curve('descriptors', most, ({ descriptors }) => descriptors),
        curve('processes', most, ({ processes }) => processes),
      ],
    }),
    plotLines({
      name: 'soak-statuses',
      title: 'Answers by status, to everybody, from one look to the next',
      xUnit,
      yUnit: 'answers',
      curves: statusGroups.map(({ label, includes }) =>
        curve(label, mean, ({ statuses }) =>
          Object.entries(statuses)
            .filter(([status]) => includes(Number(status)))
            .reduce((sum, [, count]) => sum + count, 0),
        ),
      ),
    }),
  ];
}

/** Samples of equal spans of time, in order. */
function spansOf(samples: readonly Sample[]): Sample[][] {
  const size = Math.ceil(samples.length / mostPoints);
  return Array.from({ length: Math.ceil(samples.length / Math.max(size, 1)) }, (_, at) =>
    samples.slice(at * size, (at + 1) * size),
  );
}
