import { decodeErrorText, errorStatuses, ProtocolError, type ErrorCode } from '@blindai/protocol';
import { describe, expect, it } from 'vitest';
import { createApp, type App } from '../src/app.ts';
import type { CancellationSignal } from '../src/cancellation.ts';
import { reply } from '../src/reply.ts';
import type { Route } from '../src/routes/route.ts';
import type { Surface } from '../src/surface.ts';
import { Work } from '../src/work.ts';
import { recordLog, type RecordedLog } from './recorded-log.ts';
import { answerOnWeb, type WebApp } from './web-response.ts';

interface TestApp {
  readonly app: WebApp;
  /** The same application, for what it replies itself. */
  readonly replying: App;
  readonly log: RecordedLog;
  readonly work: Work;
}

function createTestApp(handle: Route['handle']): TestApp {
  const log = recordLog();
  const work = new Work();
  const routes: Route[] = [
    { method: 'GET', path: '/thing', surfaces: ['attested'], handle },
    { method: 'POST', path: '/thing', surfaces: ['attested', 'management'], handle },
    { method: 'GET', path: '/v2/thing', surfaces: ['unattested', 'attested'], handle },
  ];
  const replying = createApp({ routes, work, log, serverHeader: 'blindai' });
  return { app: answerOnWeb(replying), replying, log, work };
}

const ok: Route['handle'] = async () => reply(new TextEncoder().encode('fine'), 'cbor');

function request(path: string, init: RequestInit = {}): Request {
  return new Request(`https://blindai-srv${path}`, init);
}

async function refusalOf(response: Response): Promise<ProtocolError> {
  const error = decodeErrorText(new Uint8Array(await response.arrayBuffer()));
  expect(response.headers.get('Blindai-Error')).toBe(error.code);
  expect(response.headers.get('Content-Type')).toBe('application/cbor');
  expect(response.status).toBe(errorStatuses[error.code]);
  return error;
}

async function headersFor(code: ErrorCode): Promise<Headers> {
  const { app } = createTestApp(async () => {
    throw new ProtocolError(code, 'no');
  });
  return (await app(request('/thing'), 'attested')).headers;
}

