import { headers, ProtocolError } from '@blindai/protocol';
import type { HttpRequest } from '../request.ts';
import type { Surface } from '../surface.ts';

const credentials = ['Authorization', headers.ownerToken] as const;

/**
 * Refuses credentials that came over the unattested port, where nobody has proved who reads them: a client
 * that sends them there must hear of it (wire.md, "Listeners and surfaces").
 *
 * @throws {ProtocolError} `credentials-refused`.
 */
export function refuseUnprovedCredentials(
  request: Pick<HttpRequest, 'headers'>,
  surface: Surface,
): void {
  if (surface !== 'unattested') return;
  const sent = credentials.find((name) => request.headers.has(name));
  if (sent === undefined) return;
  throw new ProtocolError(
    'credentials-refused',
    `${sent} came over the unattested port: consider it disclosed, and use the attested one`,
  );
}
