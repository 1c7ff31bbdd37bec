import type { IncomingMessage } from 'node:http';
import { ProtocolError } from '@blindai/protocol';

/** What stands around the name and the value of a header: `: ` and the end of the line. */
const HEADER_FRAME_BYTES = 4;

/**
 * Refuses what Node's parser lets through: a head beyond the limit, because it counts names and values only,
 * and a second host, where one proxy may believe the first and another the last (RFC 9112 §3.2).
 *
 * @throws {ProtocolError} `too-large` or `malformed`.
 */
export function enforceHead({ rawHeaders }: IncomingMessage, maxBytes: number): void {
  let bytes = 0;
  let hosts = 0;
  for (const [at, text] of rawHeaders.entries()) {
    bytes += text.length;
    if (at % 2 === 0) {
      bytes += HEADER_FRAME_BYTES;
      if (text.toLowerCase() === 'host') hosts += 1;
    }
  }
  if (bytes > maxBytes)
    throw new ProtocolError('too-large', 'the head of the request is too large');
  if (hosts > 1) throw new ProtocolError('malformed', 'a request must name one host');
}
