import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from './reply.ts';

/** What is left of a request's body may take this long to arrive once its answer is sent, and this many bytes. */
const REST_MS = 500;
const REST_BYTES = 64 * 1024 * 1024;

/** Parts that are smaller together are joined: one write costs less than several. */
const JOINED_BYTES = 64 * 1024;

/** Sends an answer to whoever still waits for it, and ends it. Never rejects. */
export async function sendReply(
  reply: Reply,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const isGone = (): boolean => outgoing.destroyed || incoming.socket.destroyed;
  outgoing.once('close', () => reply.end());
  outgoing.once('finish', () => readRest(incoming));
  try {
    if (isGone()) return;
    outgoing.writeHead(reply.status, [...reply.headers].flat());
    if (reply.bytes <= JOINED_BYTES) outgoing.end(Buffer.concat(reply.parts));
    else await writeAll(reply.parts, outgoing);
  } catch {
    // Half an answer must not look like a whole one.
    outgoing.destroy();
  } finally {
    if (isGone()) reply.end();
  }
}

/** Writes one part when the one before is taken. */
async function writeAll(parts: readonly Uint8Array[], outgoing: ServerResponse): Promise<void> {
  for (const part of parts) {
    if (outgoing.write(part)) continue;
    if (!outgoing.destroyed) await untilTaken(outgoing);
    if (outgoing.destroyed) return;
  }
  outgoing.end();
}

/** Waits until what was written is taken, or nobody takes it any more; leaves no listener behind. */
function untilTaken(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      outgoing.off('drain', settle).off('close', settle);
      resolve();
    };
    outgoing.on('drain', settle).on('close', settle);
  });
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
