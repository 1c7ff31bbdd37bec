import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { commandFile, serve, type Serving } from './support/command.ts';
import { anchorOf, headings } from './support/markdown.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (page: string): string => readFileSync(join(root, page), 'utf8');

/** The pages that users read. */
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  ...readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('examples', name)),
];

/** A fenced block of a page. After the language stands what the tests do with it. */
interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  /** `run`: this is run as it stands; a file name: this is what the reader saves under that name. */
  readonly purpose: string;
  readonly text: string;
}

const blocks: readonly Block[] = pages.flatMap((page) =>
  [...read(page).matchAll(/^```([a-z]+) ?(.*)\n([^]*?)^```$/gm)].map((match) => ({
    page,
    line: read(page).slice(0, match.index).split('\n').length,
    language: match[1]!,
    purpose: match[2]!,
    text: match[3]!,
  })),
);
const where = ({ page, line }: Block): string => `${page}:${line}`;
const inLanguage = (...languages: string[]): [string, Block][] =>
  blocks
    .filter(({ language }) => languages.includes(language))
    .map((block) => [where(block), block]);

describe('code blocks', () => {
  let folder: string;
  beforeAll(() => {
    // Below the root, so that the packages are found as a user's would be.
    folder = mkdtempSync(join(root, 'node_modules/.docs-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('in TypeScript and JavaScript have the right types', () => {
    const files = inLanguage('ts', 'js').map(([, { page, line, language, text }]) => {
      const file = `${page.replaceAll('/', '-')}-line-${line}.m${language}`;
      writeFileSync(join(folder, file), text);
      return file;
    });
    expect(files).not.toHaveLength(0);
    const compilerOptions = {
      target: 'es2023',
      module: 'nodenext',
      lib: ['es2023', 'dom'],
      types: ['node'],
      strict: true,
      allowJs: true,
      checkJs: true,
      skipLibCheck: true,
      noEmit: true,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const compile = () =>
      execFileSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
    expect(outcomeOf(compile)).toBe('');
  });
});

/** What a program prints, whether or not it succeeds. */
function outcomeOf(run: () => string): string {
  try {
    return run();
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe('commands', () => {
  const help = new Map<string, string>();
  const helpOf = (words: string[]): string => {
    const key = words.join(' ');
    const known =
      help.get(key) ??
      execFileSync(process.execPath, [commandFile, ...words, '--help'], { encoding: 'utf8' });
    help.set(key, known);
    return known;
  };

  test.each(inLanguage('sh'))('%s: commands and flags exist', (_, { text }) => {
    for (const line of text
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((each) => !each.startsWith('#'))) {
      for (const [, args] of line.matchAll(/\bblindai(?= +[a-z])([^|;&)>]*)/g)) {
        const words = args!.trim().split(/\s+/);
        const hasSubcommand =
          ['evidence', 'simulator'].includes(words[0]!) ||
          (words[0] === 'manifest' && /^[a-z]+$/.test(words[1] ?? '')) ||
          (words[0] === 'model' && words[1] === 'check');
        const name = words.slice(0, hasSubcommand ? 2 : 1);
        expect(helpOf([]), line).toMatch(new RegExp(`^  ${name[0]} `, 'm'));
        for (const flag of words.filter((word) => word.startsWith('--')))
          expect(helpOf(name), line).toMatch(new RegExp(`${flag.split('=')[0]}(?![a-z-])`));
      }
      for (const [, script] of line.matchAll(/\bnpm run (?:--silent )?([a-z:]+)/g))
        expect(
          Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts),
          line,
        ).toContain(script);
    }
  });
});

describe('links', () => {
  test.each(pages)('%s: what it points to is there', (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    for (const target of targets.filter((each) => !/^[a-z]+:/.test(each))) {
      const [path, anchor] = target.split('#') as [string, string?];
      const file = path === '' ? page : join(dirname(page), path);
      expect(existsSync(join(root, file)), `${page} → ${target}`).toBe(true);
      if (anchor !== undefined)
        expect(headings(file).map(anchorOf), `${page} → ${target}`).toContain(anchor);
    }
  });
});

describe('what a page lets its reader run', () => {
  let server: Serving;
  beforeAll(async () => {
    server = await serve();
  });
  afterAll(() => server.stop());

  /** What running a page must print, in this order. */
  const printed: Record<string, readonly RegExp[]> = {
    'README.md': [/^P\(malignant\) = 0\.9543\d+$/],
    'docs/get-started.md': [
      /ACCEPTED/,
      /REFUSED by measurement/,
      /^exit code 2$/,
      /^sha256 of the model: caad5643/,
      /^P\(malignant\) = 0\.9543\d+ and the diagnosis was: malignant$/,
      /^refused: the model is gone$/,
      /0\.9543/,
    ],
    'docs/upload-a-model.md': [
      /^3590 of 3590 bytes$/,
      /^sha256 caad5643/,
      /^uploaded from a stream, and deleted$/,
      /^breast-cancer ready caad5643$/,
      /^taken back$/,
      /^size +3,590 bytes$/,
      /^ACCEPTED$/,
    ],
    'docs/isolation.md': [/^isolation (?:sandboxed|separated|none), found by trying in \d+ ms$/],
    'docs/run-a-model.md': [
      /^probability FP32 \[ 1 \] \[ 0\.9543\d+ \]$/,
      /^takes measurements FP32 \[ -1, 30 \]$/,
      /^gives probability FP32 \[ -1 \]$/,
      /^state: ready$/,
      ...Array<RegExp>(5).fill(/^0\.9543\d+$/),
      /^ran the model with that hash$/,
      /^with another hash: not-found$/,
      /0\.9543/,
      /^refused with exit code 1$/,
    ],
    'docs/verify-a-server.md': [
      /^ACCEPTED/,
      /^weakened: trust-anchor$/,
      /^refused by trust-anchor$/,
      /✓ report-data .* nonce/,
      /^ACCEPTED/,
    ],
    'docs/write-a-manifest.md': [
      /^mr_enclave = "[0-9a-f]{64}"$/,
      /^not the pinned manifest: bad-manifest$/,
      /^accepted: accept$/,
      /^ACCEPTED/,
      /^ {2}accepts .*an SGX enclave with MRENCLAVE [0-9a-f]{64}$/,
      /^VALID, 1 weakened$/,
    ],
    'docs/simulation.md': [
      /^nothing that matters may be sent here$/,
      /^REFUSED by tcb-status/,
      /^exit code 2$/,
      /^REFUSED by certificate-revoked/,
      /^exit code 2$/,
    ],
    'docs/command-line.md': [/^64: nothing says what to accept$/, /^69: nobody listens there$/],
  };
  const pagesThatRun = [
    ...new Set(blocks.filter(({ purpose }) => purpose !== '').map(({ page }) => page)),
  ];

  test('are all known here', () => {
    expect(pagesThatRun.toSorted()).toEqual(Object.keys(printed).toSorted());
  });

  // In the order of the page and in one folder, as a reader would; only the ports are those of the test's server.
  test.each(pagesThatRun)('%s', { timeout: 180_000 }, async (page) => {
    const folder = mkdtempSync(join(tmpdir(), 'blindai-docs-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    cpSync(join(root, 'examples/breast-cancer'), join(folder, 'examples/breast-cancer'), {
      recursive: true,
    });
    let script = 'set -euo pipefail\n';
    for (const block of blocks.filter((each) => each.page === page && each.purpose !== '')) {
      if (block.purpose === 'run' && block.language === 'sh') script += `${block.text}\n`;
      else {
        const file = block.purpose === 'run' ? `line-${block.line}.mjs` : block.purpose;
        writeFileSync(join(folder, file), withPorts(block.text, server));
        if (block.purpose === 'run') script += `node ${file}\n`;
      }
    }
    const environment = {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
      XDG_CONFIG_HOME: join(folder, 'config'),
      BLINDAI_UNATTESTED_PORT: String(server.portOptions.unattestedPort),
      BLINDAI_ATTESTED_PORT: String(server.portOptions.attestedPort),
      BLINDAI_MANAGEMENT_PORT: String(server.portOptions.managementPort),
    };
    const { stdout } = await promisify(execFile)('bash', ['-c', script], {
      cwd: folder,
      env: environment,
    });
    const lines = stdout.split('\n');
    for (const wanted of printed[page]!) {
      const found = lines.findIndex((line) => wanted.test(line));
      expect(found, `${wanted} in what follows of\n${stdout}`).toBeGreaterThanOrEqual(0);
      lines.splice(0, found + 1);
    }
  });
});

/** A program for the default ports, changed to the server's. */
function withPorts(program: string, server: Serving): string {
  const ports = JSON.stringify(server.portOptions).slice(1, -1);
  return program.replaceAll(/(connect|verifyServer)\('localhost', \{/g, `$&${ports},`);
}

describe('the quick tour in the README', () => {
  test('prints what the README shows', async () => {
    const tour = join(root, 'examples/dist/quicktour/quicktour.js');
    const { stdout } = await promisify(execFile)(process.execPath, [tour]);
    const shown = blocks.find(
      ({ page, text }) => page === 'README.md' && text.includes('PixelHealth verifies'),
    );
    expect(shown?.text.trim().split('\n').map(withoutChance)).toEqual(
      stdout.trim().split('\n').map(withoutChance),
    );
  });
});

/** A line without what differs between two runs, builds or versions of Node. */
function withoutChance(line: string): string {
  return line
    .replace(/\d+ ms$/, 'N ms')
    .replace(/in [\d.]+ s\.$/, 'in N s.')
    .replace(/ports \d+, \d+ and \d+$/, 'ports N, N and N')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
    .replace(/quote v3 of \d+ bytes/, 'quote v3 of N bytes')
    .replace(/X25519(?:MLKEM768)?/, 'GROUP')
    .replace(/isolation (?:sandboxed|separated|none)/, 'isolation LEVEL')
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'ID')
    .replace(/(MRENCLAVE|mr_enclave) [0-9a-f]{64}/, '$1 HEX')
    .replaceAll(/ +/g, ' ');
}
