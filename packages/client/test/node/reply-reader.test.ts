import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../src/errors.ts';
import { ReplyReader } from '../../src/node/reply-reader.ts';

const fields = 'Content-Type: application/cbor\r\nContent-Length: 3\r\n';
const good = `HTTP/1.1 200 OK\r\n${fields}\r\nabc`;

/** Reads a text in chunks of a size; null while the reply is not complete. */
function read(text: string, size = text.length): string | null {
  const reader = new ReplyReader();
  let complete = false;
  for (let at = 0; at < text.length; at += size) {
    complete = reader.push(Buffer.from(text.slice(at, at + size), 'latin1'));
  }
  return complete ? Buffer.from(reader.body()).toString('latin1') : null;
}

/** The head of a reply with a body of this length. */
function headOf(length: number): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nContent-Length: ${length}\r\n\r\n`;
}

/** A reply with a status and other fields. */
function refusal(line: string): string {
  return `HTTP/1.1 ${line}\r\nContent-Length: 0\r\n\r\n`;
}

function expectBadReply(text: string, found: string): void {
  for (const size of [1, 7, text.length]) {
    expect(() => read(text, size)).toThrow(ConnectionError);
    expect(() => read(text, size)).toThrow(
      expect.objectContaining({
        code: 'bad-reply',
        message: `expected evidence from the server, found an answer with ${found}`,
      }),
    );
  }
}

describe('the reply to a request for evidence', () => {
  it('is read in chunks of any size', () => {
    for (let size = 1; size <= good.length; size += 1) expect(read(good, size)).toBe('abc');
  });

  it('is not complete before its last byte', () => {
    for (let length = 0; length < good.length; length += 1) {
      expect(read(good.slice(0, length), 5)).toBeNull();
    }
  });

  it('may have other fields, in any case, and an empty reason', () => {
    const text = `HTTP/1.1 200 \r\ncontent-type: application/cbor \r\nCONTENT-LENGTH:0\r\nKeep-Alive: timeout=5\r\nConnection: Keep-Alive\r\nX-Empty:\r\n\r\n`;
    expect(read(text)).toBe('');
  });

  it('has not one byte more', () => {
    expectBadReply(`${good}d`, 'more bytes than Content-Length says');
    expectBadReply(`${good}\r\n`, 'more bytes than Content-Length says');
  });

  it.each([
    'HTTP/1.0 200 OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 200',
    'HTTP/2 200 OK',
    'HTTP/1.1 2000 OK',
    ' HTTP/1.1 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1 200 O\nK',
    'HTTP/1.1 200 \x7f',
    '',
  ])('has a status line, not %j', (line) => {
    expectBadReply(`${line}\r\n${fields}\r\nabc`, 'no status line of HTTP/1.1');
  });

  it.each([100, 101, 199, 201, 204, 206, 301, 304, 404, 500, 503])(
    'has not status %d',
    (status) => {
      expectBadReply(`HTTP/1.1 ${status} X\r\n${fields}\r\nabc`, `status ${status}`);
    },
  );

  it.each([
    'no colon',
    'Name : value',
    ' Folded: value',
    '\tfolded',
    ': value',
    'Na me: value',
    'Name: a\0b',
    'Name: a\nb',
    'Name: a\rb',
    'Name: \xe9',
  ])('has header fields, not %j', (line) => {
    expectBadReply(`HTTP/1.1 200 OK\r\n${fields}${line}\r\n\r\nabc`, 'a header field that is none');
  });

  it('has no field twice', () => {
    for (const line of ['content-length: 3', 'Content-Type: application/cbor']) {
      expectBadReply(`HTTP/1.1 200 OK\r\n${fields}${line}\r\n\r\nabc`, 'a header field twice');
    }
  });

  it.each([
    ['Transfer-Encoding: chunked', 'a Transfer-Encoding'],
    ['Transfer-Encoding: identity', 'a Transfer-Encoding'],
    ['Content-Encoding: gzip', 'a Content-Encoding'],
    ['Connection: close', 'a connection that does not stay open'],
    ['Connection: upgrade', 'a connection that does not stay open'],
    ['Connection: keep-alive, close', 'a connection that does not stay open'],
  ])('has not %j', (line, found) => {
    expectBadReply(`HTTP/1.1 200 OK\r\n${fields}${line}\r\n\r\nabc`, found);
  });

  it.each(['', '-1', '+3', '03', '3.0', '0x3', '3, 3', '3 3', '99999999999'])(
    'has a length, not %j',
    (length) => {
      const text = `HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nContent-Length: ${length}\r\n\r\nabc`;
      expectBadReply(text, 'no Content-Length');
    },
  );

  it('has a length at all', () => {
    expectBadReply(
      'HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\n\r\n',
      'no Content-Length',
    );
  });

  it('has at most a megabyte', () => {
    expect(read(headOf(1_048_576))).toBeNull();
    expectBadReply(headOf(1_048_577), 'more than 1048576 bytes');
  });

  it('is CBOR', () => {
    for (const type of ['text/html', 'application/json', 'application/cbor; x=y']) {
      const text = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: 0\r\n\r\n`;
      expectBadReply(text, 'another type than CBOR');
    }
    expectBadReply('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'another type than CBOR');
  });

  it('has a bounded head', () => {
    const endless = `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(16_384)}`;
    expect(() => read(endless)).toThrow('a head of more than 16384 bytes');
    expect(() => read(`${endless}\r\n${fields}\r\n`)).toThrow('a head of more than 16384 bytes');
  });
});

describe('a server that cannot give evidence now', () => {
  it('says so by its code', () => {
    expect(() => read(refusal('503 X\r\nBlindai-Error: not-ready'))).toThrow(
      expect.objectContaining({ code: 'not-ready', retryAfterMs: null }),
    );
    expect(() =>
      read(refusal('429 X\r\nBlindai-Error: too-many-requests\r\nRetry-After: 2')),
    ).toThrow(expect.objectContaining({ code: 'too-many-requests', retryAfterMs: 2000 }));
  });

  it('does not say so by another status or an unknown code', () => {
    expect(() => read(refusal('503 X\r\nBlindai-Error: internal'))).toThrow('status 503');
    expect(() => read(refusal('503 X\r\nBlindai-Error: toString'))).toThrow('status 503');
    expect(() => read(refusal('503 X'))).toThrow('status 503');
  });
});

describe('what the peer says', () => {
  it('gets into no message', () => {
    for (const text of [
      'HTTP/1.1 500 s3cret\r\n\r\n',
      `HTTP/1.1 200 OK\r\n${fields}s3cret\r\n\r\n`,
      's3cret\r\n\r\n',
      'HTTP/1.1 503 X\r\nBlindai-Error: not-ready\r\nX: s3cret\r\n\r\n',
    ]) {
      let message = '';
      try {
        read(text);
      } catch (error) {
        ({ message } = error as Error);
      }
      expect(message).not.toBe('');
      expect(message).not.toContain('s3cret');
    }
  });
});

describe('a reply after random changes', () => {
  it('is read or refused, and nothing else', () => {
    let state = 1;
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    let refused = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const bytes = [...Buffer.from(good)];
      for (let change = random(3); change >= 0; change -= 1) {
        bytes.splice(random(bytes.length), random(3), ...(random(2) === 0 ? [] : [random(256)]));
      }
      const text = Buffer.from(bytes).toString('latin1');
      try {
        read(text, 1 + random(text.length));
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw new Error(text, { cause: error });
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(5000);
  });
});
