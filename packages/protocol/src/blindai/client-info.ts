import type { CborReader, Reading } from '../encoding/cbor-reader.ts';
import { limits } from '../limits.ts';

/**
 * Reads past BlindAI's `client_info` (hashed host and user name, platform), whatever it holds: no telemetry
 * is kept, and no client is refused for what it says there.
 */
export function skipClientInfo(reader: CborReader): Reading<void> {
  return reader.skip('client_info', limits.maxClientInfoBytes);
}
