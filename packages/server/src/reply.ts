import type { ReplyEncoding } from '@blindai/protocol';
import type { HttpRequest } from './request.ts';

const contentTypes = {
  cbor: 'application/cbor',
  json: 'application/json',
} as const satisfies Record<ReplyEncoding, string>;

/** How a reply is written, as the caller's `Accept` asks: JSON only where it is named. */
export function encodingFor(request: Pick<HttpRequest, 'headers'>): ReplyEncoding {
  const accepted = request.headers.get('accept') ?? '';
  return accepted.includes(contentTypes.json) && !accepted.includes(contentTypes.cbor)
    ? 'json'
    : 'cbor';
}

/** How a reply goes out. */
export interface ReplyOptions {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called once, when the parts are needed no more: all were taken, or nobody takes them. */
  readonly onEnd?: () => void;
}

/**
 * A whole reply, of parts that are sent one after the other as the receiver takes them, and never joined. What
 * a `Response` of the web costs, with its stream, is as much as all else that a small request needs.
 */
export class Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly parts: readonly Uint8Array[];
  /** Of all parts together. */
  readonly bytes: number;
  #onEnd: (() => void) | null;

  constructor(parts: readonly Uint8Array[], as: ReplyEncoding, options: ReplyOptions = {}) {
    this.parts = parts.filter((part) => part.length > 0);
    this.bytes = parts.reduce((sum, part) => sum + part.length, 0);
    this.status = options.status ?? 200;
    this.headers = new Headers({
      'Content-Type': contentTypes[as],
      'Content-Length': String(this.bytes),
      ...options.headers,
    });
    this.#onEnd = options.onEnd ?? null;
  }

  /** To be called when the parts are needed no more; calling it again does nothing. */
  end(): void {
    const onEnd = this.#onEnd;
    this.#onEnd = null;
    onEnd?.();
  }
}

/** A whole reply in one piece. */
export function reply(
  bytes: Uint8Array,
  as: ReplyEncoding,
  options: Omit<ReplyOptions, 'onEnd'> = {},
): Reply {
  return new Reply([bytes], as, options);
}

/** A whole reply in JSON. */
export function replyJson(body: object): Reply {
  return reply(new TextEncoder().encode(JSON.stringify(body)), 'json');
}
