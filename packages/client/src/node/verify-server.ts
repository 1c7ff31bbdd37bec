import { createHash } from 'node:crypto';
import type { UnmatchedClaims, VerifiedClaims } from '@blindai/attestation';
import type { AttestedServer } from '../attested-server.ts';
import { attestConnection } from './attest-connection.ts';
import { startDeadline } from './deadline.ts';
import {
  connectTimeoutMs,
  parseHost,
  parsePort,
  readPolicy,
  type ServerOptions,
  type UnmatchedServerOptions,
} from './server-options.ts';
import { warnOfSimulation } from './simulation-warning.ts';
import { openTls } from './tls-connection.ts';

/** A server that proved what it is; the connection is closed. */
export interface VerifiedServer<
  Claims extends UnmatchedClaims = VerifiedClaims,
> extends AttestedServer<Claims> {
  /** Of the certificate's DER, hex. */
  readonly certificateSha256: string;
  /** Of the keyset's bytes, hex. */
  readonly keysetSha256: string;
}

/**
 * Takes the same steps as {@link connect}, and sends no data: for a look at a server.
 *
 * With `[anyMeasurement]` it compares with no manifest's entry; the claims are then of a type that nothing
 * else takes.
 *
 * @throws as {@link connect}.
 */
export async function verifyServer(host: string, options: ServerOptions): Promise<VerifiedServer>;
export async function verifyServer(
  host: string,
  options: UnmatchedServerOptions,
): Promise<VerifiedServer<UnmatchedClaims>>;
export async function verifyServer(
  host: string,
  options: ServerOptions | UnmatchedServerOptions,
): Promise<VerifiedServer<UnmatchedClaims>>;
export async function verifyServer(
  host: string,
  options: ServerOptions | UnmatchedServerOptions,
): Promise<VerifiedServer<UnmatchedClaims>> {
  const endpoint = {
    host: parseHost(host),
    port: parsePort('attestedPort', options.attestedPort ?? 9924),
  };
  const policy = await readPolicy(options);
  if (policy.simulation === true) warnOfSimulation();
  const now = options.now ?? ((): Date => new Date());
  const deadline = startDeadline(options.timeoutMs ?? connectTimeoutMs, options.signal);
  try {
    const connection = await openTls(endpoint, deadline.signal);
    try {
      const { server } = await attestConnection(connection, policy, now, deadline.signal);
      return {
        ...server,
        certificateSha256: sha256(server.certificate),
        keysetSha256: sha256(server.encodedKeyset),
      };
    } finally {
      connection.socket.destroy();
    }
  } finally {
    deadline.clear();
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
