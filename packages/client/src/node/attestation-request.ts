import type { TLSSocket } from 'node:tls';
import { encodeBase64url } from '@blindai/protocol';
import { ConnectionError } from '../errors.ts';
import { ReplyReader } from './reply-reader.ts';

/** The answer to a request for evidence, on a connection that is not to be used for anything else yet. */
export interface EvidenceReply {
  /** CBOR. */
  readonly body: Uint8Array;
  /**
   * Ends the watch over the connection, so that it can be used.
   *
   * @throws {ConnectionError} when it was closed meanwhile, or one byte arrived beyond the reply.
   */
  readonly release: () => void;
}

/**
 * Asks for evidence, as the first and only thing that is sent on a connection. The HTTP is written and read
 * by hand: a library would follow redirects, or take what comes after the reply for the next one.
 *
 * @param nonce - 32 random bytes; null asks for the quote made at boot.
 * @throws {ConnectionError} `bad-reply`, `unreachable`, an error of the server, or the signal's reason.
 */
export async function requestEvidence(
  socket: TLSSocket,
  nonce: Uint8Array | null,
  signal: AbortSignal,
): Promise<EvidenceReply> {
  const reader = new ReplyReader();
  let complete = false;
  let failure: unknown = null;
  let settle: (() => void) | null = null;

  const stop = (reason: unknown): void => {
    failure ??= reason;
    socket.destroy();
    settle?.();
  };
  const read = (): void => {
    try {
      for (let bytes = readFrom(socket); bytes !== null; bytes = readFrom(socket)) {
        complete = reader.push(bytes);
      }
      if (complete) settle?.();
    } catch (error) {
      stop(error);
    }
  };
  const end = (): void => stop(lost());
  const abort = (): void => stop(signal.reason);

  socket.on('readable', read).on('end', end).on('close', end);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  if (socket.destroyed) end();
  socket.write(requestFor(nonce));
  await new Promise<void>((resolve) => {
    settle = resolve;
    if (failure !== null) resolve();
  });
  signal.removeEventListener('abort', abort);
  if (failure !== null) throw failure;
  return {
    body: reader.body(),
    release: () => {
      read();
      if (failure !== null) throw failure;
      socket.off('readable', read).off('end', end).off('close', end);
    },
  };
}

function requestFor(nonce: Uint8Array | null): string {
  const query = nonce === null ? '' : `?nonce=${encodeBase64url(nonce)}`;
  return [
    `GET /attestation${query} HTTP/1.1`,
    'Host: blindai-srv',
    'Accept: application/cbor',
    'Connection: keep-alive',
    '',
    '',
  ].join('\r\n');
}

function readFrom(socket: TLSSocket): Uint8Array | null {
  return socket.read() as Uint8Array | null;
}

function lost(): ConnectionError {
  return new ConnectionError(
    'unreachable',
    'the server closed the connection before it proved what it is',
  );
}
