import { decode, encode, type DecodeOptions } from 'cborg';

/*
 * What the server and a runner say to each other over a pipe of their own, one frame after the other:
 *
 *   bytes  field
 *   4      length H of the header, little-endian, 1 to `maxHeaderBytes`
 *   4      length P of the payload, little-endian
 *   H      header: one CBOR map (RFC 8949) with a text `kind`; lengths in shortest form, no duplicate keys,
 *          nothing indefinite, no tags
 *   P      payload: the raw bytes of what the header lists, in its order, nothing between
 *
 * The server speaks first; a runner answers `load` with `started` and then `loaded` or `refused`, and each
 * `run` with one `ran` or `refused`. Every other byte from a runner is a lie. The members of each kind are
 * those of `messages.ts`.
 */

/** The two lengths that open a frame, in bytes. */
export const prefixBytes = 8;

/** The largest header: 2 × 256 names of 512 bytes with their shapes fit. */
export const maxHeaderBytes: number = 512 * 1024;

/** The other side sent what is no frame, or not the frame that was due. Holds nothing of what it sent. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** A decoded header: a map with a `kind`, whose other members are not judged yet. */
export interface FrameHeader {
  readonly kind: string;
  readonly [member: string]: unknown;
}

/** How long the rest of a frame is, in bytes. */
export interface FramePrefix {
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

const strict: DecodeOptions = {
  strict: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
};

/**
 * A frame as parts to write in order; the payload is not copied.
 *
 * @throws {FrameError} if the header is too long.
 */
export function encodeFrame(
  header: { readonly kind: string },
  payload: readonly Uint8Array[] = [],
): Uint8Array[] {
  const headerBytes = encode(header);
  if (headerBytes.length > maxHeaderBytes) throw headerTooLong(headerBytes.length);
  const start = new Uint8Array(prefixBytes + headerBytes.length);
  const lengths = new DataView(start.buffer);
  lengths.setUint32(0, headerBytes.length, true);
  lengths.setUint32(
    4,
    payload.reduce((sum, part) => sum + part.length, 0),
    true,
  );
  start.set(headerBytes, prefixBytes);
  return [start, ...payload.filter((part) => part.length > 0)];
}

/** @throws {FrameError} if the header is empty or too long. */
export function decodePrefix(bytes: Uint8Array): FramePrefix {
  const lengths = new DataView(bytes.buffer, bytes.byteOffset, prefixBytes);
  const headerBytes = lengths.getUint32(0, true);
  if (headerBytes === 0 || headerBytes > maxHeaderBytes) {
    throw headerTooLong(headerBytes);
  }
  return { headerBytes, payloadBytes: lengths.getUint32(4, true) };
}

function headerTooLong(bytes: number): FrameError {
  return new FrameError(`a header of ${bytes} bytes`);
}

/** @throws {FrameError} if the bytes are not exactly one strict CBOR map with a `kind`. */
export function decodeHeader(bytes: Uint8Array): FrameHeader {
  let header: unknown;
  try {
    header = decode(bytes, strict);
  } catch {
    throw new FrameError('a header that is not strict CBOR');
  }
  if (!isRecord(header) || typeof header['kind'] !== 'string') {
    throw new FrameError('a header without a kind');
  }
  return header as FrameHeader;
}

/**
 * Decodes headers one after the other. Runs of one model mostly have the very same header, and comparing it
 * costs next to nothing: then the one before is given again, which therefore nobody may change.
 */
export class HeaderDecoder {
  #bytes: Uint8Array = new Uint8Array();
  #header: FrameHeader | null = null;

  /**
   * @param bytes - Kept; must not change afterwards.
   * @throws {FrameError} as {@link decodeHeader}.
   */
  decode(bytes: Uint8Array): FrameHeader {
    if (this.#header === null || Buffer.compare(this.#bytes, bytes) !== 0) {
      this.#header = decodeHeader(bytes);
      this.#bytes = bytes;
    }
    return this.#header;
  }
}

/** Whether a decoded value is a map with text keys. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/** What reads frames: judges each header before its payload is waited for. */
export interface FrameListener {
  /** A first byte of a frame is there. May throw {@link FrameError}, if none is due. */
  begin(): void;
  /**
   * Answers whether the payload is wanted. Memory for it is only taken then; otherwise it is read past. May
   * throw {@link FrameError}.
   */
  judge(header: FrameHeader, payloadBytes: number): boolean;
  /** The payload of the frame judged last, empty if it was not wanted. The bytes are the listener's to keep. */
  deliver(payload: Uint8Array): void;
}

/** Cuts a stream of chunks, however it is split, into frames. Unusable once it threw. */
export class FrameReader {
  readonly #listener: FrameListener;
  readonly #headers = new HeaderDecoder();
  #part: 'prefix' | 'header' | 'payload' = 'prefix';
  #bytes = new Uint8Array(prefixBytes);
  #filled = 0;
  #payloadBytes = 0;
  /** What is left of a payload that nobody wants. */
  #unwanted = 0;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** @throws {FrameError} if what arrives is not a frame, or the listener does not take it. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#unwanted > 0) {
        const passed = Math.min(this.#unwanted, chunk.length - at);
        this.#unwanted -= passed;
        at += passed;
        if (this.#unwanted === 0) this.#finishPart();
        continue;
      }
      if (this.#part === 'prefix' && this.#filled === 0) this.#listener.begin();
      const part = chunk.subarray(at, at + this.#bytes.length - this.#filled);
      this.#bytes.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#bytes.length) this.#finishPart();
    }
  }

  #finishPart(): void {
    const bytes = this.#bytes;
    switch (this.#part) {
      case 'prefix': {
        const prefix = decodePrefix(bytes);
        this.#payloadBytes = prefix.payloadBytes;
        this.#start('header', prefix.headerBytes);
        break;
      }
      case 'header':
        if (this.#listener.judge(this.#headers.decode(bytes), this.#payloadBytes)) {
          this.#start('payload', this.#payloadBytes);
        } else {
          this.#start('payload', 0);
          this.#unwanted = this.#payloadBytes;
        }
        if (this.#payloadBytes === 0) this.#finishPart();
        break;
      case 'payload':
        this.#start('prefix', prefixBytes);
        this.#listener.deliver(bytes);
        break;
    }
  }

  #start(part: 'prefix' | 'header' | 'payload', length: number): void {
    this.#part = part;
    this.#bytes = new Uint8Array(length);
    this.#filled = 0;
  }
}
