import type {
  EntryDescription,
  Facts,
  ManifestDescription,
  TableDescription,
} from '../manifest/description.ts';
import type { Paint } from './colours.ts';
import { printable } from './printable.ts';
import { hang } from './wrap.ts';

/** How a description is shown. */
export interface ManifestLayout {
  readonly paint: Paint;
  /** Width of the terminal; `null`: lines are not broken. */
  readonly columns: number | null;
}

/** A checked manifest for people: what each table accepts, what is less than the strict default, the hash. */
export function formatManifestCheck(
  { entries, tables, weakened, notes }: ManifestDescription,
  sha256: string,
  layout: ManifestLayout,
): string {
  const { paint, columns } = layout;
  const shown = [...entries.map(withEntryFacts), ...tables];
  const labels = shown.flatMap(({ facts }) => Object.keys(facts));
  const width = Math.max(...labels.map((label) => label.length));
  const warnings = [
    ...notes,
    ...weakened.map(({ key, check, reason }) => `${key} weakens ${check}: ${reason}`),
  ];
  return [
    ...shown.flatMap((table) => [...showTable(table, width, layout), '']),
    ...warnings.flatMap((text) => hang('! ', text, columns)).map((line) => paint('yellow', line)),
    ...(warnings.length === 0 ? [] : ['']),
    `sha256 ${sha256}`,
    paint('green', 'VALID') +
      (weakened.length === 0 ? '' : paint('yellow', `, ${weakened.length} weakened`)),
    '',
  ].join('\n');
}

type NamedTable = TableDescription & { readonly name?: string | null };

/** What every entry says, above and below what the entries of its TEE say. */
function withEntryFacts(entry: EntryDescription): NamedTable {
  const facts: Facts = {
    accepts: entry.accepts,
    covers: entry.covers.join(', '),
    ...(entry.uncovered.length > 0 && { 'does not cover': entry.uncovered.join(', ') }),
    ...entry.facts,
    until: entry.until ?? 'no end',
  };
  return { ...entry, facts };
}

function showTable(
  { key, name, facts, ended }: NamedTable,
  width: number,
  { paint, columns }: ManifestLayout,
): string[] {
  const title = typeof name === 'string' ? `${key} "${name}"` : key;
  const end = ended ? paint('yellow', '  ENDED: it accepts nothing any more') : '';
  return [
    `${paint('bold', title)}${end}`,
    ...Object.entries(facts).flatMap(([label, text]) =>
      hang(`  ${label.padEnd(width)}  `, printable(text), columns),
    ),
  ];
}
