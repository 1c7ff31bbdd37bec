import type { CheckResult, Report } from '@blindai/attestation';
import type { Paint } from './colours.ts';

const marks: Record<CheckResult, { mark: string; colour: Parameters<Paint>[0] }> = {
  passed: { mark: '✓', colour: 'green' },
  refused: { mark: '✗', colour: 'red' },
  weakened: { mark: '!', colour: 'yellow' },
  'not-reached': { mark: '·', colour: 'dim' },
};

/** The explained verdict as a table: a line for each check, in the order in which they are made. */
export function formatReport(report: Report, paint: Paint): string {
  const width = Math.max(...report.checks.map((row) => row.name.length));
  const rows = report.checks.map((row) => {
    const { mark, colour } = marks[row.result];
    const detail = row.result === 'passed' ? row.detail : `${row.result}: ${row.detail}`;
    const text = row.result === 'not-reached' ? 'not reached' : detail;
    return `  ${paint(colour, mark)} ${row.name.padEnd(width)}  ${row.result === 'passed' ? text : paint(colour, text)}`;
  });
  const facts = [
    ['format', report.format ?? 'unknown'],
    ['anchor', report.anchor === 'simulation' ? 'simulation (protects nothing)' : report.anchor],
    ['TCB status', report.tcbStatus],
    ['debug', report.debug === null ? null : String(report.debug)],
    ['measurement', report.measurement],
    ['report data', report.reportData],
  ]
    .filter((fact): fact is [string, string] => fact[1] !== null)
    .map(([name, value]) => `  ${name.padEnd(width + 2)}  ${value}`);
  const weakened = report.checks.filter((row) => row.result === 'weakened').length;
  const verdict =
    report.verdict === 'accept'
      ? paint('green', 'ACCEPTED') +
        (weakened === 0 ? '' : paint('yellow', `, ${weakened} weakened`))
      : `${paint('red', 'REFUSED')} by ${report.check ?? 'layout'}: ${report.message}`;
  return [...rows, '', ...facts, '', verdict, ''].join('\n');
}
