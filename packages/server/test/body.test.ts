import { ProtocolError } from '@blindai/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BufferedBytes, readBody, streamBody, type BodyLimits } from '../src/body.ts';

const limits: BodyLimits = {
  maxBytes: 1000,
  idleTimeoutMs: 60_000,
  timeoutMs: 300_000,
  minBytesPerSecond: null,
};
const { signal } = new AbortController();

/** A request whose body is sent chunk by chunk. */
function slowRequest(headers: Record<string, string> = {}): {
  request: Request;
  send: (bytes: number) => void;
  end: () => void;
  fail: () => void;
  cancelled: () => boolean;
} {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (started) => void (controller = started),
    cancel: () => void (cancelled = true),
  });
  const init = { method: 'POST', body, headers, duplex: 'half' };
  return {
    request: new Request('http://localhost/', init),
    send: (bytes) => {
      if (!cancelled) controller.enqueue(new Uint8Array(bytes));
    },
    end: () => controller.close(),
    fail: () => controller.error(new Error('socket hang up')),
    cancelled: () => cancelled,
  };
}

async function countBytes(
  request: Request,
  used: Partial<BodyLimits> = {},
  abort: AbortSignal = signal,
): Promise<number> {
  let bytes = 0;
  for await (const chunk of streamBody(request, { ...limits, ...used }, abort)) {
    bytes += chunk.length;
  }
  return bytes;
}

describe('a body that is all there', () => {
  it('lets others have their turn every 256 KiB', async () => {
    const chunk = new Uint8Array(64 * 1024);
    let left = 64;
    const body = {
      getReader: () => ({
        read: async () => (left-- > 0 ? { done: false, value: chunk } : { done: true }),
        cancel: async () => {},
      }),
    };
    let turns = 0;
    let isOver = false;
    const takeTurns = (): void => {
      turns += 1;
      if (!isOver) setImmediate(takeTurns);
    };
    setImmediate(takeTurns);
    const maxBytes = 64 * chunk.length;
    const sent = streamBody({ headers: new Headers(), body }, { ...limits, maxBytes }, signal);
    let bytes = 0;
    for await (const { length } of sent) bytes += length;
    isOver = true;
    expect(bytes).toBe(maxBytes);
    expect(turns).toBeGreaterThanOrEqual(maxBytes / (256 * 1024) - 1);
  });
});

