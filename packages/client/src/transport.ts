import type { AttestedServer } from './attested-server.ts';

/** A request to an attested server. */
export interface TransportRequest {
  readonly surface: 'attested' | 'management';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body's parts in order, or null for none. Asked for when the connection is open; read once. */
  readonly body: Iterable<Uint8Array> | AsyncIterable<Uint8Array> | null;
  /** Of the body; null where it is not known beforehand, or there is none. */
  readonly bodyBytes: number | null;
  readonly maxReplyBytes: number;
  /** Null: no limit but that of a stalled connection. */
  readonly timeoutMs: number | null;
  readonly signal: AbortSignal | undefined;
}

/** A server's answer, whatever its status. */
export interface TransportReply {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/**
 * The way to an attested server. Whoever implements it sends nothing to a peer that it did not verify.
 */
export interface Transport {
  /** The server as it was last verified: another one after a restart, or behind a load balancer. */
  readonly server: AttestedServer;
  /** @throws {ConnectionError} and {@link AttestationError}. */
  send(request: TransportRequest): Promise<TransportReply>;
  /** Lets running requests end and closes the connections. */
  close(): Promise<void>;
}
