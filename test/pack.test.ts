import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  mkdirSync,
  writeFileSync,
  existsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = ['attestation', 'protocol', 'simulator', 'client', 'server', 'cli'];
const read = (name: string) =>
  JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license: string;
    exports: Record<string, string | { default: string }>;
    dependencies: Record<string, string>;
  };

let folder: string;

/** As a user would, which needs the registry for what is not ours. */
function installFromRegistry(archives: string): void {
  writeFileSync(join(folder, '.npmrc'), readFileSync(join(root, '.npmrc')));
  const files = readdirSync(archives).map((name) => join(archives, name));
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', ...files], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Without the registry: ours unpacked, third parties' linked from this checkout. */
function installFromCheckout(archives: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@blindai'), { recursive: true });
  for (const archive of readdirSync(archives)) {
    const unpacked = mkdtempSync(join(folder, 'unpacked-'));
    execFileSync('tar', ['-xzf', join(archives, archive), '-C', unpacked]);
    const { name } = JSON.parse(readFileSync(join(unpacked, 'package/package.json'), 'utf8')) as {
      name: string;
    };
    execFileSync('mv', [join(unpacked, 'package'), join(modules, name)]);
  }
  const ours = new Set(['@blindai', 'blindai', '.bin']);
  for (const entry of readdirSync(join(root, 'node_modules')))
    if (!ours.has(entry) && !entry.startsWith('.'))
      symlinkSync(join(root, 'node_modules', entry), join(modules, entry));
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'blindai-pack-'));
  const archives = join(folder, 'archives');
  mkdirSync(archives);
  execFileSync(
    'npm',
    [
      'pack',
      '--silent',
      '--pack-destination',
      archives,
      ...packages.flatMap((name) => ['-w', read(name).name]),
    ],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  if (process.env['BLINDAI_REQUIRE_ALL'] === '1') installFromRegistry(archives);
  else installFromCheckout(archives);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every package has the one version and licence, and pins its siblings to it', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  for (const name of packages) {
    const manifest = read(name);
    expect(manifest.version).toBe(version);
    expect(manifest.license).toBe('Apache-2.0');
    for (const [dependency, wanted] of Object.entries(manifest.dependencies))
      expect(wanted, `${name} → ${dependency} is not pinned`).toMatch(/^\d+\.\d+\.\d+$/);
  }
});

test('every export of every package can be imported after an install', () => {
  const names = packages
    .filter((name) => name !== 'cli')
    .flatMap((name) =>
      Object.keys(read(name).exports)
        .filter((subpath) => !subpath.endsWith('.json'))
        .map((subpath) => `${read(name).name}${subpath.slice(1)}`),
    );
  const script = join(folder, 'import.mjs');
  writeFileSync(
    script,
    names
      .map(
        (name) =>
          `{ const m = await import('${name}'); console.log('${name}', Object.keys(m).length); }`,
      )
      .join('\n'),
  );
  const printed = execFileSync(process.execPath, [script], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
  });
  const counts = printed
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  expect(counts.map(([name]) => name)).toEqual(names);
  for (const [name, count] of counts) expect(Number(count), name).toBeGreaterThan(0);
});

test('the installed command runs', () => {
  const command = join(folder, 'node_modules/blindai/bin/blindai.js');
  expect(existsSync(command)).toBe(true);
  const printed = execFileSync(process.execPath, [command, '--version'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(printed.trim()).toBe(read('cli').version);
});

test('a package holds its build and nothing else', () => {
  const beside: Record<string, string[]> = { cli: ['bin'], attestation: ['manifest.schema.json'] };
  for (const name of packages) {
    const files = readdirSync(join(folder, 'node_modules', read(name).name)).sort();
    const expected = ['LICENSE', 'dist', 'package.json', ...(beside[name] ?? [])].sort();
    expect(files, name).toEqual(expected);
  }
});
