import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileError } from '../src/exit-codes.ts';
import { defaultTokenPath, loadOwnerToken } from '../src/owner-token-store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'blindai-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the owner token', () => {
  test('is made once, kept with mode 0600, and read again', async () => {
    const path = join(folder, 'deep', 'owner-token');
    const made = await loadOwnerToken(path, { create: true });
    expect(made).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700);
    expect(await loadOwnerToken(path, { create: true })).toBe(made);
    expect(readFileSync(path, 'utf8').trim()).toBe(made);
  });

  test('is not made where only an existing one is of use', async () => {
    expect(await loadOwnerToken(join(folder, 'absent'), { create: false })).toBeNull();
  });

  test('is refused where others may read it', async () => {
    const path = join(folder, 'token');
    writeFileSync(path, `${'A'.repeat(43)}\n`);
    chmodSync(path, 0o644);
    await expect(loadOwnerToken(path, { create: false })).rejects.toThrow(FileError);
    await expect(loadOwnerToken(path, { create: false })).rejects.toThrow('others may read');
  });

  test('is refused where the file holds something else, without printing it', async () => {
    const path = join(folder, 'token');
    writeFileSync(path, 'a secret of another kind', { mode: 0o600 });
    const error: unknown = await loadOwnerToken(path, { create: false }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(FileError);
    expect(String(error)).not.toContain('secret');
  });

  test('is refused where the folder cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(loadOwnerToken(join(folder, 'file', 'token'), { create: true })).rejects.toThrow(
      FileError,
    );
  });

  test('lies in the configuration folder of the user', () => {
    expect(defaultTokenPath({ XDG_CONFIG_HOME: '/c' })).toBe('/c/blindai/owner-token');
    expect(defaultTokenPath({})).toMatch(/\.config\/blindai\/owner-token$/);
  });
});