describe('createApp', () => {
  it('takes the route of the method, path and surface, and logs it without content', async () => {
    const { app, log } = createTestApp(async (call) => {
      call.noted.bytes = 3;
      return ok(call);
    });
    const response = await app(
      request('/thing?patient=4711', { method: 'POST', body: '4711' }),
      'attested',
      '192.0.2.47',
    );
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('fine');
    expect(response.headers.get('Server')).toBe('blindai');
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(log.lines).toEqual([
      {
        level: 'info',
        event: 'request',
        surface: 'attested',
        status: 200,
        route: 'POST /thing',
        bytes: 3,
        replyBytes: 4,
        durationMs: expect.any(Number) as unknown,
      },
    ]);
    expect(JSON.stringify(log.lines)).not.toMatch(/4711|192\.0/);
  });

  it('answers HEAD as GET, and leaves it to the listener to send no body', async () => {
    const { replying, log } = createTestApp(ok);
    const head = await replying(request('/thing', { method: 'HEAD' }), 'attested');
    const get = await replying(request('/thing'), 'attested');
    expect(head.status).toBe(200);
    expect(head.headers.get('Content-Length')).toBe('4');
    expect([...head.headers]).toEqual([...get.headers]);
    expect(log.lines.map(({ route }) => route)).toEqual(['GET /thing', 'GET /thing']);
  });

  it.each(['/', '/thing/', '/Thing', '//thing', '/thing/x', '/v2'])(
    'refuses with not-found the unknown path %s',
    async (path) => {
      const { app } = createTestApp(ok);
      const response = await app(request(path), 'attested');
      if (path === '/v2') {
        expect(await response.json()).toEqual({ error: 'not-found: there is no such route' });
        expect(response.headers.get('Blindai-Error')).toBe('not-found');
      } else {
        expect((await refusalOf(response)).code).toBe('not-found');
      }
    },
  );

  it.each([
    ['management', 'GET', '/thing', 'method-not-allowed'],
    ['unattested', 'GET', '/thing', 'wrong-surface'],
    ['unattested', 'POST', '/thing', 'wrong-surface'],
    ['unattested', 'DELETE', '/thing', 'wrong-surface'],
    ['attested', 'DELETE', '/thing', 'method-not-allowed'],
  ] satisfies [Surface, string, string, ErrorCode][])(
    'refuses on the %s surface %s %s with %s',
    async (surface, method, path, code) => {
      const { app } = createTestApp(ok);
      const response = await app(request(path, { method }), surface);
      const refusal = await refusalOf(response);
      expect(refusal.code).toBe(code);
      expect(response.headers.get('Allow')).toBe(
        code !== 'method-not-allowed'
          ? null
          : surface === 'management'
            ? 'POST'
            : 'GET, HEAD, POST',
      );
    },
  );

  it.each(['Authorization', 'Blindai-Owner-Token', 'blindai-owner-token'])(
    'refuses with credentials-refused the header %s on the unattested surface, and nowhere else',
    async (name) => {
      const { app } = createTestApp(ok);
      const headers = { [name]: 'secret' };
      for (const path of ['/v2/thing', '/thing', '/unknown']) {
        const response = await app(request(path, { headers }), 'unattested');
        expect(response.status).toBe(400);
        expect(response.headers.get('Blindai-Error')).toBe('credentials-refused');
        expect(await response.text()).not.toContain('secret');
      }
      expect((await app(request('/v2/thing', { headers }), 'attested')).status).toBe(200);
    },
  );

  it.each(Object.keys(errorStatuses) as ErrorCode[])(
    'answers %s with its status, code and sentence',
    async (code) => {
      const { app, log } = createTestApp(async () => {
        throw new ProtocolError(code, 'the sentence');
      });
      const response = await app(request('/thing'), 'attested');
      expect(await refusalOf(response)).toMatchObject({ code, message: 'the sentence' });
      expect(log.lines.at(-1)).toMatchObject({ status: errorStatuses[code], code });
    },
  );

  it('says what HTTP wants beside 401, 429 and 503', async () => {
    expect((await headersFor('unauthorized')).get('WWW-Authenticate')).toBe('Bearer');
    expect((await headersFor('too-many-requests')).get('Retry-After')).toBe('1');
    expect((await headersFor('going-down')).get('Retry-After')).toBe('10');
  });

  it('writes errors in JSON where that is asked for', async () => {
    const { app } = createTestApp(ok);
    const headers = { Accept: 'application/json' };
    const response = await app(request('/unknown', { headers }), 'attested');
    expect(response.headers.get('Content-Type')).toBe('application/json');
    expect(await response.json()).toEqual({ error: 'not-found: there is no such route' });
  });

  it('tells nothing of a bug, and logs where it is', async () => {
    const { app, log } = createTestApp(async () => {
      throw new TypeError('patient 4711');
    });
    const response = await app(request('/thing'), 'attested');
    const refusal = await refusalOf(response);
    expect(refusal.code).toBe('internal');
    expect(refusal.message).not.toContain('4711');
    expect(JSON.stringify(log.lines)).not.toContain('4711');
    expect(log.lines[0]).toEqual({
      level: 'error',
      event: 'request-failed',
      errorName: 'TypeError',
      thrownAt: expect.stringMatching(/^app\.test\.ts:\d+:\d+$/) as unknown,
    });
    expect(log.lines[1]).toMatchObject({ event: 'request', status: 500, code: 'internal' });
  });

  it('tells nothing of what is thrown and is no error at all', async () => {
    const { app, log } = createTestApp(async (call) => {
      AbortSignal.abort('patient 4711').throwIfAborted();
      return ok(call);
    });
    expect((await refusalOf(await app(request('/thing'), 'attested'))).code).toBe('internal');
    expect(JSON.stringify(log.lines)).not.toContain('4711');
  });

  it('refuses everything with going-down once it drains', async () => {
    const { app, work } = createTestApp(ok);
    await work.drain(1000);
    const response = await app(request('/thing'), 'attested');
    expect((await refusalOf(response)).code).toBe('going-down');
  });

  it('answers with going-down what it ends, and aborts its work', async () => {
    let signal!: CancellationSignal;
    const { app, work } = createTestApp(async (call) => {
      signal = call.signal;
      return new Promise(() => {});
    });
    const response = app(request('/thing'), 'attested');
    await work.drain(1);
    expect((await refusalOf(await response)).code).toBe('going-down');
    expect(signal.aborted).toBe(true);
  });

  it('aborts the work of a caller who left, which is no bug', async () => {
    const caller = new AbortController();
    const { app, log } = createTestApp(async () => {
      caller.abort();
      return new Promise(() => {});
    });
    await app(request('/thing', { signal: caller.signal }), 'attested');
    expect(log.lines).toEqual([expect.objectContaining({ event: 'request', code: 'malformed' })]);
  });
});
