import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Who may import whom: the whole graph. What is not listed is forbidden. */
const mayImport: Record<string, readonly string[]> = {
  attestation: [],
  protocol: [],
  simulator: [],
  client: ['attestation', 'protocol'],
  server: ['protocol', 'simulator'],
  cli: ['attestation', 'protocol', 'simulator', 'client', 'server'],
};

/** Entry points that must run in a browser: no module of Node's may be reachable from them. */
const browserSafe = [
  'packages/attestation/src/index.ts',
  'packages/attestation/src/simulation.ts',
  'packages/protocol/src/index.ts',
  'packages/client/src/index.ts',
];

/** Programs that hold hostile input or keys, and what of ours they may reach. */
const runnerReach = [
  'packages/server/src/runner',
  'packages/server/src/inference',
  'packages/server/src/platform',
  'packages/server/src/models',
];

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** A file without its comments. */
function code(file: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  return text.replaceAll(/\/\*[^]*?\*\/|(?<!:)\/\/.*/g, '');
}

function importsOf(file: string): string[] {
  const text = code(file);
  const pattern =
    /^\s*(?:import|export)\s[^'"`;]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|\brequire\(\s*['"]([^'"]+)['"]\s*\)/gm;
  return [...text.matchAll(pattern)].map(
    (match) => (match[1] ?? match[2] ?? match[3] ?? match[4])!,
  );
}

/** Every file reachable from an entry by relative imports and by imports of our packages, with the outside names met. */
function reach(entry: string): { files: Set<string>; outside: Map<string, string> } {
  const files = new Set<string>();
  const outside = new Map<string, string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const name of importsOf(file)) {
      if (name.startsWith('.')) visit(relative(root, resolve(root, dirname(file), name)));
      else if (name.startsWith('@blindai/')) visit(entryOf(name));
      else outside.set(name, file);
    }
  };
  visit(entry);
  return { files, outside };
}

function entryOf(name: string): string {
  const [, short, ...rest] = name.split('/');
  const folder = `packages/${short}`;
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    exports: Record<string, { default: string }>;
  };
  const subpath = rest.length === 0 ? '.' : `./${rest.join('/')}`;
  const target = manifest.exports[subpath];
  if (target === undefined) throw new Error(`${name} is not exported`);
  return join(folder, target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
}

describe('the import graph', () => {
  test.each(Object.entries(mayImport))('%s imports only what the table allows', (name, allowed) => {
    const manifest = JSON.parse(
      readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
    ) as {
      dependencies: Record<string, string>;
    };
    const own = name === 'cli' ? 'blindai' : `@blindai/${name}`;
    const declared = Object.keys(manifest.dependencies);
    for (const file of sources(`packages/${name}/src`)) {
      for (const imported of importsOf(file)) {
        if (imported.startsWith('.')) {
          const target = relative(root, resolve(root, dirname(file), imported));
          expect(target, `${file} leaves its package`).toMatch(
            new RegExp(`^packages/${name}/src/`),
          );
          expect(existsSync(join(root, target)), `${file} imports ${imported}`).toBe(true);
        } else if (!imported.startsWith('node:')) {
          const [scope, second] = imported.split('/');
          const dependency = scope!.startsWith('@') ? `${scope}/${second}` : scope!;
          expect(dependency, `${file} imports its own package by name`).not.toBe(own);
          expect(declared, `${file} imports ${imported}`).toContain(dependency);
          if (dependency.startsWith('@blindai/'))
            expect(allowed, `${file} imports ${imported}`).toContain(
              dependency.slice('@blindai/'.length),
            );
        }
      }
    }
  });

  test('every dependency declared is one that is imported', () => {
    for (const name of Object.keys(mayImport)) {
      const manifest = JSON.parse(
        readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
      ) as {
        dependencies: Record<string, string>;
      };
      const imported = new Set(sources(`packages/${name}/src`).flatMap(importsOf));
      for (const dependency of Object.keys(manifest.dependencies))
        expect(
          [...imported].some((each) => each === dependency || each.startsWith(`${dependency}/`)),
          `${name} declares ${dependency} and never imports it`,
        ).toBe(true);
    }
  });

  test.each(browserSafe)('%s reaches nothing of Node', (entry) => {
    const { files, outside } = reach(entry);
    expect(files.size).toBeGreaterThan(1);
    for (const [name, file] of outside)
      expect(name, `imported by ${file}`).not.toMatch(/^node:|^undici$/);
    for (const file of files)
      expect(code(file), `${file} names a global of Node`).not.toMatch(
        /\b(?:Buffer|process|require)\b[.(]/,
      );
  });

  test('the simulator is out of reach of client and verifier, and its root of the main entry', () => {
    for (const entry of [
      'packages/client/src/node/index.ts',
      'packages/attestation/src/index.ts',
    ]) {
      const { files } = reach(entry);
      expect(
        [...files].filter(
          (file) => file.startsWith('packages/simulator') || file.startsWith('packages/server'),
        ),
      ).toEqual([]);
    }
    expect([...reach('packages/attestation/src/index.ts').files]).not.toContain(
      'packages/attestation/src/simulation.ts',
    );
  });

  test('a runner reaches neither sockets nor keys nor routes', () => {
    const { files, outside } = reach('packages/server/src/runner/main.ts');
    for (const file of files)
      if (file.startsWith('packages/server/'))
        expect(
          runnerReach.some((folder) => file.startsWith(folder)),
          `the runner reaches ${file}`,
        ).toBe(true);
    for (const name of [
      'node:http',
      'node:https',
      'node:net',
      'node:tls',
      'node:child_process',
      '@peculiar/x509',
      'hono',
    ])
      expect([...outside.keys()], `the runner reaches ${name}`).not.toContain(name);
  });

  test('only the log and the command line write', () => {
    const writers = Object.keys(mayImport)
      .flatMap((name) => sources(`packages/${name}/src`))
      .filter((file) => /\bconsole\.|process\.(?:stdout|stderr)\b|\bpino\(/.test(code(file)))
      .filter((file) => !file.startsWith('packages/cli/'));
    expect(writers.sort()).toEqual([
      'packages/client/src/node/simulation-warning.ts',
      'packages/server/src/log.ts',
    ]);
  });

  test('the environment and files of settings are read in one place of the server', () => {
    const readers = sources('packages/server/src').filter((file) =>
      /process\.env\b/.test(code(file)),
    );
    // The debugger's switches are no setting: they are looked for wherever Node itself takes them from.
    expect(readers.sort()).toEqual(['packages/server/src/debugger.ts']);
  });
});
