import type { Change, Kind } from './kind.ts';
import { mutateText, textChanges } from './text.ts';
import { mutateTree, type Tree, treeChanges } from './tree.ts';

/** A JSON text: its characters, its values, and its members. */
export const json: Kind<string> = {
  changes: (text, everyBit) => [...textChanges(text, everyBit), ...jsonChanges(text)],
  mutate: (text, random, other) => {
    const tree = random.below(2) === 0 ? parseJsonTree(text) : null;
    return tree ? mutateTree(tree, random) : mutateText(text, random, other);
  },
};

/** A JSON text whose characters are tried elsewhere. */
export const jsonStructure: Kind<string> = { ...json, changes: (text) => jsonChanges(text) };

/** Members and elements doubled, dropped, reordered; values of other types; texts that go deep. */
function jsonChanges(text: string): Change<string>[] {
  const tree = parseJsonTree(text);
  return [
    ...(tree ? treeChanges(tree) : []),
    { name: 'arrays nested 100000 deep', make: () => '['.repeat(100_000) },
    { name: 'objects nested 50000 deep', make: () => '{"a":'.repeat(50_000) },
    { name: 'spaces around it', make: () => ` \t\r\n${text}\n\n` },
  ];
}

/** Takes a text apart; `null` if it is none of JSON. */
export function parseJsonTree(text: string): Tree<string> | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  return new Parser(text).parse();
}

/** Of a text that is known to be JSON. */
class Parser {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Tree<string> {
    this.#space();
    return this.#value();
  }

  #value(): Tree<string> {
    const start = this.#position;
    const first = this.#text[start];
    if (first === '{') return this.#container(start, '{', '}', () => this.#member());
    if (first === '[') return this.#container(start, '[', ']', () => this.#value());
    const [token] = this.#match(first === '"' ? /"(?:[^"\\]|\\.)*"/y : /[^,\]}\s]+/y);
    return leaf(token);
  }

  #container(start: number, left: string, right: string, read: () => Tree<string>): Tree<string> {
    const children: Tree<string>[] = [];
    this.#position++;
    for (;;) {
      this.#space();
      if (this.#text[this.#position] === right) break;
      children.push(read());
      this.#space();
      if (this.#text[this.#position] === ',') this.#position++;
    }
    this.#position++;
    const around = (values: readonly string[]): string => left + values.join(',') + right;
    const encoding = this.#text.slice(start, this.#position);
    return {
      name: left === '{' ? 'object' : 'array',
      encoding,
      children,
      around,
      lies: () => containerLies(encoding, left, right),
    };
  }

  #member(): Tree<string> {
    const start = this.#position;
    const [name] = this.#match(/"(?:[^"\\]|\\.)*"/y);
    this.#match(/\s*:\s*/y);
    const value = this.#value();
    return {
      name,
      encoding: this.#text.slice(start, this.#position),
      children: [value],
      around: (values) => `${name}:${values.join(',')}`,
      lies: () => memberLies(name, value.encoding),
    };
  }

  #space(): void {
    this.#match(/\s*/y);
  }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text)!;
    this.#position += match[0].length;
    return match;
  }
}

function leaf(token: string): Tree<string> {
  return {
    name: 'value',
    encoding: token,
    children: [],
    around: () => token,
    lies: () =>
      inItsPlace([...otherValues(token), ...(token.startsWith('"') ? strings(token) : numbers)]),
  };
}

const numbers = [
  '-0',
  '-1',
  '0.0',
  '1e0',
  '1E999',
  '01',
  '0x1',
  '256',
  '65536',
  '9007199254740993',
  'NaN',
];

function otherValues(token: string): readonly string[] {
  return ['null', 'true', '0', '""', '[]', '{}', `[${token}]`, `{"a":${token}}`, ''];
}

/** The first character of a text, escaped. */
function escaped(text: string): string {
  return `\\u${text.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The same string written otherwise, and others. */
function strings(token: string): readonly string[] {
  const value = JSON.parse(token) as string;
  return [
    ...(value === '' ? [] : [`"${escaped(value)}${JSON.stringify(value.slice(1)).slice(1)}`]),
    ...[' ', '\0', '\n', '\ud800', '=', 'A'].map((added) => JSON.stringify(value + added)),
    JSON.stringify(` ${value}`),
    JSON.stringify(value.toUpperCase()),
    JSON.stringify(value.toLowerCase()),
    `"${value}\n"`,
    '"\\x"',
    "'a'",
    `"${'A'.repeat(200_000)}"`,
  ];
}

function containerLies(encoding: string, left: string, right: string): Change<string>[] {
  const inner = encoding.slice(1, -1);
  return inItsPlace([
    'null',
    '0',
    '""',
    left === '{' ? '[]' : '{}',
    `${left}${inner},${right}`,
    `${left},${inner}${right}`,
    `${left}${inner}${right}${right}`,
    `${left}${inner}`,
  ]);
}

function memberLies(name: string, value: string): Change<string>[] {
  const inner = JSON.parse(name) as string;
  const names = [`${inner} `, inner.toUpperCase(), `${inner}\0`, '__proto__', 'constructor', ''];
  const rewritten = `"${escaped(inner)}${name.slice(2)}`;
  return [
    ...inItsPlace(names.map((other) => `${JSON.stringify(other)}:${value}`)),
    ...inItsPlace(names.map((other) => `${name}:${value},${JSON.stringify(other)}:${value}`)),
    ...(/^"\w/.test(name)
      ? inItsPlace([`${rewritten}:${value}`, `${name}:${value},${rewritten}:${value}`])
      : []),
    ...inItsPlace([
      `${name}:null,${name}:${value}`,
      `${name}:${value},${name}:null`,
      name,
      `:${value}`,
    ]),
  ];
}

function inItsPlace(texts: readonly string[]): Change<string>[] {
  return texts.map((text) => ({
    name: `${JSON.stringify(text.slice(0, 24))} in its place`,
    make: () => text,
  }));
}
