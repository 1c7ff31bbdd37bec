import type { CaseTable, Described } from './case.ts';

/**
 * Puts tables of one format together, check by check.
 *
 * @throws {TypeError} if two cases have one name.
 */
export function mergeTables<Flaw>(...tables: readonly CaseTable<Flaw>[]): CaseTable<Flaw> {
  const merged: { -readonly [check in keyof CaseTable<Flaw>]: CaseTable<Flaw>[check] } = {};
  for (const table of tables) {
    for (const name of Object.keys(table) as (keyof CaseTable<Flaw>)[]) {
      const before = merged[name] ?? {};
      const doubled = Object.keys(table[name] ?? {}).find((slug) => slug in before);
      if (doubled !== undefined) throw new TypeError(`two cases are named ${name}.${doubled}`);
      merged[name] = { ...before, ...table[name] };
    }
  }
  return merged;
}

/** Of each check only as many cases, from the top. */
export function firstOf<Flaw>(table: CaseTable<Flaw>, count: number): CaseTable<Flaw> {
  return Object.fromEntries(
    Object.entries(table).map(([check, ways]) => [
      check,
      Object.fromEntries(Object.entries(ways).slice(0, count)),
    ]),
  );
}

/**
 * Divides the cases of one table between two formats that share its checks: of each check the first one gets all
 * cases but the last, the second one the last. Where there is one, both get it.
 */
export function divide<Flaw>(table: CaseTable<Flaw>): readonly [CaseTable<Flaw>, CaseTable<Flaw>] {
  const each = (part: (ways: [string, Described<Flaw>][]) => [string, Described<Flaw>][]) =>
    Object.fromEntries(
      Object.entries(table).map(([check, ways]) => [
        check,
        Object.fromEntries(part(Object.entries(ways))),
      ]),
    );
  return [
    each((ways) => (ways.length === 1 ? ways : ways.slice(0, -1))),
    each((ways) => ways.slice(-1)),
  ];
}
