import { Tensor } from '@blindai/client';
import { limits } from '@blindai/protocol';
import type { Entry, FileEntry } from '@zip.js/zip.js';
import { FileError, UsageError } from '../exit-codes.ts';
import { maxFileBytes } from '../input-files.ts';
import { parseNpy } from './npy.ts';

/** Whether bytes begin as those of a zip archive with something in it do. */
export function isZip(bytes: Uint8Array): boolean {
  return [0x50, 0x4b, 0x03, 0x04].every((byte, at) => bytes[at] === byte);
}

/**
 * Reads the arrays of an archive that `numpy.savez` or `numpy.savez_compressed` wrote, named as there.
 * Arrays that NumPy itself named, `arr_0` and so on, are in order and have no name.
 *
 * Sizes are judged by the directory before anything is inflated, held to while it is, and each member's
 * checksum must be right.
 *
 * @throws {FileError} if the arrays hold more than `maxBytes` together.
 * @throws {UsageError} if the bytes are no such archive, or damaged.
 * @throws {ProtocolError} `bad-input` if an array cannot be a tensor.
 */
export async function parseNpz(
  bytes: Uint8Array,
  maxBytes: number = maxFileBytes.inputs,
): Promise<Tensor[]> {
  // Loaded when needed: no other command should wait for it.
  const { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } = await import('@zip.js/zip.js');
  const archive = new ZipReader(new Uint8ArrayReader(bytes), {
    checkSignature: true,
    useWebWorkers: false,
  });
  const members = arraysOf(await reading(() => archive.getEntries()));
  const size = members.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
  if (!(size <= maxBytes))
    throw new FileError(`the arrays of the .npz file hold more than ${maxBytes} bytes`);
  const positional = members.every(({ name }, index) => name === `arr_${index}`);
  const tensors: Tensor[] = [];
  for (const { name, entry } of members) {
    const file = await reading(() => entry.getData(new Uint8ArrayWriter()));
    tensors.push(Tensor.from(parseMember(name, file), positional ? '' : name));
  }
  return tensors;
}

interface Member {
  /** Without the ending. */
  readonly name: string;
  readonly entry: FileEntry;
}

function arraysOf(entries: readonly Entry[]): Member[] {
  if (entries.length === 0 || entries.length > limits.maxTensors)
    throw new UsageError(
      `the .npz file has ${entries.length} members; 1 to ${limits.maxTensors} can be inputs`,
    );
  const members = entries.map((entry): Member => {
    if (entry.directory || !entry.filename.endsWith('.npy'))
      throw new UsageError(
        `the .npz file has a member that is no .npy file: ${show(entry.filename)}`,
      );
    if (entry.encrypted) throw new UsageError('the .npz file is encrypted: give it decrypted');
    return { name: entry.filename.slice(0, -'.npy'.length), entry };
  });
  if (new Set(members.map(({ name }) => name)).size !== members.length)
    throw new UsageError('the .npz file has two members of one name');
  return members;
}

function parseMember(name: string, file: Uint8Array): Tensor {
  try {
    return parseNpy(file);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`member ${show(name)}: ${error.message}`, { cause: error });
  }
}

/** Whatever the library refuses is damage to the archive. */
async function reading<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const reason = error instanceof Error ? error.message.toLowerCase() : 'unknown reason';
    throw new UsageError(`the .npz file is damaged, or no zip archive: ${reason}`, {
      cause: error,
    });
  }
}

/** A name from within a file as it may be printed: on one line, without control characters. */
function show(name: string): string {
  return JSON.stringify(name);
}
