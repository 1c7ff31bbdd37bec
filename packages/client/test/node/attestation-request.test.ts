import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { requestEvidence, type EvidenceReply } from '../../src/node/attestation-request.ts';
import { openTls } from '../../src/node/tls-connection.ts';
import { createIdentity } from './identity.ts';
import { startRecordingServer, type RecordingServer } from './recording-server.ts';

const identity = await createIdentity();
const { signal } = new AbortController();
const nonce = new Uint8Array(32);
const reply = 'HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nContent-Length: 3\r\n\r\nabc';

/** A connection whose peer has answered, both of its ends, and the watch over it. */
interface Answered extends AsyncDisposable {
  readonly server: RecordingServer;
  readonly socket: TLSSocket;
  readonly peer: TLSSocket;
  readonly evidence: EvidenceReply;
}

async function ask(): Promise<Answered> {
  const peers: TLSSocket[] = [];
  const server = await startRecordingServer(identity, (peer) => {
    peers.push(peer);
    peer.once('data', () => peer.write(reply));
  });
  const { socket } = await openTls({ host: 'localhost', port: server.port }, signal);
  const evidence = await requestEvidence(socket, nonce, signal);
  return {
    server,
    socket,
    peer: peers.at(0)!,
    evidence,
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe('a connection after the reply', () => {
  it('can be used once it is released', async () => {
    await using answered = await ask();
    expect(Buffer.from(answered.evidence.body).toString()).toBe('abc');
    answered.evidence.release();
    answered.peer.write('more');
    const [bytes] = (await once(answered.socket, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('more');
  });

  it('is destroyed when one byte more arrives before it is used', async () => {
    await using answered = await ask();
    answered.peer.write('x');
    await once(answered.socket, 'close');
    expect(() => answered.evidence.release()).toThrow(
      expect.objectContaining({
        code: 'bad-reply',
        message: expect.stringMatching(/more bytes than Content-Length/) as string,
      }),
    );
  });

  it('is destroyed when the peer ends it before it is used', async () => {
    await using answered = await ask();
    answered.peer.end();
    await once(answered.socket, 'close');
    expect(() => answered.evidence.release()).toThrow(
      expect.objectContaining({ code: 'unreachable' }),
    );
  });
});

describe('a request for evidence', () => {
  it('is refused on a connection that is closed, or when the signal has fired', async () => {
    await using answered = await ask();
    answered.socket.destroy();
    await expect(requestEvidence(answered.socket, nonce, signal)).rejects.toMatchObject({
      code: 'unreachable',
    });
    const { port } = answered.server;
    const { socket } = await openTls({ host: 'localhost', port }, signal);
    const reason = new Error('enough');
    await expect(requestEvidence(socket, nonce, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(socket.destroyed).toBe(true);
  });
});
