import { headers, ProtocolError } from '@blindai/protocol';
import type { HttpRequest } from '../request.ts';

/** The longest that a caller may name, in milliseconds: what Node's timers hold. */
const most = 2 ** 31 - 1;

/**
 * How long the caller waits for the answer, in milliseconds (`Blindai-Timeout`, wire.md §1); undefined if it
 * does not say.
 *
 * @throws {ProtocolError} `malformed`
 */
export function callerTimeoutOf(request: Pick<HttpRequest, 'headers'>): number | undefined {
  const text = request.headers.get(headers.timeout);
  if (text === null) return undefined;
  const timeoutMs = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : NaN;
  if (timeoutMs <= most) return timeoutMs;
  throw new ProtocolError(
    'malformed',
    `${headers.timeout} must be whole milliseconds from 1 to ${most}`,
  );
}
