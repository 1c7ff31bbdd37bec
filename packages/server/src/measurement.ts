import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What a simulated enclave would contain. */
const measuredPackages = ['@blindai/protocol', '@blindai/server', '@blindai/simulator'] as const;

/**
 * The measurement of a simulated server: SHA-256 over one line `<SHA-256 in hex>  <package>/<path>\n` for
 * each built file (`*.js`) of the server, the protocol and the simulator, sorted by path. It moves with every
 * change of the code, as a real one does, but nothing protects it; libraries are not part of it.
 *
 * Where the sources run without a build, in tests, it covers them instead.
 */
export async function measureBuild(): Promise<Uint8Array<ArrayBuffer>> {
  const lines: string[] = [];
  for (const name of measuredPackages) {
    for (const { path, url } of await listProgram(programFolder(name))) {
      const digest = createHash('sha256')
        .update(await readFile(url))
        .digest('hex');
      lines.push(`${digest}  ${name}/${path}\n`);
    }
  }
  return Uint8Array.from(createHash('sha256').update(lines.join('')).digest());
}

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** The folder with a package's program: `dist/`, or `src/` where this very file is a source. */
function programFolder(name: string): URL {
  const require = createRequire(import.meta.url);
  const entry = pathToFileURL(require.resolve(name));
  return new URL(extension === '.ts' ? '../src/' : './', entry);
}

async function listProgram(folder: URL): Promise<{ path: string; url: URL }[]> {
  const names = await readdir(fileURLToPath(folder), { recursive: true });
  return names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((path) => ({ path, url: new URL(path, folder) }));
}
