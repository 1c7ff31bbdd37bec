import { printable } from './fields.ts';
import type { TomlTable } from './toml-table.ts';

/** Everything that a measurement can cover of the software that runs. */
export const covers = ['firmware', 'kernel', 'initrd', 'cmdline', 'rootfs'] as const;

/**
 * What a measurement really covers of the software that runs.
 *
 * @useDeclaredType
 */
export type Cover = (typeof covers)[number];

/** What every entry has, whatever its TEE: a tuple, all of which must hold at once. Values of two entries never mix. */
export interface AnyEntry {
  /** Printed in the report. */
  readonly name: string | null;
  readonly covers: readonly Cover[];
  /** From this moment on the entry matches nothing; `null`: no end. */
  readonly until: Date | null;
}

/** @param allByDefault - What `covers` is where the entry does not say it; `null`: it must. */
export function parseAnyEntry(table: TomlTable, allByDefault: readonly Cover[] | null): AnyEntry {
  const stated = table.texts('covers', `one of ${covers.join(', ')}`, coverOf);
  return {
    name: printable(table, 'name') ?? null,
    covers: table.required('covers', stated ?? allByDefault ?? undefined),
    until: table.date('until') ?? null,
  };
}

function coverOf(text: string): Cover | null {
  return covers.find((cover) => cover === text) ?? null;
}
