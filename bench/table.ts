/** A table of a section: texts to the left, figures to the right. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Writes a table as text. Numbers keep three significant digits, or all in front of the point. */
export function formatTable({ title, columns, rows }: Table): string {
  const cells = [columns, ...rows.map((row) => row.map(formatCell))];
  const widths = columns.map((_, index) =>
    Math.max(...cells.map((row) => (row[index] ?? '').length)),
  );
  const isNumber = (index: number): boolean =>
    rows.length > 0 && rows.every((row) => typeof row[index] === 'number');
  const lines = cells.map((row) =>
    row
      .map((cell, index) =>
        isNumber(index) ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!),
      )
      .join('  ')
      .trimEnd(),
  );
  return [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function formatCell(cell: string | number): string {
  if (typeof cell === 'string') return cell;
  return Math.abs(cell) >= 100 || Number.isInteger(cell) ? cell.toFixed(0) : cell.toPrecision(3);
}
