import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A page of the project as text. */
export function readPage(page: string): string {
  return readFileSync(`${root}/${page}`, 'utf8');
}

/** A text without its fenced blocks, in which a `#` is a comment. */
export function withoutBlocks(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, '');
}

/** The headings of a page, in order, at any depth. */
export function headings(page: string): string[] {
  return [...withoutBlocks(readPage(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!);
}

/** What a link to a heading has behind `#`, as GitHub forms it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** What stands under a heading, up to the next one of the same depth or a higher one. */
export function section(page: string, heading: string): string {
  const lines = readPage(page).split('\n');
  const start = lines.findIndex(
    (line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading,
  );
  if (start === -1) throw new Error(`${page} has no heading ${heading}`);
  const isEnd = new RegExp(`^#{1,${lines[start]!.indexOf(' ')}} `);
  const found: string[] = [];
  let inBlock = false;
  for (const line of lines.slice(start + 1)) {
    if (!inBlock && isEnd.test(line)) break;
    if (line.startsWith('```')) inBlock = !inBlock;
    found.push(line);
  }
  return found.join('\n');
}

/** A text without the backquotes around all of it. */
export function unquoted(text: string): string {
  return text.replace(/^`([^`]*)`$/, '$1');
}

/** The rows of the tables in a text, without heads; cells are unquoted. */
export function tableRows(text: string): string[][] {
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.slice(1, -1).split(/(?<!\\)\|/));
  return rows
    .filter((row, at) => !isRule(row) && !isRule(rows[at + 1]))
    .map((row) => row.map((cell) => unquoted(cell.trim())));
}

function isRule(row: readonly string[] | undefined): boolean {
  return row?.every((cell) => /^ :?-+:? $/.test(cell)) === true;
}

/** The fenced blocks of a language in a text. */
export function fenced(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, block]) => block!,
  );
}
