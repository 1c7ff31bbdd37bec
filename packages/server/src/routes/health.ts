import { replyJson } from '../reply.ts';
import type { Route } from './route.ts';

/**
 * The server's two health checks of the Open Inference Protocol (wire.md §3), also on the unattested port,
 * for probes. A server that goes down refuses all new work, these included, with 503.
 */
export function healthRoutes(): readonly Route[] {
  const surfaces = ['unattested', 'attested'] as const;
  return [
    { method: 'GET', path: '/v2/health/live', surfaces, handle: answer({ live: true }) },
    {
      method: 'GET',
      path: '/v2/health/ready',
      surfaces,
      handle: answer({ live: true, ready: true }),
    },
  ];
}

function answer(body: object): Route['handle'] {
  return async () => replyJson(body);
}
