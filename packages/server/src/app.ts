import { refuseUnprovedCredentials } from './access/unproved-credentials.ts';
import { asRefusal, errorReply } from './error-reply.ts';
import { describeError, type Log } from './log.ts';
import { encodingFor, type Reply } from './reply.ts';
import type { HttpRequest } from './request.ts';
import type { Call, Route } from './routes/route.ts';
import { createRouter } from './routes/router.ts';
import type { Surface } from './surface.ts';
import type { Work } from './work.ts';

/**
 * All of HTTP without a socket: answers a request that came in on a surface. Never rejects; every failure is
 * a reply with a code.
 *
 * @param address - Of the client, for budgets; not kept, not logged.
 */
export type App = (request: HttpRequest, surface: Surface, address?: string) => Promise<Reply>;

/** What an {@link App} is made of. */
export interface AppOptions {
  readonly routes: readonly Route[];
  readonly work: Work;
  readonly log: Log;
  /** In every reply's `Server` header: BlindAI's client tells a simulated server by it. */
  readonly serverHeader: string;
}

/** Makes the application of its routes. */
export function createApp({ routes, work, log, serverHeader }: AppOptions): App {
  const route = createRouter(routes);
  return async (request, surface, address = 'in-process') => {
    const startedMs = performance.now();
    const noted: Call['noted'] = {};
    let reply: Reply;
    try {
      reply = await work.run(async (signal) => {
        refuseUnprovedCredentials(request, surface);
        return route({ request, surface, address, signal, noted });
      }, request.signal);
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal !== error) log.error({ event: 'request-failed', ...describeError(error) });
      noted.code = refusal.code;
      reply = errorReply(refusal, encodingOfErrors(request));
    }
    reply.headers.set('Server', serverHeader);
    reply.headers.set('Cache-Control', 'no-store');
    log.info({
      event: 'request',
      surface,
      status: reply.status,
      ...noted,
      replyBytes: reply.bytes,
      durationMs: Math.round(performance.now() - startedMs),
    });
    return reply;
  };
}

/** The Open Inference Protocol's errors are JSON whatever was asked for (wire.md §3). */
function encodingOfErrors(request: HttpRequest): 'cbor' | 'json' {
  return /^\/v2(?:\/|$)/.test(new URL(request.url).pathname) ? 'json' : encodingFor(request);
}
