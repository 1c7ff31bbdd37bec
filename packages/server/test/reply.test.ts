import { describe, expect, it } from 'vitest';
import { Reply, reply, replyJson, type ReplyOptions } from '../src/reply.ts';

const parts = [new Uint8Array(), Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)];

/** A reply, and how often its end was told. */
function watched(options: ReplyOptions = {}): { reply: Reply; ended: () => number } {
  let ended = 0;
  const onEnd = (): void => void (ended += 1);
  return { reply: new Reply(parts, 'cbor', { ...options, onEnd }), ended: () => ended };
}

describe('a reply in parts', () => {
  it('carries them as they are, in order and without empty ones', () => {
    const { reply: made } = watched();
    expect(made.parts).toHaveLength(2);
    expect(made.parts[0]).toBe(parts[1]);
    expect(made.parts[1]).toBe(parts[3]);
  });

  it('says how long and what it is, and that all is well', () => {
    const { reply: made } = watched();
    expect(made.status).toBe(200);
    expect(made.bytes).toBe(3);
    expect([...made.headers]).toEqual([
      ['content-length', '3'],
      ['content-type', 'application/cbor'],
    ]);
  });

  it('has the status and the headers that it is given', () => {
    const { reply: made } = watched({ status: 503, headers: { 'X-More': 'yes' } });
    expect(made.status).toBe(503);
    expect([...made.headers]).toEqual([
      ['content-length', '3'],
      ['content-type', 'application/cbor'],
      ['x-more', 'yes'],
    ]);
  });

  it('ends when it is told to, and only once', () => {
    const { reply: made, ended } = watched();
    expect(ended()).toBe(0);
    made.end();
    expect(ended()).toBe(1);
    made.end();
    made.end();
    expect(ended()).toBe(1);
  });

  it('ends once even if its end ends it again', () => {
    let ended = 0;
    const made = new Reply(parts, 'cbor', {
      onEnd: () => {
        ended += 1;
        made.end();
      },
    });
    made.end();
    expect(ended).toBe(1);
  });

  it('may end without anyone being told', () => {
    expect(() => new Reply(parts, 'cbor').end()).not.toThrow();
  });

  it('may be of nothing', () => {
    const made = new Reply([new Uint8Array()], 'json');
    expect(made.parts).toEqual([]);
    expect(made.bytes).toBe(0);
    expect(made.headers.get('content-length')).toBe('0');
  });
});

describe('a reply in one piece', () => {
  it('is one part with its length, status and headers', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const made = reply(bytes, 'json', { status: 404, headers: { Allow: 'GET' } });
    expect(made.parts).toHaveLength(1);
    expect(made.parts[0]).toBe(bytes);
    expect(made.status).toBe(404);
    expect([...made.headers]).toEqual([
      ['allow', 'GET'],
      ['content-length', '3'],
      ['content-type', 'application/json'],
    ]);
  });

  it('may be in JSON, counted in bytes', () => {
    const made = replyJson({ name: 'é' });
    expect(Buffer.concat(made.parts).toString()).toBe('{"name":"é"}');
    expect(made.bytes).toBe(13);
    expect(made.headers.get('content-length')).toBe('13');
    expect(made.headers.get('content-type')).toBe('application/json');
  });
});
