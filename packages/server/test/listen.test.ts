import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from '../src/app.ts';
import { requestLimits, streamBody } from '../src/body.ts';
import { loadConfig, type Config } from '../src/config.ts';
import { createIdentity, type Identity } from '../src/identity.ts';
import { listen, type Listener } from '../src/listen.ts';
import { Reply, replyJson } from '../src/reply.ts';
import type { Call, Route } from '../src/routes/route.ts';
import { surfaces, type Surface } from '../src/surface.ts';
import { Work } from '../src/work.ts';
import { openSocket, openTls, readAll, readUntil } from './raw-socket.ts';
import { recordLog } from './recorded-log.ts';

const listeners: Listener[] = [];
afterEach(async () => {
  await Promise.all(listeners.splice(0).map(async (listener) => listener.close()));
});

type Handle = (call: Call, config: Config) => Promise<Reply>;

interface Port {
  readonly port: number;
  readonly identity: Identity;
  readonly config: Config;
}

/** Opens one port around routes that show what a socket does to a request. */
async function open(
  surface: Surface,
  flags: Partial<Record<keyof Config, string>> = {},
  handle: Handle = echo,
): Promise<Port> {
  const config = await loadConfig({ flags: { simulation: true, ...flags }, environment: {} });
  const identity = await createIdentity({
    tee: 'simulation',
    isolation: 'none',
    anonymous: true,
    storage: 'none',
    stateFreshness: 'none',
    time: 'host',
    issuers: null,
    version: '1.0.0',
  });
  const routes = (['GET', 'POST'] as const).map((method): Route => ({
    method,
    path: '/thing',
    surfaces,
    handle: async (call) => handle(call, config),
  }));
  const app = createApp({ routes, work: new Work(), log: recordLog(), serverHeader: 'blindai' });
  const listener = await listen({ surface, host: '127.0.0.1', port: 0, app, config, identity });
  listeners.push(listener);
  return { port: listener.port, identity, config };
}

/** A reply in JSON, of any value. */
function json(value: unknown): Reply {
  return new Reply([new TextEncoder().encode(JSON.stringify(value))], 'json');
}

/** Says how many bytes came from where. */
async function echo({ request, address, signal }: Call, config: Config): Promise<Reply> {
  let bytes = 0;
  const limits = {
    maxBytes: config.maxRequestBytes,
    idleTimeoutMs: config.idleTimeoutMs,
    timeoutMs: config.requestTimeoutMs,
    minBytesPerSecond: null,
  };
  for await (const chunk of streamBody(request, limits, signal)) bytes += chunk.length;
  return replyJson({ bytes, address });
}

/** Says what arrived, however slowly it is read. */
async function digest({ request, signal }: Call, config: Config): Promise<Reply> {
  const hash = createHash('sha256');
  for await (const chunk of streamBody(request, requestLimits(config), signal)) {
    hash.update(chunk);
    if (chunk.length % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return json(hash.digest('hex'));
}

const get = 'GET /thing HTTP/1.1\r\nHost: blindai-srv\r\n\r\n';
const postHead = (length: number): string =>
  `POST /thing HTTP/1.1\r\nHost: blindai-srv\r\nContent-Length: ${length}\r\n\r\n`;

/** Expects a whole refusal, and the end of the connection after it. */
function expectRefusal(text: string, status: number, code: string): void {
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(text.toLowerCase()).toContain(`\r\nblindai-error: ${code}\r\n`);
  expect(text).toContain(`${code}: `);
}

/** The header fields of an answer, without its moment. */
function fieldsOf(answer: string): string[] {
  const [head = ''] = answer.toLowerCase().split('\r\n\r\n');
  return head.split('\r\n').filter((line) => !line.startsWith('date: '));
}

describe('a TLS port', () => {
  it('shows the certificate of the identity, in TLS 1.3', async () => {
    const { port, identity } = await open('attested');
    const socket = await openTls(port);
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(Uint8Array.from(socket.getPeerCertificate().raw)).toEqual(identity.certificate);
    socket.write(get);
    const reply = await readUntil(socket, (text) => text.includes('}'));
    expect(reply).toContain('{"bytes":0,"address":"127.0.0.1"}');
    socket.destroy();
  });

  it('refuses anything older than TLS 1.3', async () => {
    const { port } = await open('attested');
    await expect(openTls(port, { maxVersion: 'TLSv1.2' })).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    });
  });

  it('resumes no session', async () => {
    const { port } = await open('management');
    const sessions: Buffer[] = [];
    const first = await openTls(port);
    first.on('session', (session: Buffer) => sessions.push(session));
    first.write(get);
    await readUntil(first, (text) => text.includes('}'));
    first.destroy();
    const kept = first.getSession();
    for (const session of [...sessions, ...(kept === undefined ? [] : [kept])]) {
      const second: TLSSocket = await openTls(port, { session });
      expect(second.isSessionReused()).toBe(false);
      second.destroy();
    }
  });

  it('does not speak plain HTTP', async () => {
    const { port } = await open('attested');
    const socket = await openSocket(port);
    socket.write(get);
    expect(await readAll(socket)).not.toContain('HTTP/1.1 200');
  });

  it('drops a handshake that does not go on', async () => {
    const { port } = await open('attested', { headersTimeoutMs: '100' });
    expect(await readAll(await openSocket(port))).toBe('');
  });
});

