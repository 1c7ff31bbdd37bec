import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputError } from '../errors.ts';
import type { ModelSource, OpenModel, Runtime } from '../model-source.ts';

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
    const chunks = file.createReadStream({ autoClose: false, highWaterMark: 262_144 });
    return {
      name: basename(path),
      length: status.size,
      chunks: chunks as AsyncIterable<Uint8Array>,
      close: async () => {
        chunks.destroy();
        await file.close();
      },
    };
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError('unreadable', `the model's file cannot be opened (${code})`, {
      cause: error,
    });
  }
}
