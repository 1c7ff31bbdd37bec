import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProtocolError } from '@blindai/protocol';
import { BodyBuffers } from './body-buffers.ts';
import type { CancellationSignal } from './cancellation.ts';
import type { BodyReader, HttpRequest } from './request.ts';
import type { Config } from './settings.ts';

const BELIEVED_BYTES = 1024 * 1024;
const PASSED_OVER_BYTES = 1024 * 1024;
/** So much of one body is taken before others have their turn: Node reads up to two megabytes at a stretch. */
const TURN_BYTES = 256 * 1024;

/** What a body may cost, counted while it arrives (wire.md, "Limits"). */
export interface BodyLimits {
  readonly maxBytes: number;
  /** How long the sender may be silent. */
  readonly idleTimeoutMs: number;
  /** How long all of it may take; null: no limit. */
  readonly timeoutMs: number | null;
  /** The slowest it may be on average, over at least `idleTimeoutMs`; null: no limit. */
  readonly minBytesPerSecond: number | null;
}

/** What the server's settings say of a body that is read as a whole. */
export function requestLimits(
  config: Pick<Config, 'maxRequestBytes' | 'idleTimeoutMs' | 'requestTimeoutMs'>,
): BodyLimits {
  return {
    maxBytes: config.maxRequestBytes,
    idleTimeoutMs: config.idleTimeoutMs,
    timeoutMs: config.requestTimeoutMs,
    minBytesPerSecond: null,
  };
}

/**
 * The chunks of a request's body, each to be used before the next is asked for.
 *
 * @throws {ProtocolError} `too-large` as soon as more than `maxBytes` are announced or have arrived,
 *   `too-slow` when the sender is, `malformed` when the connection ends before the body does,
 *   `unsupported-media-type` for a body that is compressed, whose size says nothing about its content's.
 * @throws the reason of `signal`, once that is aborted.
 */
export async function* streamBody(
  request: Pick<HttpRequest, 'headers' | 'body'>,
  limits: BodyLimits,
  signal: CancellationSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal.throwIfAborted();
  if (!['identity', null].includes(request.headers.get('content-encoding'))) {
    throw new ProtocolError('unsupported-media-type', 'a body must not be compressed');
  }
  if (Number(request.headers.get('content-length') ?? 0) > limits.maxBytes) throw tooLarge(limits);
  if (request.body === null) return;

  const reader = request.body.getReader();
  let failure: unknown;
  const stop = (reason: unknown): void => {
    failure ??= reason;
    reader.cancel().catch(() => {});
  };
  const onAbort = (): void => stop(signal.reason);
  signal.addEventListener('abort', onAbort);
  const pace = new Pace(limits, () =>
    stop(new ProtocolError('too-slow', 'the body must arrive faster')),
  );
  try {
    let received = 0;
    let turnEnd = TURN_BYTES;
    for (;;) {
      const { done, value } = await readChunk(reader);
      if (failure !== undefined) throw failure;
      if (done || value === undefined) return;
      received += value.length;
      if (received > limits.maxBytes) throw tooLarge(limits);
      pace.advance(value.length);
      yield value;
      if (received < turnEnd) continue;
      turnEnd = received + TURN_BYTES;
      await nextTurn();
    }
  } finally {
    pace.end();
    signal.removeEventListener('abort', onAbort);
    void passOver(reader);
  }
}

function tooLarge({ maxBytes }: BodyLimits): ProtocolError {
  return new ProtocolError(
    'too-large',
    `a request to this route must have at most ${maxBytes} bytes`,
  );
}

/**
 * Reads a little of what nobody wants any more, so that a refused request does not cost its connection:
 * one with more left is closed by the listener.
 */
async function passOver(reader: BodyReader): Promise<void> {
  try {
    for (let left = PASSED_OVER_BYTES; left > 0;) {
      const { done, value } = await reader.read();
      if (done || value === undefined) return;
      left -= value.length;
    }
    await reader.cancel();
  } catch {
    // The connection is gone, and with it all that was left.
  }
}

