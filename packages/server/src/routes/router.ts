import { ProtocolError } from '@blindai/protocol';
import { Hono } from 'hono';
import { Refusal } from '../errors.ts';
import type { Arrival, Route } from './route.ts';

/**
 * Finds the route of a call and takes it.
 *
 * @throws {ProtocolError} `not-found` for an unknown path, `wrong-surface` for one that belongs elsewhere,
 *   `method-not-allowed` for another method, and what the route throws.
 */
export function createRouter(routes: readonly Route[]): (call: Arrival) => Promise<Response> {
  const router = new Hono<{ Bindings: { call: Arrival } }>();
  for (const path of new Set(routes.map((route) => route.path))) {
    const candidates = routes.filter((route) => route.path === path);
    router.all(path, async ({ env: { call }, req }) => {
      const route = chooseRoute(candidates, call);
      call.noted.route = `${route.method} ${route.path}`;
      return route.handle({ ...call, parameters: req.param() });
    });
  }
  router.notFound(() => {
    throw new ProtocolError('not-found', 'there is no such route');
  });
  router.onError((error) => {
    throw error;
  });
  // Of the request itself the router looks at no more than method and URL.
  return async (call) => router.fetch(call.request as Request, { call });
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
