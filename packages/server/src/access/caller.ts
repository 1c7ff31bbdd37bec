import type { Owner } from '../models/registry.ts';
import type { HttpRequest } from '../request.ts';

/**
 * With whom others share a model evenly: everyone with the same owner token is one caller, without one each
 * connection is. Means nothing but by comparison.
 */
export function callerOf(owner: Owner, request: HttpRequest): unknown {
  return owner.kind === 'token' ? owner.id : (request.connection ?? request);
}
