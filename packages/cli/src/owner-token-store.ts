import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { FileError } from './exit-codes.ts';
import { reasonOf } from './input-files.ts';

/** Where a user's owner token is kept unless told otherwise. */
export function defaultTokenPath(environment: NodeJS.ProcessEnv): string {
  const configuration = environment['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return join(configuration, 'blindai', 'owner-token');
}

const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/**
 * The owner token kept in a file of mode 0600; with `create`, a fresh one is made and kept where there is none.
 *
 * @returns `null` where there is no file and none was to be made.
 * @throws {FileError} if the file cannot be read or written, others may read it, or it holds no token.
 */
export async function loadOwnerToken(
  path: string,
  options: { create: boolean },
): Promise<string | null> {
  try {
    const { mode } = await stat(path);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new FileError(`others may read the owner token in ${path}: run chmod 600 on it`);
    const token = (await readFile(path, 'utf8')).trim();
    if (!tokenPattern.test(token)) throw new FileError(`${path} does not hold an owner token`);
    return token;
  } catch (error) {
    if (error instanceof FileError) throw error;
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      throw new FileError(`cannot read the owner token in ${path}: ${reasonOf(error)}`, {
        cause: error,
      });
  }
  if (!options.create) return null;
  const token = randomBytes(32).toString('base64url');
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(`${token}\n`);
    } finally {
      await file.close();
    }
    await chmod(path, 0o600);
  } catch (error) {
    throw new FileError(`cannot keep the owner token in ${path}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return token;
}
