import { TomlDate, TomlError, parse } from 'smol-toml';
import { ManifestError } from './manifest-error.ts';

const maxCharacters = 1024 * 1024;
const maxDepth = 16;

/** Parses a manifest's text into its top-level table. */
export function parseToml(text: string): TomlTable {
  if (text.length > maxCharacters) {
    throw new ManifestError(
      null,
      `expected at most ${maxCharacters} characters, found ${text.length}`,
    );
  }
  try {
    // Integers as bigint, because 1 and 1.0 are the same number in JavaScript but not in TOML.
    const table = parse(text, { integersAsBigInt: true, maxDepth });
    refuseImpossibleDays(text);
    return new TomlTable('', table);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [problem = ''] = error.message.replace('Invalid TOML document: ', '').split('\n');
    throw new ManifestError(null, `line ${error.line}, column ${error.column}: ${problem}`);
  }
}

/** The library reads February 30 as March 2, so the days are judged where they are written. */
function refuseImpossibleDays(text: string): void {
  const days =
    /"""(?:[^\\]|\\[^])*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#.*|(?<day>\d{4}-\d{2}-\d{2})/g;
  for (const { groups } of text.matchAll(days)) {
    const day = groups?.['day'];
    if (day !== undefined && !isDay(day)) throw new ManifestError(null, `there is no day ${day}`);
  }
}

function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/**
 * Reads the keys of one table, each once. Every reader returns `undefined` for an absent key, and
 * {@link end} refuses the keys that nobody asked for.
 */
export class TomlTable {
  readonly #path: string;
  readonly #values: Map<string, unknown>;

  constructor(path: string, table: object) {
    this.#path = path;
    this.#values = new Map(Object.entries(table));
  }

  /** Whether any of these keys is left to read. */
  has(...keys: readonly string[]): boolean {
    return keys.some((key) => this.#values.has(key));
  }

  text(key: string): string | undefined {
    return this.#take(key, 'a text', (value) => (typeof value === 'string' ? value : null));
  }

  boolean(key: string): boolean | undefined {
    return this.#take(key, 'true or false', (value) => (typeof value === 'boolean' ? value : null));
  }

  /** A whole number from 0 to `max`. */
  integer(key: string, max: number): number | undefined {
    return this.#take(key, `a whole number from 0 to ${max}`, (value) =>
      typeof value === 'bigint' && value >= 0n && value <= BigInt(max) ? Number(value) : null,
    );
  }

  /** A moment: a date, which begins at 00:00 UTC, or a date and time with its offset. */
  date(key: string): Date | undefined {
    return this.#take(key, 'a date, or a date and time with an offset', (value) => {
      if (!(value instanceof TomlDate)) return null;
      if (value.isDate()) return new Date(`${value.toISOString()}T00:00:00Z`);
      return value.isDateTime() && !value.isLocal() ? new Date(value.getTime()) : null;
    });
  }

  /** An array of texts, each read by `read`, which returns `null` for one that will not do. */
  texts<Item>(
    key: string,
    expected: string,
    read: (text: string) => Item | null,
  ): readonly Item[] | undefined {
    return this.#take(key, `an array of ${expected}, at least one and none twice`, (value) => {
      if (!Array.isArray(value) || value.length === 0) return null;
      const items = value.map((text: unknown, index) => {
        const item = typeof text === 'string' ? read(text) : null;
        if (item === null) this.refuse(`${key}[${index}]`, expected, text);
        return item;
      });
      return new Set(items).size === items.length ? items : null;
    });
  }

  /** An array with one text for each of these fields, in their order. */
  tuple<Item>(
    key: string,
    fields: readonly {
      readonly expected: string;
      readonly read: (text: string) => Item | null;
    }[],
  ): readonly Item[] | undefined {
    return this.#take(key, `an array of ${fields.length} texts`, (value) => {
      if (!Array.isArray(value) || value.length !== fields.length) return null;
      return fields.map(({ expected, read }, index) => {
        const text: unknown = value[index];
        const item = typeof text === 'string' ? read(text) : null;
        return item ?? this.refuse(`${key}[${index}]`, expected, text);
      });
    });
  }

  /** A text that `read` turns into something else, returning `null` for one that will not do. */
  parsed<Item>(
    key: string,
    expected: string,
    read: (text: string) => Item | null,
  ): Item | undefined {
    return this.#take(key, expected, (value) => (typeof value === 'string' ? read(value) : null));
  }

  /** A table; an absent one is empty. */
  table(key: string): TomlTable {
    const table = this.#take(key, 'a table', (value) => (isTable(value) ? value : null));
    return new TomlTable(this.path(key), table ?? {});
  }

  /** An array of tables; an absent one is empty. */
  tables(key: string): readonly TomlTable[] {
    const tables = this.#take(key, `an array of tables, written [[${key}]]`, (value) =>
      Array.isArray(value) && value.every(isTable) ? value : null,
    );
    return (tables ?? []).map(
      (table, index) => new TomlTable(this.path(`${key}[${index}]`), table),
    );
  }

  /** The value of a key that must be there. */
  required<Value>(key: string, value: Value | undefined): Value {
    if (value === undefined) throw new ManifestError(this.path(key), 'required, found nothing');
    return value;
  }

  /** Refuses a key for what was found there. */
  refuse(key: string, expected: string, found: unknown): never {
    throw new ManifestError(this.path(key), `expected ${expected}, found ${describe(found)}`);
  }

  /** Refuses what is left over. */
  end(): void {
    for (const key of this.#values.keys()) {
      throw new ManifestError(this.path(key), 'unknown key');
    }
  }

  /** The path of a key from the top of the file. */
  path(key: string): string {
    const name = /^[\w-]+(?:\[\d+\])?$/.test(key) ? key : quote(key.slice(0, 40));
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #take<Value>(
    key: string,
    expected: string,
    read: (value: unknown) => Value | null,
  ): Value | undefined {
    if (!this.#values.has(key)) return undefined;
    const found = this.#values.get(key);
    this.#values.delete(key);
    const value = read(found);
    return value ?? this.refuse(key, expected, found);
  }
}

function isTable(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}

/** Printable ASCII only: a manifest may be somebody else's, and errors are shown on terminals. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[^\x20-\x7e]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function describe(value: unknown): string {
  if (typeof value === 'string') {
    return value.length <= 40 ? quote(value) : `a text of ${value.length} characters`;
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return `the float ${value}`;
  if (value instanceof Date) return 'a date or time';
  return Array.isArray(value) ? `an array of ${value.length}` : 'a table';
}
