import { once } from 'node:events';
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { inspectTls, openTls } from '../../src/node/tls-connection.ts';
import { createIdentity } from './identity.ts';
import { startRecordingServer } from './recording-server.ts';

const identity = await createIdentity();
const signal = new AbortController().signal;

async function connectAnyhow(port: number, options: object): Promise<TLSSocket> {
  const socket = connectTls({ port, host: 'localhost', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

it('refuses a resumed session, whose peer has shown no certificate', async () => {
  await using server = await startRecordingServer(identity, (socket) => socket.write('x'));
  const first = await connectAnyhow(server.port, {});
  const [session] = (await once(first, 'session')) as [Buffer];
  first.destroy();
  const second = await connectAnyhow(server.port, { session });
  expect(second.isSessionReused()).toBe(true);
  expect(() => inspectTls(second)).toThrow(
    expect.objectContaining({
      code: 'bad-transport',
      message: 'the TLS session must not be a resumed one',
    }),
  );
  second.destroy();
});

it('refuses anything older than TLS 1.3', async () => {
  await using server = await startRecordingServer(identity, () => {});
  const socket = await connectAnyhow(server.port, { maxVersion: 'TLSv1.2' });
  expect(() => inspectTls(socket)).toThrow(
    expect.objectContaining({ code: 'bad-transport', message: 'the connection must be TLS 1.3' }),
  );
  socket.destroy();
});

it('refuses another protocol than HTTP/1.1', async () => {
  await using server = await startRecordingServer(identity, () => {}, { ALPNProtocols: ['h2'] });
  const socket = await connectAnyhow(server.port, { ALPNProtocols: ['h2'] });
  expect(() => inspectTls(socket)).toThrow(
    expect.objectContaining({ code: 'bad-transport', message: 'the server must speak HTTP/1.1' }),
  );
  socket.destroy();
});

it('refuses a peer without a certificate', async () => {
  const server = createServer({
    pskCallback: () => Buffer.alloc(32, 1),
    ciphers: 'TLS_AES_128_GCM_SHA256',
  }).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = await connectAnyhow(port, {
    pskCallback: () => ({ psk: Buffer.alloc(32, 1), identity: 'x' }),
    ciphers: 'TLS_AES_128_GCM_SHA256',
    checkServerIdentity: () => undefined,
  });
  expect(() => inspectTls(socket)).toThrow(expect.objectContaining({ code: 'bad-transport' }));
  socket.destroy();
  server.close();
});

it('tells the certificate exactly as it was sent, and the key exchange', async () => {
  await using server = await startRecordingServer(identity, () => {}, { ecdhCurve: 'X25519' });
  const connection = await openTls({ host: 'localhost', port: server.port }, signal);
  expect(connection.certificate).toEqual(identity.certificate);
  expect(connection.group).toBe('X25519');
  expect(connection.socket.servername ?? 'blindai-srv').toBe('blindai-srv');
  connection.socket.destroy();
});

it('negotiates a post-quantum key exchange by itself where the runtime can', async ({ skip }) => {
  skip(Number(process.versions.node.split('.')[0]) < 24, 'Node 24 is the first that can');
  await using server = await startRecordingServer(identity, () => {});
  const { socket, group } = await openTls({ host: 'localhost', port: server.port }, signal);
  expect(group).toBe('X25519MLKEM768');
  socket.destroy();
});

it('gives up when the signal says so, with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  controller.abort(reason);
  const endpoint = { host: 'localhost', port: 1 };
  await expect(openTls(endpoint, controller.signal)).rejects.toBe(reason);

  const silent = createServer().listen(0);
  silent.removeAllListeners('connection');
  await once(silent, 'listening');
  const later = new AbortController();
  silent.once('connection', () => later.abort(reason));
  const { port } = silent.address() as AddressInfo;
  await expect(openTls({ host: 'localhost', port }, later.signal)).rejects.toBe(reason);
  silent.close();
});