describe('the head of a request', () => {
  it('is refused with too-large beyond its limit', async () => {
    const { port } = await open('unattested', { maxHeaderBytes: '2048' });
    const socket = await openSocket(port);
    socket.write(`GET /thing HTTP/1.1\r\nHost: blindai-srv\r\nX: ${'x'.repeat(2048)}\r\n\r\n`);
    expectRefusal(await readAll(socket), 413, 'too-large');
  });

  it('is refused with too-large also where it is many short headers', async () => {
    const { port } = await open('unattested', { maxHeaderBytes: '2048' });
    const socket = await openSocket(port);
    const many = 'a: b\r\n'.repeat(400);
    socket.write(`GET /thing HTTP/1.1\r\nHost: blindai-srv\r\nConnection: close\r\n${many}\r\n`);
    expectRefusal(await readAll(socket), 413, 'too-large');
  });

  it.each(['', 'GET /thing HTTP/1.1\r\nHost: blind'])(
    'is refused with too-slow when no more comes than %j',
    async (head) => {
      const { port } = await open('unattested', { headersTimeoutMs: '100' });
      const socket = await openSocket(port);
      socket.write(head);
      expectRefusal(await readAll(socket), 408, 'too-slow');
    },
  );

  it.each([
    'NONSENSE\r\n\r\n',
    'GET /thing HTTP/1.1\r\nHost: blindai-srv\r\nContent-Length: x\r\n\r\n',
    'POST /thing HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET /thing HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
    'GET /thing HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n',
    'GET /thing HTTP/1.1\r\nHost: a@b\r\nConnection: close\r\n\r\n',
    'GET /thing HTTP/1.1\r\nHost: a/thing?\r\nConnection: close\r\n\r\n',
    'GET /thing HTTP/1.1\r\nHost: a:99999\r\nConnection: close\r\n\r\n',
    'GET /thing HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n\r\n',
    'GET ftp://a/thing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    'GET /th\\ing HTTP/1.1\r\nHost: blindai-srv\r\nConnection: close\r\n\r\n',
    'GET /thing HTTP/1.1\r\nConnection: close\r\n\r\n',
    'GET /thing HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
  ])('is refused with malformed: %j', async (head) => {
    const { port } = await open('unattested');
    const socket = await openSocket(port);
    socket.write(head);
    expectRefusal(await readAll(socket), 400, 'malformed');
  });
});