describe('streamBody', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives every byte of a body that is just small enough', async () => {
    const { request, send, end } = slowRequest();
    send(999);
    send(1);
    end();
    expect(await countBytes(request)).toBe(1000);
    expect(await countBytes(new Request('http://localhost/'))).toBe(0);
  });

  it('refuses with unsupported-media-type a body that is compressed', async () => {
    const { request } = slowRequest({ 'Content-Encoding': 'gzip' });
    await expect(countBytes(request)).rejects.toMatchObject({ code: 'unsupported-media-type' });
  });

  it('refuses with too-large what announces too much, before it arrives', async () => {
    const { request } = slowRequest({ 'Content-Length': '1001' });
    await expect(countBytes(request)).rejects.toMatchObject({ code: 'too-large' });
  });

  it('refuses with too-large the first byte too many, and reads a mebibyte past it at most', async () => {
    const { request, send, cancelled } = slowRequest();
    send(1000);
    send(1);
    await expect(countBytes(request)).rejects.toMatchObject({ code: 'too-large' });
    send(1024 * 1024 - 1);
    await vi.advanceTimersByTimeAsync(1);
    expect(cancelled()).toBe(false);
    send(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(cancelled()).toBe(true);
  });

  it('refuses with too-slow a sender that falls silent', async () => {
    const { request, send } = slowRequest();
    const refused = expect(countBytes(request)).rejects.toMatchObject({ code: 'too-slow' });
    await vi.advanceTimersByTimeAsync(59_000);
    send(1);
    await vi.advanceTimersByTimeAsync(59_999);
    send(1);
    await vi.advanceTimersByTimeAsync(60_001);
    await refused;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses with too-slow what takes too long in all', async () => {
    const { request, send } = slowRequest();
    const refused = expect(countBytes(request)).rejects.toMatchObject({ code: 'too-slow' });
    for (let elapsed = 0; elapsed <= 300; elapsed += 30) {
      send(1);
      await vi.advanceTimersByTimeAsync(30_000);
    }
    await refused;
  });

  it('lets an upload take its time as long as it keeps the pace', async () => {
    const { request, send, end } = slowRequest();
    const counted = countBytes(request, {
      maxBytes: 1e6,
      timeoutMs: null,
      minBytesPerSecond: 100,
    });
    for (let seconds = 0; seconds < 1000; seconds += 1) {
      send(101);
      await vi.advanceTimersByTimeAsync(1000);
    }
    end();
    expect(await counted).toBe(101_000);
  });

  it('refuses with too-slow an upload below the pace, whatever it sent before', async () => {
    const { request, send } = slowRequest();
    const refused = expect(
      countBytes(request, { maxBytes: 1e6, timeoutMs: null, minBytesPerSecond: 100 }),
    ).rejects.toMatchObject({ code: 'too-slow' });
    send(500_000);
    for (let seconds = 0; seconds < 121; seconds += 1) {
      await vi.advanceTimersByTimeAsync(1000);
      send(50);
    }
    await refused;
  });

  it('refuses with malformed a connection that ends before the body', async () => {
    const { request, send, fail } = slowRequest();
    const refused = expect(countBytes(request)).rejects.toMatchObject({ code: 'malformed' });
    send(1);
    await vi.advanceTimersByTimeAsync(1);
    fail();
    await refused;
  });

  it('ends with the reason of its signal, at once', async () => {
    const abort = new AbortController();
    const { request, cancelled } = slowRequest();
    const refused = expect(countBytes(request, {}, abort.signal)).rejects.toMatchObject({
      code: 'going-down',
    });
    await vi.advanceTimersByTimeAsync(1);
    abort.abort(new ProtocolError('going-down', 'the server is going down'));
    await refused;
    expect(cancelled()).toBe(true);
    await expect(countBytes(slowRequest().request, {}, abort.signal)).rejects.toMatchObject({
      code: 'going-down',
    });
  });

  it('reads no more than a mebibyte once its reader stops', async () => {
    const { request, send, cancelled } = slowRequest();
    send(1);
    for await (const chunk of streamBody(request, limits, signal)) {
      expect(chunk.length).toBe(1);
      break;
    }
    expect(vi.getTimerCount()).toBe(0);
    send(1024 * 1024);
    await vi.advanceTimersByTimeAsync(1);
    expect(cancelled()).toBe(true);
  });
});

function postOf(bytes: number): Request {
  return new Request('http://localhost/', { method: 'POST', body: new Uint8Array(bytes) });
}

describe('readBody', () => {
  it.each([{}, { 'Content-Length': '6' }, { 'Content-Length': '3' }])(
    'joins the chunks, whatever was announced: %o',
    async (headers) => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(Uint8Array.of(1, 2));
          controller.enqueue(Uint8Array.of(3));
          controller.enqueue(Uint8Array.of(4, 5, 6));
          controller.close();
        },
      });
      const init = { method: 'POST', body, headers, duplex: 'half' };
      const request = new Request('http://localhost/', init);
      using lease = new BufferedBytes(10).lease();
      expect(await readBody(request, limits, signal, lease)).toEqual(
        Uint8Array.of(1, 2, 3, 4, 5, 6),
      );
    },
  );

  it('refuses with too-many-requests when all bodies together are too large', async () => {
    const buffered = new BufferedBytes(100);
    {
      using first = buffered.lease();
      await readBody(postOf(60), limits, signal, first);
      using second = buffered.lease();
      await expect(readBody(postOf(60), limits, signal, second)).rejects.toMatchObject({
        code: 'too-many-requests',
      });
    }
    using third = buffered.lease();
    expect(await readBody(postOf(60), limits, signal, third)).toHaveLength(60);
  });

  it('counts nothing for a lease that is closed: nobody would give it back', () => {
    const buffered = new BufferedBytes(100);
    const closed = buffered.lease();
    closed[Symbol.dispose]();
    expect(() => closed.grow(1)).toThrow('as much of other requests and replies as it may');
    using other = buffered.lease();
    other.grow(100);
  });
});
