import { access, constants } from 'node:fs/promises';
import type { Command } from 'commander';
import { FileError } from '../exit-codes.ts';
import { reasonOf } from '../input-files.ts';
import { defaultTokenPath } from '../owner-token-store.ts';
import type { Context } from './context.ts';

/** Adds `--owner-token-file`, whose default lies in the user's configuration folder. */
export function addTokenOption(command: Command, context: Context): void {
  command.option(
    '--owner-token-file <file>',
    'where the owner token is kept',
    defaultTokenPath(context.environment),
  );
}

/** @throws {FileError} if the file cannot be read, before a connection is made for it. */
export async function requireReadable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    throw new FileError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
