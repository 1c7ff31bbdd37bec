import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Tensor } from '@blindai/client';
import { InvalidArgumentError } from 'commander';
import { FileError, UsageError } from '../exit-codes.ts';
import { reasonOf } from '../input-files.ts';
import { encodeNpy } from './npy.ts';
import { encodeNpz } from './npz.ts';

/** @throws {InvalidArgumentError} if a file for outputs is named as neither kind that can be written. */
export function parseOutputPath(path: string): string {
  if (!['.npy', '.npz'].includes(extname(path)))
    throw new InvalidArgumentError('expected a file that ends in .npy or .npz.');
  return path;
}

/**
 * Writes the outputs of a run: the only one to a .npy file, or all to a .npz file.
 *
 * @throws {UsageError} if there are several for a .npy file.
 * @throws {FileError} if the file cannot be written.
 */
export async function writeOutputs(path: string, outputs: readonly Tensor[]): Promise<void> {
  const [first, ...others] = outputs;
  if (extname(path) === '.npy' && (first === undefined || others.length > 0))
    throw new UsageError(
      `the model has ${outputs.length} outputs, and a .npy file holds one: name the file .npz`,
    );
  const bytes = extname(path) === '.npy' ? encodeNpy(first!) : await encodeNpz(outputs);
  try {
    await writeFile(path, bytes);
  } catch (error) {
    throw new FileError(`cannot write ${path}: ${reasonOf(error)}`, { cause: error });
  }
}
