import { ProtocolError } from '@blindai/protocol';

/**
 * Lets everyone pass on an anonymous server and no one elsewhere: this version knows no issuer whose word
 * would count as permission, and an owner token is self-made, so it is none.
 *
 * @throws {ProtocolError} `unauthorized`.
 */
export function enforcePermission(server: { readonly anonymous: boolean }): void {
  if (server.anonymous) return;
  throw new ProtocolError(
    'unauthorized',
    'this server is not anonymous, and an owner token is no permission to upload or run',
  );
}