/**
 * All of a request's body at once.
 *
 * @param lease - This body's share of what all such bodies hold together; the caller ends it.
 * @throws as {@link streamBody}, and {@link ProtocolError} `too-many-requests` when too much is held already.
 */
export async function readBody(
  request: Pick<HttpRequest, 'headers' | 'body'>,
  limits: BodyLimits,
  signal: CancellationSignal,
  lease: Lease,
): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  // An announced length is believed up to a point only: announcing costs nothing.
  let bytes = lease.take(Math.min(announced, BELIEVED_BYTES));
  let length = 0;
  for await (const chunk of streamBody(request, limits, signal)) {
    lease.grow(chunk.length);
    if (length + chunk.length > bytes.length) {
      const larger = lease.take(Math.max(2 * bytes.length, length + chunk.length));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(chunk, length);
    length += chunk.length;
  }
  return bytes.subarray(0, length);
}

/** What the bodies that are held as a whole, of requests and of replies, take together. */
export class BufferedBytes {
  readonly #maxBytes: number;
  readonly #buffers = new BodyBuffers();
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Opens an account for one body; `using` closes it. */
  lease(): Lease {
    let leased = 0;
    let isClosed = false;
    let isRead = false;
    const taken: Uint8Array[] = [];
    return {
      take: (bytes) => {
        const buffer = this.#buffers.take(bytes);
        taken.push(buffer);
        return buffer;
      },
      release: () => {
        isRead = true;
      },
      grow: (bytes) => {
        // Nobody would give back what comes too late.
        if (isClosed || this.#held + bytes > this.#maxBytes) {
          throw new ProtocolError(
            'too-many-requests',
            'the server holds as much of other requests and replies as it may',
          );
        }
        this.#held += bytes;
        leased += bytes;
      },
      [Symbol.dispose]: () => {
        this.#held -= leased;
        leased = 0;
        isClosed = true;
        if (isRead) for (const buffer of taken.splice(0)) this.#buffers.give(buffer);
      },
    };
  }
}

/** One body's share of {@link BufferedBytes}; grows no more once it is closed. */
export interface Lease extends Disposable {
  /** @throws {ProtocolError} `too-many-requests` if all shares together would be too much. */
  readonly grow: (bytes: number) => void;
  /** Memory for the body: zeros, at least as many. Counts once it is grown into. */
  readonly take: (bytes: number) => Uint8Array;
  /**
   * To be called when the body was of use, and nothing reads it any more: once the lease is closed, its memory
   * serves others. Without this call it is left to the collector, since somebody may still be reading.
   */
  readonly release: () => void;
}

async function readChunk(reader: BodyReader): ReturnType<BodyReader['read']> {
  try {
    return await reader.read();
  } catch {
    throw new ProtocolError('malformed', 'the connection ended before the body did');
  }
}

/**
 * Watches how fast a body arrives. The sender has a credit of silence, `idleTimeoutMs` at most: time spends
 * it, bytes earn it back, at `minBytesPerSecond` where that is given, at once otherwise.
 */
class Pace {
  readonly #limits: BodyLimits;
  readonly #onTooSlow: () => void;
  readonly #end: number;
  #idleEnd: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: BodyLimits, onTooSlow: () => void) {
    const now = performance.now();
    this.#limits = limits;
    this.#onTooSlow = onTooSlow;
    this.#end = limits.timeoutMs === null ? Infinity : now + limits.timeoutMs;
    this.#idleEnd = now + limits.idleTimeoutMs;
    this.#wait();
  }

  advance(bytes: number): void {
    const { minBytesPerSecond, idleTimeoutMs } = this.#limits;
    const earnedMs = minBytesPerSecond === null ? Infinity : (bytes / minBytesPerSecond) * 1000;
    this.#idleEnd = Math.min(this.#idleEnd + earnedMs, performance.now() + idleTimeoutMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  /** One timer that looks again when it fires: cheaper than a new one for each chunk. */
  #wait(): void {
    const leftMs = Math.min(this.#end, this.#idleEnd) - performance.now();
    if (leftMs <= 0) this.#onTooSlow();
    else this.#timer = setTimeout(() => this.#wait(), leftMs);
  }
}
