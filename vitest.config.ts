import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const packages = ['attestation', 'protocol', 'simulator', 'client', 'server'];

/** Tests read the sources of every package, so that there is one copy of each class, never a stale one. */
const alias = packages.flatMap((name) => {
  const folder = new URL(`./packages/${name}/`, import.meta.url);
  const manifest = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
    exports: Record<string, { default: string }>;
  };
  return Object.entries(manifest.exports).map(([subpath, target]) => ({
    find: new RegExp(`^@blindai/${name}${subpath.slice(1)}$`),
    replacement: new URL(
      target.default.replace('./dist/', './src/').replace(/\.js$/, '.ts'),
      folder,
    ).pathname,
  }));
});

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/dist/**', '**/node_modules/**'],
    env: { ORT_DISABLE_TELEMETRY: '1' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // By default one core is left idle: of two, half the machine.
    maxWorkers: availableParallelism(),
  },
});
