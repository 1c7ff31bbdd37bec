import { anyMeasurement } from '@blindai/attestation';
import { createOwnerToken, isOwnerToken } from '@blindai/protocol';
import { BlindAIClient } from '../client.ts';
import { InputError } from '../errors.ts';
import { startDeadline } from './deadline.ts';
import { HttpTransport } from './http-transport.ts';
import { nodeRuntime } from './node-runtime.ts';
import {
  connectTimeoutMs,
  parseHost,
  parsePort,
  readPolicy,
  type ServerOptions,
} from './server-options.ts';
import { warnOfSimulation } from './simulation-warning.ts';

/** What {@link connect} takes besides the host. */
export interface ConnectOptions extends ServerOptions {
  /** Default 9925. */
  readonly managementPort?: number | undefined;
  /**
   * Default 9923. Nothing is asked for there: it is taken so that one set of options describes a server.
   */
  readonly unattestedPort?: number | undefined;
  /** Who owns what is uploaded: 43 characters of base64url. Default: a fresh one. */
  readonly ownerToken?: string | undefined;
}

/**
 * Connects to a server and lets it prove what it is, before one byte of data leaves.
 *
 * The evidence is asked for on the very connection that will carry the data, with a fresh nonce, and has to
 * name that connection's certificate. No proxy is used and no redirect followed, whatever the environment
 * says.
 *
 * @param host - A name or an address, without a port.
 * @throws {AttestationError} when the server does not prove that it is acceptable; `check` says why.
 * @throws {ConnectionError} when it cannot be reached.
 * @throws {ManifestError} when the manifest is wrong, {@link InputError} when it cannot be read.
 * @throws {TypeError} when options are missing or wrong.
 * @see wire.md §2, "How a client connects"
 */
export async function connect(host: string, options: ConnectOptions): Promise<BlindAIClient> {
  if (anyMeasurement in options && options[anyMeasurement] !== undefined) {
    throw new TypeError('any measurement is good for looking at only: use verifyServer');
  }
  const ownerToken = options.ownerToken ?? createOwnerToken();
  if (!isOwnerToken(ownerToken)) {
    throw new InputError('bad-input', 'an owner token must be 32 bytes in base64url');
  }
  const address = {
    host: parseHost(host),
    ports: {
      attested: parsePort('attestedPort', options.attestedPort ?? 9924),
      management: parsePort('managementPort', options.managementPort ?? 9925),
    },
    policy: await readPolicy(options),
    now: options.now ?? ((): Date => new Date()),
  };
  if (address.policy.simulation === true) warnOfSimulation();
  const deadline = startDeadline(options.timeoutMs ?? connectTimeoutMs, options.signal);
  try {
    const transport = await HttpTransport.open(address, deadline.signal);
    return new BlindAIClient(transport, nodeRuntime, ownerToken);
  } finally {
    deadline.clear();
  }
}
