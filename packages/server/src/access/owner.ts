import { headers, isOwnerToken, ownerIdOf, ProtocolError } from '@blindai/protocol';
import type { Owner } from '../models/registry.ts';
import type { HttpRequest } from '../request.ts';

/**
 * Who asks, as far as anyone can tell: whoever sends an owner token is the owner that the token stands for,
 * everyone else is anonymous (wire.md §1, "The owner token").
 *
 * @throws {ProtocolError} `malformed` for a header that is not one owner token.
 */
export async function ownerOf(request: Pick<HttpRequest, 'headers'>): Promise<Owner> {
  const token = request.headers.get(headers.ownerToken);
  if (token === null) return { kind: 'anonymous' };
  if (!isOwnerToken(token)) {
    throw new ProtocolError(
      'malformed',
      `${headers.ownerToken} must be 32 bytes in base64url, 43 characters`,
    );
  }
  return { kind: 'token', id: await ownerIdOf(token) };
}
