import { describe, expect, it } from 'vitest';
import { replyInParts } from '../src/reply.ts';

const parts = [Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)];

/** A reply, and how often its end was told. */
function watched(signal: AbortSignal = new AbortController().signal): {
  reply: Response;
  ended: () => number;
} {
  let ended = 0;
  const onEnd = (): void => void (ended += 1);
  const reply = replyInParts(parts, 'cbor', { headers: { 'X-More': 'yes' }, signal, onEnd });
  return { reply, ended: () => ended };
}

describe('a reply in parts', () => {
  it('carries them with their length', async () => {
    const { reply } = watched();
    expect(reply.headers.get('content-length')).toBe('3');
    expect(reply.headers.get('x-more')).toBe('yes');
    expect(new Uint8Array(await reply.arrayBuffer())).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('ends once all were taken, and not before', async () => {
    const { reply, ended } = watched();
    const reader = reply.body!.getReader();
    await reader.read();
    await reader.read();
    expect(ended()).toBe(0);
    expect(await reader.read()).toMatchObject({ done: true });
    expect(ended()).toBe(1);
  });

  it('ends when it is cancelled', async () => {
    const { reply, ended } = watched();
    await reply.body!.cancel();
    expect(ended()).toBe(1);
  });

  it('ends when its receiver leaves, before or after, and only once', async () => {
    const controller = new AbortController();
    const { reply, ended } = watched(controller.signal);
    controller.abort();
    expect(ended()).toBe(1);
    await reply.body!.cancel();
    expect(ended()).toBe(1);
    expect(watched(AbortSignal.abort()).ended()).toBe(1);
  });
});
