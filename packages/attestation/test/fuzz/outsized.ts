import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { pemOf } from '../pem-der.ts';
import { concat } from './mutate/bytes.ts';
import { encodeDer, parseDer } from './mutate/der.ts';

const mebibyte = 1024 * 1024;

/** Texts as long as a reader may be given, each costly to one that goes about it the wrong way. */
export function longTexts(label: string): readonly (readonly [name: string, text: string])[] {
  const block = pemOf(label, new Uint8Array(768));
  const begin = `-----BEGIN ${label}-----\n`;
  return [
    ['1 MiB of A', 'A'.repeat(mebibyte)],
    ['5 MiB of A', 'A'.repeat(5 * mebibyte)],
    ['1 MiB of line feeds', '\n'.repeat(mebibyte)],
    ['1 MiB of spaces before PEM', ' '.repeat(mebibyte - block.length) + block],
    ['1 MiB of beginnings', begin.repeat(Math.floor(mebibyte / begin.length))],
    ['1 MiB of blocks', block.repeat(Math.floor(mebibyte / block.length))],
    ['1 MiB in one block', pemOf(label, new Uint8Array(700_000))],
    ['4 MiB of brackets', '['.repeat(4 * mebibyte - 1)],
    ['4 MiB of an object', `{"a":"${'\\\\'.repeat(2 * mebibyte - 10)}"}`],
    [
      'many members',
      `{${Array.from({ length: 100_000 }, (_, index) => `"${index}":0`).join(',')}}`,
    ],
    ['many digits', `{"ek":${'9'.repeat(mebibyte)}}`],
  ];
}

/** A CRL that lists as much as fits into so many bytes; its signature is another's. */
export function longCrl(genuine: Bytes, length: number): Bytes {
  const [body, ...rest] = parseDer(genuine)!.children;
  const [version, algorithm, issuer, from, to, ...others] = body!.children;
  const entry = (number: number): Bytes =>
    encodeDer(
      0x30,
      encodeDer(0x02, Uint8Array.of(1, number >> 16, (number >> 8) & 0xff, number & 0xff)),
      from!.encoding,
    );
  const size = entry(0).length;
  const entries = new Uint8Array(size * Math.floor(length / size));
  for (let number = 0; number < entries.length / size; number++) {
    entries.set(entry(number), number * size);
  }
  const head = [version, algorithm, issuer, from, to].map((each) => each!.encoding);
  const extensions = others.filter(({ tag }) => tag === 0xa0).map(({ encoding }) => encoding);
  const changed = encodeDer(0x30, ...head, encodeDer(0x30, entries), ...extensions);
  return encodeDer(0x30, changed, ...rest.map(({ encoding }) => encoding));
}

/** Something with bytes in it up to a length: zeros, 0xff, and itself. */
export function longBytes(genuine: Bytes, length: number): readonly (readonly [string, Bytes])[] {
  const repeated = concat(...Array<Bytes>(Math.ceil(length / genuine.length)).fill(genuine));
  return [
    [`${length} zeros`, new Uint8Array(length)],
    [`${length} bytes 0xff`, new Uint8Array(length).fill(0xff)],
    [`itself up to ${length} bytes`, repeated.slice(0, length)],
    [
      `zeros after it up to ${length} bytes`,
      concat(genuine, new Uint8Array(Math.max(0, length - genuine.length))),
    ],
    ['nothing', new Uint8Array()],
  ];
}
