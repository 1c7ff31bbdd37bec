import type { CaseTable } from './case.ts';

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
