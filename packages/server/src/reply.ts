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

/** A whole reply in one piece. */
export function reply(
  bytes: Uint8Array,
  as: ReplyEncoding,
  init: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Response {
  const response = new Response(bytes as Uint8Array<ArrayBuffer>, {
    status: init.status ?? 200,
    headers: headersOf(bytes.length, as, init.headers),
  });
  partsOfResponse.set(response, { list: [bytes], bytes: bytes.length, end: () => undefined });
  return response;
}

/** A whole reply in JSON. */
export function replyJson(body: object): Response {
  return reply(new TextEncoder().encode(JSON.stringify(body)), 'json');
}

/** How a reply in parts goes out. */
export interface PartsOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when the receiver has left. */
  readonly signal: AbortSignal;
  /** Called once, when the parts are needed no more: all were taken, or nobody takes them. */
  readonly onEnd: () => void;
}

/** A reply of parts that are sent one after the other, as the receiver takes them, and never joined. */
export function replyInParts(
  parts: readonly Uint8Array[],
  as: ReplyEncoding,
  { headers, signal, onEnd }: PartsOptions,
): Response {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const left = parts.filter((part) => part.length > 0).values();
  let hasEnded = false;
  const end = (): void => {
    if (hasEnded) return;
    hasEnded = true;
    signal.removeEventListener('abort', end);
    onEnd();
  };
  // Who has left before the first part was sent never cancels.
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const { done, value } = left.next();
        if (done === true) {
          end();
          controller.close();
        } else {
          controller.enqueue(value);
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  const response = new Response(body, { status: 200, headers: headersOf(length, as, headers) });
  partsOfResponse.set(response, { list: parts, bytes: length, end });
  return response;
}

/** What a reply consists of. */
export interface ReplyParts {
  readonly list: readonly Uint8Array[];
  /** Of all of them together. */
  readonly bytes: number;
  /** To be called when they are needed no more. */
  readonly end: () => void;
}

const partsOfResponse = new WeakMap<Response, ReplyParts>();

/** The parts of a reply that was made here, to be sent without a stream between; null for any other response. */
export function partsOf(response: Response): ReplyParts | null {
  return partsOfResponse.get(response) ?? null;
}

function headersOf(
  length: number,
  as: ReplyEncoding,
  others: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { 'Content-Type': contentTypes[as], 'Content-Length': String(length), ...others };
}
