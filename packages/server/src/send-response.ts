import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { partsOf } from './reply.ts';

/** What is left of a request's body may take this long to arrive once its answer is sent, and this many bytes. */
const REST_MS = 500;
const REST_BYTES = 64 * 1024 * 1024;

/** Parts that are smaller together are joined: one write costs less than several. */
const JOINED_BYTES = 64 * 1024;

/** Sends an answer to whoever still waits for it. Never rejects. */
export async function sendResponse(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const parts = partsOf(response);
  outgoing.once('close', () => parts?.end());
  outgoing.once('finish', () => readRest(incoming));
  try {
    if (outgoing.destroyed) return;
    outgoing.writeHead(response.status, [...response.headers].flat());
    if (parts !== null && parts.bytes <= JOINED_BYTES) outgoing.end(Buffer.concat(parts.list));
    else if (parts !== null) await writeAll(parts.list, outgoing);
    else if (response.body !== null) await writeAll(response.body, outgoing);
    else outgoing.end();
  } catch {
    // Half an answer must not look like a whole one.
    outgoing.destroy();
  } finally {
    if (outgoing.destroyed) parts?.end();
  }
}

/** Writes one part when the one before is taken. */
async function writeAll(
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  outgoing: ServerResponse,
): Promise<void> {
  for await (const part of parts) {
    if (part.length === 0 || outgoing.write(part)) continue;
    if (outgoing.destroyed) return;
    await Promise.race([once(outgoing, 'drain'), once(outgoing, 'close')]);
    if (outgoing.destroyed) return;
  }
  outgoing.end();
}

/**
 * Reads past what is left of a body that nobody wanted, since the next request comes behind it. Who sends
 * more of it than is worth waiting for loses the connection.
 */
function readRest(incoming: IncomingMessage): void {
  if (incoming.readableEnded || incoming.destroyed) return;
  if (incoming.complete) {
    incoming.resume();
    return;
  }
  let bytes = 0;
  const count = (chunk: Uint8Array): void => {
    bytes += chunk.length;
    if (bytes > REST_BYTES) giveUp();
  };
  const giveUp = (): void => {
    stop();
    incoming.socket.destroySoon();
  };
  const stop = (): void => {
    clearTimeout(timer);
    incoming.off('data', count).off('end', stop).off('close', stop);
  };
  const timer = setTimeout(giveUp, REST_MS);
  timer.unref();
  incoming.on('data', count).once('end', stop).once('close', stop);
  incoming.resume();
}
