import type { CheckResult, Report, ReportRow } from '@blindai/attestation';
import type { Fact } from './claims.ts';
import type { Paint } from './colours.ts';
import { printable } from './printable.ts';
import { hang } from './wrap.ts';

/** How a report is shown. */
export interface ReportLayout {
  readonly paint: Paint;
  /** Also says of each check what was demanded, who vouches for it, and where it is specified. */
  readonly explain: boolean;
  /** Width of the terminal, to which lines are broken; `null`: one line a check, however long. */
  readonly columns: number | null;
}

/** Narrower terminals break lines by themselves; explanations are not set wider than can be read well. */
const columnLimits = { least: 60, explained: { most: 120, default: 100 } };

const marks: Record<CheckResult, { mark: string; colour: Parameters<Paint>[0] }> = {
  passed: { mark: '✓', colour: 'green' },
  refused: { mark: '✗', colour: 'red' },
  weakened: { mark: '!', colour: 'yellow' },
  'not-reached': { mark: '·', colour: 'dim' },
};

const simulated =
  '  SIMULATION: where a vendor vouches, it is the simulator, whose keys are public';

/**
 * The explained verdict for people: the checks in the order in which they are made, facts, the verdict.
 *
 * @param more - Facts that the report does not have.
 */
export function formatReport(
  report: Report,
  wanted: ReportLayout,
  more: readonly Fact[] = [],
): string {
  const layout = {
    ...wanted,
    columns: wanted.columns === null ? null : Math.max(columnLimits.least, wanted.columns),
  };
  const width = Math.max(...report.checks.map((row) => row.name.length));
  const rows = layout.explain
    ? [
        ...(report.anchor === 'simulation' ? [simulated] : []),
        ...report.checks.flatMap((row) => explainRow(row, layout)),
      ]
    : report.checks.flatMap((row) => showRow(row, width, layout));
  const facts = [...factsOf(report), ...more].map(
    ([name, value]) => `  ${name.padEnd(width + 2)}  ${printable(value)}`,
  );
  return [...rows, '', ...facts, '', ...verdictOf(report, layout), ''].join('\n');
}

function showRow(row: ReportRow, width: number, { paint, columns }: ReportLayout): string[] {
  const { mark, colour } = marks[row.result];
  const [first = '', ...others] = hang(' '.repeat(width + 6), outcomeOf(row), columns).map((line) =>
    line.slice(width + 6),
  );
  const paintText = (text: string): string =>
    row.result === 'passed' ? text : paint(colour, text);
  return [
    `  ${paint(colour, mark)} ${row.name.padEnd(width)}  ${paintText(first)}`,
    ...others.map((line) => `${' '.repeat(width + 6)}${paintText(line)}`),
  ];
}

function explainRow(row: ReportRow, { paint, columns }: ReportLayout): string[] {
  const { mark, colour } = marks[row.result];
  const name = row.result === 'passed' ? row.name : `${row.name}  ${wordOf(row.result)}`;
  const { most, default: unknown } = columnLimits.explained;
  const parts = [
    ['demanded', row.demanded],
    ...(row.result === 'not-reached' ? [] : [['found', row.detail] as const]),
    ['vouched by', row.vouchedBy],
    ['specified', row.specification],
  ] as const;
  return [
    `  ${paint(colour, mark)} ${paint(row.result === 'passed' ? 'bold' : colour, name)}`,
    ...parts.flatMap(([label, text]) =>
      hang(`      ${label.padEnd(10)}  `, printable(text), Math.min(most, columns ?? unknown)),
    ),
  ];
}

function outcomeOf({ result, detail }: ReportRow): string {
  if (result === 'not-reached') return wordOf(result);
  return printable(result === 'passed' ? detail : `${result}: ${detail}`);
}

function wordOf(result: CheckResult): string {
  return result === 'not-reached' ? 'not reached' : result;
}

function factsOf(report: Report): Fact[] {
  return [
    ['format', report.format ?? 'unknown'],
    ['anchor', report.anchor === 'simulation' ? 'simulation (protects nothing)' : report.anchor],
    ['TCB status', report.tcbStatus],
    ['debug', report.debug === null ? null : String(report.debug)],
    ['measurement', report.measurement],
    ['report data', report.reportData],
  ].filter((fact): fact is [string, string] => fact[1] !== null);
}

/** The verdict, and every weakening by name: whoever reads one line only must see them. */
function verdictOf(report: Report, { paint, columns }: ReportLayout): string[] {
  const weakened = report.checks.filter((row) => row.result === 'weakened').map(({ name }) => name);
  const names = `${weakened.length} weakened: ${weakened.join(', ')}`;
  if (report.verdict === 'accept') {
    const [first = '', ...others] = hang('ACCEPTED, ', names, columns);
    if (weakened.length === 0) return [paint('green', 'ACCEPTED')];
    return [
      `${paint('green', 'ACCEPTED')}${paint('yellow', first.slice('ACCEPTED'.length))}`,
      ...others.map((line) => paint('yellow', line)),
    ];
  }
  const by = `REFUSED by ${report.check ?? 'layout'}`;
  const [first = '', ...others] = hang('', `${by}: ${printable(report.message)}`, columns);
  return [
    paint('red', by) + first.slice(by.length),
    ...others,
    ...(weakened.length === 0
      ? []
      : hang('above it, ', names, columns).map((line) => paint('yellow', line))),
  ];
}
