import { expect } from 'vitest';
import {
  BlindAIError,
  connect,
  type BlindAIClient,
  type ConnectOptions,
} from '../../src/node/index.ts';
import { createIdentity, type Identity } from './identity.ts';
import { startRecordingServer, type RecordingServer } from './recording-server.ts';
import { serveSimulated, type Handle } from './simulated-blindai.ts';

/** Of the servers. */
export const identity: Identity = await createIdentity();

/** The one that the clients have. */
export const ownToken: string = 'A'.repeat(43);

/** A server and a client that is connected to it. */
export interface Pair extends AsyncDisposable {
  readonly server: RecordingServer;
  readonly client: BlindAIClient;
}

/** Connects a client to a server that hands requests other than that for evidence to `handle`. */
export async function connectTo(handle: Handle, options: ConnectOptions = {}): Promise<Pair> {
  const server = await startRecordingServer(
    identity,
    serveSimulated(() => identity, handle),
  );
  const client = await connect('localhost', {
    attestedPort: server.port,
    managementPort: server.port,
    simulation: true,
    ownerToken: ownToken,
    ...options,
  });
  return {
    server,
    client,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** What a call is refused with. */
export async function rejection(promise: Promise<unknown>): Promise<BlindAIError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BlindAIError);
  return error as BlindAIError;
}
