import { ProtocolError } from '@blindai/protocol';
import { Hono } from 'hono';
import { Refusal } from '../errors.ts';
import type { Reply } from '../reply.ts';
import type { Arrival, Route } from './route.ts';

/**
 * Finds the route of a call and takes it.
 *
 * @throws {ProtocolError} `not-found` for an unknown path, `wrong-surface` for one that belongs elsewhere,
 *   `method-not-allowed` for another method, and what the route throws.
 */
export function createRouter(routes: readonly Route[]): (call: Arrival) => Promise<Reply> {
  const router = new Hono<{ Bindings: { call: Arrival } }>();
  for (const path of new Set(routes.map((route) => route.path))) {
    const candidates = routes.filter((route) => route.path === path);
    router.all(path, async ({ env: { call }, req }) => {
      const route = chooseRoute(candidates, call);
      call.noted.route = `${route.method} ${route.path}`;
      // It hands on what it is given, and only its types demand a `Response` of the web.
      return (await route.handle({ ...call, parameters: req.param() })) as unknown as Response;
    });
  }
  router.notFound(() => {
    throw new ProtocolError('not-found', 'there is no such route');
  });
  router.onError((error) => {
    throw error;
  });
  return async (call) => {
    const { method, url } = call.request;
    // It looks at no more than this. HEAD is answered as GET: what sends the answer leaves its body out.
    const asked = { method: method === 'HEAD' ? 'GET' : method, url } as Request;
    return (await router.fetch(asked, { call })) as unknown as Reply;
  };
}

function chooseRoute(candidates: readonly Route[], { request, surface }: Arrival): Route {
  const here = candidates.filter((route) => route.surfaces.includes(surface));
  if (here.length === 0) {
    const surfaces = candidates.flatMap((route) => route.surfaces).join(' and ');
    throw new ProtocolError('wrong-surface', `this route belongs to the ${surfaces} port`);
  }
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const route = here.find((candidate) => candidate.method === method);
  if (route !== undefined) return route;
  const allowed = here.map((candidate) => candidate.method);
  throw new Refusal('method-not-allowed', 'this route has other methods', {
    Allow: allowed.flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known])).join(', '),
  });
}
