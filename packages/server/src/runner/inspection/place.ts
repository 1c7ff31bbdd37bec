import type { ProtobufReader, Span } from './protobuf-reader.ts';

/** What of a model can be named in a refusal. */
export type PartKind = 'function' | 'node' | 'attribute' | 'constant' | 'sparse constant';

/** One part that is being read; what is known of it when something is wrong with it. */
export interface Part {
  readonly kind: PartKind;
  /** Where its fields are. */
  readonly at: number;
  readonly end: number;
  /** Which of its kind it is, from 1; only counted for nodes. */
  readonly ordinal: number;
}

/** Fields that hold the name of a part, and of a node its operator. */
const nameFields: Readonly<Record<PartKind, number>> = {
  function: 1,
  node: 3,
  attribute: 1,
  constant: 8,
  // Of its values, the constant that is its first field.
  'sparse constant': 8,
};
const valuesField = 1;
const operatorField = 4;

const maxShown = 64;

/** Where something is, such as `node "conv1" (Conv), attribute "value"`; null at the outermost. */
export function describePlace(parts: readonly Part[], reader: ProtobufReader): string | null {
  const innermost = parts.findLastIndex(({ kind }) => kind === 'node' || kind === 'function');
  const shown = parts
    .slice(Math.max(0, innermost))
    // A tensor that is the value of an attribute needs no name of its own.
    .filter(
      ({ kind }, index, all) => !kind.endsWith('constant') || all[index - 1]?.kind !== 'attribute',
    );
  if (shown.length === 0) return null;
  return shown.map((part) => describePart(part, reader)).join(', ');
}

function describePart(part: Part, reader: ProtobufReader): string {
  const texts = readTexts(part, reader);
  const name = texts.get(nameFields[part.kind]);
  const quoted = name === undefined || name.length === 0 ? null : quote(reader.textOf(cut(name)));
  if (part.kind !== 'node') return quoted === null ? `a ${part.kind}` : `${part.kind} ${quoted}`;
  const operator = texts.get(operatorField);
  const shownOperator = operator === undefined ? '' : ` (${plain(reader.textOf(cut(operator)))})`;
  return `node ${quoted ?? part.ordinal}${shownOperator}`;
}

function readTexts({ kind, at, end }: Part, reader: ProtobufReader): ReadonlyMap<number, Span> {
  const texts = reader.peekTexts(at, end);
  if (kind !== 'sparse constant') return texts;
  const values = texts.get(valuesField);
  return values === undefined ? new Map() : reader.peekTexts(values.at, values.at + values.length);
}

/** A name that a model gives, as it may stand in a message: short, printable, in quotes. */
export function quote(name: string): string {
  return JSON.stringify(plain(name));
}

function plain(name: string): string {
  const shown = name.replaceAll(/[^\x20-\x7e]/g, '?');
  return shown.length > maxShown ? `${shown.slice(0, maxShown)}...` : shown;
}

/** One more than is shown, so that it shows that there was more. */
function cut({ at, length }: Span): Span {
  return { at, length: Math.min(length, maxShown + 1) };
}