describe('the head of a request', () => {
  it.each([
    ['/thing', 'blindai-srv'],
    ['/thing?a=/../b', '127.0.0.1:9924'],
    ['/other/../thing', '[::1]:9924'],
    ['https://another/thing', 'blindai-srv'],
    ['http://another:80/thing', 'a-b.example_1'],
  ])('asks for /thing with the target %s and the host %s', async (target, host) => {
    const { port } = await open('unattested', {}, async ({ request }) =>
      json([new URL(request.url).pathname]),
    );
    const socket = await openSocket(port);
    socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(await readAll(socket)).toContain('["/thing"]');
  });

  it('is read whatever the case of its names, and what comes twice as one list', async () => {
    const { port } = await open('unattested', {}, async ({ request: { headers } }) =>
      json([headers.get('X-Thing'), headers.get('x-other'), headers.has('x-THING')]),
    );
    const socket = await openSocket(port);
    const fields = 'x-thing: one\r\nX-THING: two\r\n';
    socket.write(`GET /thing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n`);
    expect(await readAll(socket)).toContain('["one, two",null,true]');
  });

  it('that asks for a tunnel is refused with method-not-allowed', async () => {
    const { port } = await open('unattested');
    const socket = await openSocket(port);
    socket.write('CONNECT blindai-srv:443 HTTP/1.1\r\nHost: blindai-srv\r\n\r\n');
    expectRefusal(await readAll(socket), 405, 'method-not-allowed');
  });

  it('that expects what nobody knows is answered all the same', async () => {
    const { port } = await open('unattested');
    const socket = await openSocket(port);
    socket.write(get.replace('\r\n\r\n', '\r\nExpect: miracles\r\n\r\n'));
    expect(await readUntil(socket, (text) => text.includes('}'))).toContain('200 OK');
    socket.destroy();
  });

  it('is read to its last header, however many there are', async () => {
    const { port } = await open('unattested', {}, async ({ request }) =>
      json([request.headers.get('last')]),
    );
    const socket = await openSocket(port);
    const many = 'a: b\r\n'.repeat(2200);
    socket.write(`GET /thing HTTP/1.1\r\nHost: blindai-srv\r\n${many}Last: seen\r\n\r\n`);
    expect(await readUntil(socket, (text) => text.includes(']'))).toContain('["seen"]');
    socket.destroy();
  });
});

