import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureBuild } from '../src/measurement.ts';

const packages = fileURLToPath(new URL('../../', import.meta.url));
const measured = ['protocol', 'server', 'simulator'];

/** The measurement by its definition. */
async function measureFolder(folder: string, program: string, ending: string): Promise<string> {
  let lines = '';
  for (const name of measured) {
    const root = join(folder, name, program);
    const files = await readdir(root, { recursive: true });
    for (const path of files.filter((file) => file.endsWith(ending)).sort()) {
      const digest = createHash('sha256').update(await readFile(join(root, path)));
      lines += `${digest.digest('hex')}  @blindai/${name}/${path}\n`;
    }
  }
  return createHash('sha256').update(lines).digest('hex');
}

describe('measureBuild', () => {
  it('covers the sources where there is no build', async () => {
    const measurement = Buffer.from(await measureBuild()).toString('hex');
    expect(measurement).toBe(await measureFolder(packages, 'src', '.ts'));
  });

  describe('of a build', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'blindai-build-'));
      for (const name of measured) {
        const to = join(folder, 'node_modules/@blindai', name);
        await cp(join(packages, name, 'dist'), join(to, 'dist'), { recursive: true });
        await cp(join(packages, name, 'package.json'), join(to, 'package.json'));
      }
    });
    afterAll(async () => {
      await rm(folder, { recursive: true });
    });

    async function measureCopy(): Promise<string> {
      const built = join(folder, 'node_modules/@blindai/server/dist/measurement.js');
      const copy = (await import(pathToFileURL(built).href)) as {
        measureBuild: typeof measureBuild;
      };
      return Buffer.from(await copy.measureBuild()).toString('hex');
    }

    it('covers the built files, and moves with any one of them', async () => {
      const root = join(folder, 'node_modules/@blindai');
      const before = await measureCopy();
      expect(before).toBe(await measureFolder(root, 'dist', '.js'));
      for (const file of ['server/dist/app.js', 'protocol/dist/keyset.js']) {
        const text = await readFile(join(root, file), 'utf8');
        await writeFile(join(root, file), `${text} `);
        expect(await measureCopy()).not.toBe(before);
        await writeFile(join(root, file), text);
        expect(await measureCopy()).toBe(before);
      }
      await writeFile(join(root, 'simulator/dist/another.js'), '');
      expect(await measureCopy()).not.toBe(before);
    });
  });
});
