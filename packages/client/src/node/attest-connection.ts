import { randomBytes } from 'node:crypto';
import { acceptBootEvidence, type UnmatchedClaims } from '@blindai/attestation';
import { limits } from '@blindai/protocol';
import { verifyServerEvidence, type AttestedServer } from '../attested-server.ts';
import type { ServerPolicy, UnmatchedServerPolicy } from '../server-policy.ts';
import { requestEvidence } from './attestation-request.ts';
import { startDeadline } from './deadline.ts';
import type { TlsConnection } from './tls-connection.ts';

/** A connection whose peer proved what it is. */
export interface AttestedConnection<Server> {
  readonly server: Server;
  /**
   * Ends the watch over the connection, right before it is used.
   *
   * @throws {ConnectionError} when it was closed meanwhile, or something arrived that nobody asked for.
   */
  readonly release: () => void;
}

/**
 * Asks the peer for evidence on this very connection, and judges it. Until this returns, nothing else may be
 * sent.
 *
 * @throws {AttestationError} naming the check that refused; {@link ConnectionError} when there is nothing to
 * judge.
 */
export async function attestConnection(
  connection: TlsConnection,
  policy: ServerPolicy,
  now: () => Date,
  signal: AbortSignal,
): Promise<AttestedConnection<AttestedServer>>;
export async function attestConnection(
  connection: TlsConnection,
  policy: ServerPolicy | UnmatchedServerPolicy,
  now: () => Date,
  signal: AbortSignal,
): Promise<AttestedConnection<AttestedServer<UnmatchedClaims>>>;
export async function attestConnection(
  connection: TlsConnection,
  policy: ServerPolicy | UnmatchedServerPolicy,
  now: () => Date,
  signal: AbortSignal,
): Promise<AttestedConnection<AttestedServer<UnmatchedClaims>>> {
  const { socket, certificate, group } = connection;
  const nonce = policy[acceptBootEvidence] === true ? null : new Uint8Array(randomBytes(32));
  const deadline = startDeadline(limits.attestationTimeoutMs, signal);
  try {
    const reply = await requestEvidence(socket, nonce, deadline.signal);
    const received = { reply: reply.body, certificate, nonce, tlsGroup: group };
    const server = await verifyServerEvidence(received, policy, now());
    return { server, release: reply.release };
  } finally {
    deadline.clear();
  }
}
