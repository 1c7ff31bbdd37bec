import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** A folder of a test file's own, gone after it. */
export function temporaryFolder(): {
  readonly path: string;
  /** Writes a file and returns its path. */
  write(name: string, content: string | Uint8Array): string;
} {
  let path = '';
  beforeAll(() => {
    path = mkdtempSync(join(tmpdir(), 'blindai-cli-'));
  });
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    get path() {
      return path;
    },
    write(name, content) {
      writeFileSync(join(path, name), content);
      return join(path, name);
    },
  };
}