describe('the body of a request', () => {
  it.each(['attested', 'unattested'] as const)(
    'arrives whole on the %s port, in pieces of any size',
    async (surface) => {
      const { port } = await open(surface, {}, digest);
      const body = randomBytes(5_000_000);
      const socket = await (surface === 'attested' ? openTls(port) : openSocket(port));
      const reply = readUntil(socket, (text) => /"[0-9a-f]{64}"/.test(text));
      socket.write(postHead(body.length));
      for (let at = 0, size = 1; at < body.length; at += size, size = (size * 7) % 99_991) {
        socket.write(body.subarray(at, at + size));
        if (size % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await reply).toContain(createHash('sha256').update(body).digest('hex'));
      socket.destroy();
    },
  );

  it('that breaks off is malformed to whoever reads it, and aborts the request', async () => {
    const seen: string[] = [];
    const { port } = await open('attested', {}, async (call, config) => {
      call.request.signal.addEventListener('abort', () => seen.push('aborted'));
      return digest(call, config).catch((error: unknown) => {
        seen.push((error as { code: string }).code);
        throw error;
      });
    });
    const socket = await openTls(port);
    socket.write(`${postHead(1000)}half`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await expect.poll(() => new Set(seen)).toEqual(new Set(['aborted', 'malformed']));
  });

  it.each(['ZZ\r\n', '1\r\nxx\r\n', '-1\r\n', '1;\n', 'FFFFFFFFFFFFFFFFF\r\n'])(
    'is refused with malformed when it comes in chunks that are none: %j',
    async (chunks) => {
      const { port } = await open('unattested');
      const socket = await openSocket(port);
      const head = 'POST /thing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
      socket.write(head + chunks);
      expectRefusal(await readAll(socket), 400, 'malformed');
    },
  );

  it('that nobody wants costs the connection nothing', async () => {
    const { port } = await open('unattested', {}, async ({ request, signal }, config) => {
      if (request.method === 'GET') return json('still here');
      const limits = { ...requestLimits(config), maxBytes: 1000 };
      for await (const chunk of streamBody(request, limits, signal)) expect(chunk).not.toBeNull();
      return json('all of it');
    });
    const socket = await openSocket(port);
    socket.write('POST /thing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const refused = readUntil(socket, (text) => text.includes('too-large: '));
    for (let sent = 0; sent < 50; sent += 1) socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
    expectRefusal(await refused, 413, 'too-large');
    socket.write(`0\r\n\r\n${get}`);
    const text = await readUntil(socket, (read) => read.includes('still here'));
    expect(text).toContain('HTTP/1.1 200 OK');
    socket.destroy();
  });

  it('is refused with too-large before it is sent, if it says so', async () => {
    const { port } = await open('attested', { maxRequestBytes: '1000' });
    const socket = await openTls(port);
    socket.write(postHead(1001));
    const reply = await readUntil(socket, (text) => text.includes('too-large: '));
    expectRefusal(reply, 413, 'too-large');
    socket.destroy();
  });

  it('is refused with too-large while it arrives, and the refusal reaches a busy sender', async () => {
    const { port } = await open('unattested', { maxRequestBytes: '100000' });
    const socket = await openSocket(port);
    const reply = readUntil(socket, (text) => text.includes('too-large: '));
    socket.write('POST /thing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    for (let sent = 0; sent < 64; sent += 1) {
      if (!socket.write(chunk)) await once(socket, 'drain');
    }
    expectRefusal(await reply, 413, 'too-large');
    socket.destroy();
  });

  it('is refused with too-slow when it stops', async () => {
    const { port } = await open('unattested', { idleTimeoutMs: '100' });
    const socket = await openSocket(port);
    socket.write(`${postHead(10)}x`);
    expectRefusal(await readAll(socket), 408, 'too-slow');
  });

  it('is refused with too-slow when it takes too long', async () => {
    const { port } = await open('unattested', { requestTimeoutMs: '100' });
    const socket = await openSocket(port);
    socket.write(`${postHead(1000)}x`);
    const timer = setInterval(() => socket.write('x'), 20);
    expectRefusal(await readAll(socket), 408, 'too-slow');
    clearInterval(timer);
  });
});

describe('a connection', () => {
  it('serves one request after the other', async () => {
    const { port } = await open('unattested');
    const socket = await openSocket(port);
    socket.write(`${postHead(3)}abc${get}${postHead(1)}a`);
    const text = await readUntil(socket, (read) => read.split('{"bytes"').length === 4);
    expect([...text.matchAll(/\{"bytes":(\d)/g)].map(([, bytes]) => bytes)).toEqual([
      '3',
      '0',
      '1',
    ]);
    socket.destroy();
  });

  it('is closed when it says nothing between requests', async () => {
    const { port } = await open('unattested', { idleTimeoutMs: '100' });
    const socket = await openSocket(port);
    socket.write(get);
    expect(await readAll(socket)).toContain('HTTP/1.1 200');
  });

  it('stays open while an answer is worked on, however long', async () => {
    const { port } = await open('unattested', { idleTimeoutMs: '50' }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return json('done');
    });
    const socket = await openSocket(port);
    socket.write(get);
    expect(await readUntil(socket, (text) => text.includes('"done"'))).toContain('200 OK');
    socket.destroy();
  });

  it('is closed when nobody takes the answer', async () => {
    const big = new Uint8Array(64 * 1024 * 1024);
    let ended = 0;
    const { port } = await open(
      'unattested',
      { idleTimeoutMs: '200' },
      async () => new Reply([big, big], 'cbor', { onEnd: () => (ended += 1) }),
    );
    const socket = await openSocket(port);
    socket.pause();
    socket.write(get);
    const closed = once(socket, 'close');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    let received = 0;
    socket.on('data', (chunk: Buffer) => (received += chunk.length));
    socket.resume();
    await closed;
    expect(received).toBeLessThan(2 * big.length);
    await expect.poll(() => ended).toBe(1);
  });

  it('carries an answer in parts whole, with its length', async () => {
    const parts = [1, 2, 3].map((byte) => new Uint8Array(1_000_000).fill(byte));
    const { port } = await open(
      'attested',
      {},
      async () => new Reply([new Uint8Array(), ...parts, new Uint8Array()], 'cbor'),
    );
    const socket = await openTls(port);
    socket.write(get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    const text = await readAll(socket);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(head.toLowerCase()).toContain('content-length: 3000000');
    expect(Buffer.concat(parts).equals(Buffer.from(body, 'latin1'))).toBe(true);
  });

  it('leaves no listeners behind for the parts of an answer', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', note);
    const parts = Array.from({ length: 30 }, () => new Uint8Array(1024 * 1024));
    const { port } = await open('attested', {}, async () => new Reply(parts, 'cbor'));
    const socket = await openTls(port);
    socket.write(get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    expect((await readAll(socket)).length).toBeGreaterThan(30 * 1024 * 1024);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it.each(['before it is answered', 'while it is answered'])(
    'gives the parts of an answer back when its caller leaves %s',
    async (when) => {
      let answer!: () => void;
      const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
      let ended = 0;
      const { port } = await open('attested', {}, async () => {
        await mayAnswer;
        const parts = [1, 2, 3].map(() => new Uint8Array(16 * 1024 * 1024));
        return new Reply(parts, 'cbor', { onEnd: () => (ended += 1) });
      });
      const socket = await openTls(port);
      socket.write(get);
      if (when.startsWith('before')) {
        // Long enough for the request to have arrived.
        await new Promise((resolve) => setTimeout(resolve, 50));
        socket.destroy();
        answer();
      } else {
        answer();
        await readUntil(socket, (text) => text.includes('200 OK'));
        expect(ended).toBe(0);
        socket.destroy();
      }
      await expect.poll(() => ended).toBe(1);
      await listeners[0]?.close();
      expect(ended).toBe(1);
    },
  );

  it.each([0, 1000, 300_000])(
    'gives the parts of an answer back once when all %i bytes were sent',
    async (length) => {
      const parts = [1, 2].map(() => new Uint8Array(length / 2));
      let ended = 0;
      const { port } = await open(
        'attested',
        {},
        async () => new Reply(parts, 'cbor', { onEnd: () => (ended += 1) }),
      );
      const socket = await openTls(port);
      for (const answers of [1, 2]) {
        socket.write(get);
        await readUntil(socket, (text) => text.split('\r\n\r\n')[1]?.length === length);
        await expect.poll(() => ended).toBe(answers);
      }
      socket.destroy();
      await listeners[0]?.close();
      expect(ended).toBe(2);
    },
  );

  it.each([4, 300_000])(
    'carries no body of the %i bytes that HEAD asks about, and then the next answer',
    async (length) => {
      let ended = 0;
      const { port } = await open(
        'attested',
        {},
        async () =>
          new Reply([new Uint8Array(length).fill(120)], 'cbor', {
            headers: { 'X-More': 'yes' },
            onEnd: () => (ended += 1),
          }),
      );
      const socket = await openTls(port);
      socket.write(get.replace('GET', 'HEAD'));
      const head = await readUntil(socket, (text) => text.includes('\r\n\r\n'));
      expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      await expect.poll(() => ended).toBe(1);
      socket.write(get);
      const next = await readUntil(
        socket,
        (text) => (text.split('\r\n\r\n')[1]?.length ?? 0) >= length,
      );
      // Had there been a body, it would be here, or above.
      expect(head.indexOf('\r\n\r\n')).toBe(head.length - 4);
      const [headOfNext = '', body = ''] = next.split('\r\n\r\n');
      expect(headOfNext).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(body).toBe('x'.repeat(length));
      expect(fieldsOf(head)).toEqual(fieldsOf(headOfNext));
      expect(fieldsOf(head)).toContain(`content-length: ${length}`);
      socket.destroy();
      await expect.poll(() => ended).toBe(2);
    },
  );

  it('is refused beyond the limit of connections', async () => {
    const { port } = await open('unattested', { maxConnections: '1' });
    const first = await openSocket(port);
    const second = await openSocket(port);
    expect(await readAll(second)).toBe('');
    first.destroy();
  });
});

async function noApp(): Promise<Reply> {
  return replyJson({});
}

describe('an address', () => {
  it('that is taken is refused with port-in-use, by name', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { identity, config } = await open('unattested');
    await expect(
      listen({ surface: 'attested', host: '127.0.0.1', port, app: noApp, config, identity }),
    ).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining(`127.0.0.1:${port} (attested port)`) as unknown,
    });
    other.close();
  });

  it('that this machine has not is refused with address-unavailable', async () => {
    const { identity, config } = await open('unattested');
    await expect(
      listen({ surface: 'management', host: '2001:db8::1', port: 9, app: noApp, config, identity }),
    ).rejects.toMatchObject({
      code: 'address-unavailable',
      message: expect.stringContaining('[2001:db8::1]:9 (management port)') as unknown,
    });
  });
});

describe('stopping', () => {
  it('takes no more connections, finishes what it answers, and closes', async () => {
    let finish!: (last: Reply) => void;
    const { port } = await open(
      'unattested',
      {},
      async () => new Promise<Reply>((resolve) => (finish = resolve)),
    );
    const [idle, busy] = [await openSocket(port), await openSocket(port)];
    busy.write(get);
    await expect.poll(() => finish).toBeTypeOf('function');
    const [listener] = listeners;
    listener?.stop();
    await expect(openSocket(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    finish(json('the last answer'));
    expect(await readAll(busy)).toContain('the last answer');
    await listener?.close();
    expect(await readAll(idle)).toBe('');
  });
});
