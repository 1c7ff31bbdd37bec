import { createHash } from 'node:crypto';
import { ProtocolError } from '@blindai/protocol';
import type { ModelBudget } from './model-budget.ts';
import { createModelMemory, type ModelMemory, type ModelSource } from './model-memory.ts';

/** Takes a model's bytes while they arrive. Ends with exactly one of `seal` and `discard`. */
export interface ModelBytesWriter {
  /**
   * Appends; the chunk may be reused afterwards.
   *
   * @throws {ProtocolError} `too-large` beyond the limit; `too-many-requests` when the server holds as many
   *   bytes of models as it may.
   */
  write(chunk: Uint8Array): void;
  /** Ends the writing: from here on the bytes cannot change. */
  seal(): SealedModel;
  /** Gives the memory back; does nothing after `seal`, or a second time. */
  discard(): void;
}

/** A whole model, which cannot change any more. Whoever has it closes it. */
export interface SealedModel {
  /** How many bytes the model has. */
  readonly bytes: number;
  readonly sha256: Uint8Array;
  /** Where a runner gets it from. @throws {TypeError} once closed. */
  readonly source: ModelSource;
  /** Gives the memory back; may be called again. */
  close(): void;
}

/**
 * Starts to receive a model, hashing it as it arrives. On Linux the server's own memory does not grow.
 *
 * @param maxBytes - The largest model that is taken.
 * @param budget - What all models together may take; unbounded if absent.
 */
export function createModelBytes(
  maxBytes: number,
  budget?: ModelBudget,
  memory: ModelMemory = createModelMemory(),
): ModelBytesWriter {
  const hash = createHash('sha256');
  let bytes = 0;
  let state: 'open' | 'sealed' | 'released' = 'open';

  const release = (): void => {
    if (state === 'released') return;
    state = 'released';
    budget?.giveBack(bytes);
    memory.release();
  };

  return {
    write(chunk) {
      if (state !== 'open') throw new TypeError('the model is complete');
      if (bytes + chunk.length > maxBytes) {
        throw new ProtocolError('too-large', `a model has at most ${maxBytes} bytes here`);
      }
      budget?.take(chunk.length);
      bytes += chunk.length;
      hash.update(chunk);
      memory.append(chunk);
    },
    seal() {
      if (state !== 'open') throw new TypeError('the model is complete');
      const source = memory.seal();
      state = 'sealed';
      return {
        bytes,
        sha256: Uint8Array.from(hash.digest()),
        get source() {
          if (state === 'released') throw new TypeError('the model is closed');
          return source;
        },
        close: release,
      };
    },
    discard() {
      if (state === 'open') release();
    },
  };
}
