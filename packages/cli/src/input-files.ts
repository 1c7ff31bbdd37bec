import { open, type FileHandle } from 'node:fs/promises';
import { FileError } from './exit-codes.ts';

/** Largest file read for each purpose, in bytes. */
export const maxFileBytes: Readonly<
  Record<'manifest' | 'evidence' | 'endorsements' | 'inputs', number>
> = {
  manifest: 1024 * 1024,
  evidence: 4 * 1024 * 1024,
  endorsements: 4 * 1024 * 1024,
  inputs: 256 * 1024 * 1024,
};

/**
 * Reads a whole file, at most `maxBytes` of it.
 *
 * @throws {FileError} if it cannot be opened or read, is not a file, or holds more.
 */
export async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of file.createReadStream({
      highWaterMark: 1024 * 1024,
    }) as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > maxBytes) throw new FileError(`${path} holds more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return new Uint8Array(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  } finally {
    await file?.close();
  }
}

/** A system error's code in plain words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is not a folder',
    ENOSPC: 'no space left',
    EEXIST: 'it exists already',
  };
  return words[code] ?? (code || 'unknown reason');
}
