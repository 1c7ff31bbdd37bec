import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputError } from '../errors.ts';
import type { ModelSource, OpenModel, Runtime } from '../model-source.ts';

/** At a time, of a model's file. */
const fileReadBytes = 262_144;

/** What Node lends the client: files, and a hash that is fed piece by piece. */
export const nodeRuntime: Runtime = {
  openModel,
  createSha256: () => {
    const hash = createHash('sha256');
    return {
      update: (bytes) => void hash.update(bytes),
      digest: () => hash.digest(),
    };
  },
};

async function openModel(source: ModelSource): Promise<OpenModel> {
  if (typeof source === 'string') return await openFile(source);
  if (source instanceof Uint8Array) {
    return openStream(source.length, bytesOf(source));
  }
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) {
    return openStream(null, source as AsyncIterable<Uint8Array>);
  }
  throw new InputError('bad-input', 'a model must be a path, bytes, or a stream of bytes');
}

function openStream(length: number | null, chunks: AsyncIterable<Uint8Array>): OpenModel {
  return { name: '', length, chunks, close: async () => {} };
}

async function* bytesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function openFile(path: string): Promise<OpenModel> {
  try {
    const file = await open(path, 'r');
    const status = await file.stat();
    if (!status.isFile()) {
      await file.close();
      throw new InputError('unreadable', 'the model is not a file');
    }
    return {
      name: basename(path),
      length: status.size,
      chunks: readFrom(file),
      close: async () => file.close(),
    };
  } catch (error) {
    throw unreadable(error);
  }
}

async function* readFrom(file: FileHandle): AsyncGenerator<Uint8Array> {
  const piece = Buffer.alloc(fileReadBytes);
  for (;;) {
    const { bytesRead } = await file.read(piece).catch((error: unknown) => {
      throw unreadable(error);
    });
    if (bytesRead === 0) return;
    // A copy: what was handed on may still be on its way out when the next piece is read.
    yield new Uint8Array(piece.subarray(0, bytesRead));
  }
}

function unreadable(error: unknown): InputError {
  if (error instanceof InputError) return error;
  const { code } = error as NodeJS.ErrnoException;
  return new InputError('unreadable', `the model's file cannot be read (${code})`, {
    cause: error,
  });
}
