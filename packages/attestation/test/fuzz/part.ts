import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { derOf, pemOf } from '../pem-der.ts';
import { der, encodeDer, parseDer } from './mutate/der.ts';
import { jsonStructure } from './mutate/json.ts';
import type { Change, Kind } from './mutate/kind.ts';
import { labelOf, pem } from './mutate/pem.ts';
import { plainText } from './mutate/text.ts';
import type { Random } from './random.ts';
import type { Submission } from './submission.ts';

/** Where something stands: in a submission, or in something that does. */
export interface Lens<Value> {
  /** `null` where it is no longer found. */
  readonly read: (submission: Submission) => Value | null;
  /** Puts another in its place; lengths around it follow. */
  readonly write: (submission: Submission, value: Value) => Submission;
}

/** The evidence itself. */
export const evidence: Lens<Bytes> = {
  read: (submission) => submission.evidence,
  write: (submission, value) => ({ ...submission, evidence: value }),
};

/** A member of endorsements that are an object, where it is text. */
export function textMember(name: string): Lens<string> {
  return member(name, (value) => typeof value === 'string');
}

/** A member of endorsements that are an object, where it is bytes. */
export function bytesMember(name: string): Lens<Bytes> {
  return member(name, (value) => value instanceof Uint8Array);
}

function member<Value>(name: string, isOfType: (value: unknown) => boolean): Lens<Value> {
  return {
    read: (submission) => {
      const value = membersOf(submission)[name];
      return isOfType(value) ? (value as Value) : null;
    },
    write: (submission, value) => ({
      ...submission,
      endorsements: { ...membersOf(submission), [name]: value },
    }),
  };
}

type Members = Readonly<Record<string, unknown>>;

function membersOf({ endorsements }: Submission): Members {
  return typeof endorsements === 'object' && endorsements !== null ? (endorsements as Members) : {};
}

/** What stands inside of what a lens finds. What cannot be read there counts as not found. */
export function inside<Outer, Inner>(
  outer: Lens<Outer>,
  read: (value: Outer) => Inner | null,
  write: (value: Outer, inner: Inner) => Outer,
): Lens<Inner> {
  return {
    read: (submission) => {
      const value = outer.read(submission);
      return value === null ? null : attempt(() => read(value));
    },
    write: (submission, inner) => {
      const value = outer.read(submission);
      return value === null ? submission : outer.write(submission, write(value, inner));
    },
  };
}

function attempt<Value>(read: () => Value | null): Value | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** The DER of a block in a PEM text. */
export function pemBlock(text: Lens<string>, index: number): Lens<Bytes> {
  return inside(
    text,
    (value) => derOf(value)[index] ?? null,
    (value, block) => pemOf(labelOf(value) ?? '', ...derOf(value).with(index, block)),
  );
}

/** The DER in a hexadecimal text. */
export function hexBytes(text: Lens<string>): Lens<Bytes> {
  return inside(
    text,
    (value) =>
      /^(?:[0-9a-f]{2})+$/i.test(value) ? new Uint8Array(Buffer.from(value, 'hex')) : null,
    (_, bytes) => Buffer.from(bytes).toString('hex'),
  );
}

/** The signed body of a certificate or CRL. */
export function signedBody(certificate: Lens<Bytes>): Lens<Bytes> {
  return inside(
    certificate,
    (value) => parseDer(value)?.children[0]?.encoding ?? null,
    (value, body) => {
      const [, ...rest] = parseDer(value)!.children;
      return encodeDer(0x30, body, ...rest.map(({ encoding }) => encoding));
    },
  );
}

/** Something in a submission that can be changed. */
export interface Part {
  readonly name: string;
  /** Every small change of it; none where it is not found. */
  readonly changes: (submission: Submission, everyBit: boolean) => readonly Change<Submission>[];
  /** All of it is tried as other parts, or in another format: here a slice is enough. Default false. */
  readonly isElsewhere?: boolean;
  /** A change at random; the submission as it was where the part is not found. */
  readonly mutate: (submission: Submission, random: Random, other: Submission) => Submission;
}

/** @param kind - How it is changed. */
export function part<Value>(name: string, kind: Kind<Value>, { read, write }: Lens<Value>): Part {
  return {
    name,
    changes: (submission, everyBit) => {
      const value = read(submission);
      if (value === null) return [];
      return kind.changes(value, everyBit).map((change) => ({
        name: `${name}: ${change.name}`,
        make: () => write(submission, change.make()),
      }));
    },
    mutate: (submission, random, other) => {
      const value = read(submission);
      if (value === null) return submission;
      return write(submission, kind.mutate(value, random, read(other) ?? value));
    },
  };
}

/** A JSON text with parts that are tried by themselves: its structure, and a slice of its characters. */
export function jsonParts(name: string, text: Lens<string>): Part[] {
  return [part(name, jsonStructure, text), ...elsewhere([part(`${name}, text`, plainText, text)])];
}

/** The parts of another format, inside of this one. */
export function elsewhere<Each extends Part>(parts: readonly Each[]): Each[] {
  return parts.map((each) => ({ ...each, isElsewhere: true }));
}

/** A PEM text of so many blocks, and the DER of each. */
export function pemParts(name: string, text: Lens<string>, blocks: number): Part[] {
  return [
    part(name, pem, text),
    ...Array.from({ length: blocks }, (_, index) =>
      part(`${name}, block ${index}`, der, pemBlock(text, index)),
    ),
  ];
}

/** Members of endorsements that are an object: dropped, doubled in value, taken from elsewhere, of other types. */
export function memberParts(name: string): Part {
  return {
    name,
    changes: (submission) => [
      ...editsOf(membersOf(submission), {}).map(([edit, endorsements]) => ({
        name: `${name}: ${edit}`,
        make: () => ({ ...submission, endorsements }),
      })),
      ...[...otherForms(membersOf(submission)), ...shapes].map((endorsements, index) => ({
        name: `${name}: another shape (${index})`,
        make: () => ({ ...submission, endorsements }),
      })),
    ],
    mutate: (submission, random, other) => {
      const all = editsOf(membersOf(submission), membersOf(other));
      return all.length === 0 ? submission : { ...submission, endorsements: random.pick(all)[1] };
    },
  };
}

const shapes: readonly unknown[] = [
  undefined,
  null,
  0,
  true,
  '',
  'x',
  '{}',
  [],
  {},
  new Map(),
  new Uint8Array(),
];

/** The same members in the other forms that endorsements have. */
function otherForms(members: Members): readonly unknown[] {
  const text = JSON.stringify(members, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
  return [new Map(Object.entries(members)), text, new TextEncoder().encode(text)];
}

const otherTypes: readonly unknown[] = [undefined, null, 0, 1, true, '', [], {}, new Uint8Array()];

function editsOf(members: Members, others: Members): readonly (readonly [string, Members])[] {
  const names = Object.keys(members);
  return Object.entries(members).flatMap(([name, value]): [string, Members][] => {
    const { [name]: _, ...rest } = members;
    const inItsPlace = (what: string, other: unknown): [string, Members] => [
      `${what} in place of ${name}`,
      { ...members, [name]: other },
    ];
    return [
      [`without ${name}`, rest],
      [`${name} in upper case`, { ...rest, [name.toUpperCase()]: value }],
      [`one more than ${name}`, { ...members, [`${name}_`]: value }],
      inItsPlace('that of another seed', others[name] ?? null),
      ...names.filter((each) => each !== name).map((each) => inItsPlace(each, members[each])),
      ...otherTypes.map((other) => inItsPlace('another type', other)),
    ];
  });
}
