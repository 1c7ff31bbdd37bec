import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { headings } from './support/markdown.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Whatever is programmed in the packages, tests included. */
const sources = readdirSync(join(root, 'packages')).flatMap((name) =>
  ['src', 'test'].flatMap((part) =>
    readdirSync(join(root, 'packages', name, part), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join('packages', name, part, file)),
  ),
);

/** A mention of a page, such as `wire.md §2, "How a client connects"`, and what of it is mentioned. */
interface Reference {
  readonly page: string;
  readonly sections: readonly string[];
}

const sectionPattern = /§\d+|"[^"]+"/g;
const referencePattern = /([\w/-]+\.md)((?:,? (?:and )?(?:§\d+|"[^"]+"))*)/g;

function referencesIn(source: string): Reference[] {
  // A comment goes on in the next line, behind an asterisk or two slashes.
  const text = source.replaceAll(/\n\s*(?:\*|\/\/) /g, ' ');
  return [...text.matchAll(referencePattern)].map(([, page, behind]) => ({
    page: page!,
    sections: behind!.match(sectionPattern) ?? [],
  }));
}

/** What of a reference is not there: a page or its sections. */
function missing({ page, sections }: Reference): string[] {
  const file = [page, join('docs', page)].find((each) => existsSync(join(root, each)));
  if (file === undefined) return [page];
  const known = headings(file).flatMap((heading) => {
    const [, number, title] = /^(?:(\d+)\. )?(.*)$/.exec(heading)!;
    return [`"${title!.replaceAll('`', '')}"`, ...(number === undefined ? [] : [`§${number}`])];
  });
  return sections.filter((each) => !known.includes(each)).map((each) => `${page} ${each}`);
}

const found = sources.flatMap((file) =>
  referencesIn(readFileSync(join(root, file), 'utf8')).map((reference): [string, Reference] => [
    `${file}: ${reference.page}`,
    reference,
  ]),
);

describe('a page that a comment refers to', () => {
  test.each(found)('%s is there, with its sections', (_, reference) => {
    expect(missing(reference)).toEqual([]);
  });
});

describe('a reference that leads nowhere', () => {
  test.each([
    ['a page', '/** See nowhere.md. */', ['nowhere.md']],
    ['a number', '// (wire.md §99)', ['wire.md §99']],
    ['a second number', '// wire.md §1 and §98', ['wire.md §98']],
    ['a section', '// trust.md, "Keyset" and "Trapdoors"', ['trust.md "Trapdoors"']],
    [
      'a section in the next line',
      '/**\n * wire.md §2,\n * "Nowhere".\n */',
      ['wire.md "Nowhere"'],
    ],
  ])('is noticed: %s', (_, comment, expected) => {
    expect(referencesIn(comment).flatMap(missing)).toEqual(expected);
  });
});
