import { styleText } from 'node:util';
import type { Report } from '@blindai/client/node';

const coloured = process.stdout.isTTY && !process.env['NO_COLOR'];

/** Colours a text, on a terminal only. */
export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return coloured ? styleText(style, text) : text;
}

/** Prints one line. */
export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

let steps = 0;

/** Does one step of the tour; prints its title with the time it took, and tells what came of it. */
export async function step<Result>(
  title: string,
  work: () => Promise<Result>,
  tell: (result: Result) => void,
): Promise<Result> {
  steps += 1;
  const heading = `${steps}. ${title}`;
  const started = performance.now();
  try {
    const result = await work();
    const time = `${(performance.now() - started).toFixed(0)} ms`;
    say(`\n${paint('bold', heading)}${paint('dim', time.padStart(90 - heading.length))}`);
    tell(result);
    return result;
  } catch (error) {
    throw new Error(`"${title}" failed: ${messageOf(error)}`, { cause: error });
  }
}

/** What is known of a failure. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Says that what should be so is so; where it is not, the tour ends with an error. */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it should be so, and is not, that ${what}`);
  say(`   ${paint('green', '✓')} ${what}`);
}

/** Prints every check of a verification, in the order in which they were made. */
export function tellChecks({ checks }: Report): void {
  const width = Math.max(...checks.map((row) => row.name.length));
  for (const { name, result, detail } of checks) {
    const mark = result === 'passed' ? paint('green', '✓') : paint('yellow', '!');
    const text = result === 'passed' ? detail : paint('yellow', `${result}: ${detail}`);
    say(`   ${mark} ${name.padEnd(width)}  ${text}`);
  }
}

/** Prints a verification in one line. */
export function tellVerdict({ verdict, checks }: Report): void {
  const weakened = checks.filter((row) => row.result === 'weakened').map((row) => row.name);
  const rest = weakened.length === 0 ? '' : `, ${weakened.length} weakened: ${weakened.join(', ')}`;
  expect(verdict === 'accept', `accepted after ${checks.length} checks${rest}`);
}

/** Prints rows of cells as columns, the first row as their titles. */
export function tellTable(rows: string[][]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const [index, row] of rows.entries()) {
    const line = `   ${row.map((cell, column) => cell.padStart(widths[column]!)).join('   ')}`;
    say(index === 0 ? paint('dim', line) : line);
  }
}
