import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AttestationError, connect, type BlindAIClient } from '../../src/node/index.ts';
import { createIdentity, signedBy, withOtherCertificate, type Identity } from './identity.ts';
import {
  answering,
  startRecordingServer,
  type HandleConnection,
  type RecordingServer,
} from './recording-server.ts';
import { attest, serveSimulated, type Handle } from './simulated-blindai.ts';
import { decodeBase64url, encodeRunReply } from '@blindai/protocol';

const identity = await createIdentity();

/** Impostors: what each shows instead of the certificate that the evidence names. */
const impostors: Record<string, () => Promise<Identity>> = {
  'another certificate of the same key': async () => await withOtherCertificate(identity),
  'a certificate that the attested key signed': async () => await signedBy(identity),
  'a certificate of its own': async () => await createIdentity(),
};

const secret = Float32Array.of(41_414.14);
const onlyRequest =
  /^GET \/attestation\?nonce=[\w-]{43} HTTP\/1\.1\r\n(?:[A-Z][\w-]*: \S+\r\n){3}\r\n$/;

/** Expects that every connection carried the request for evidence, once, and nothing else. */
function expectNoData(server: RecordingServer, connections: number): void {
  expect(server.connections).toHaveLength(connections);
  for (const { received } of server.connections) expect(received).toMatch(onlyRequest);
}

async function connectTo(server: RecordingServer, timeoutMs = 5000): Promise<BlindAIClient> {
  return await connect('localhost', {
    attestedPort: server.port,
    managementPort: server.port,
    simulation: true,
    timeoutMs,
  });
}

const answerRun: Handle = (request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/cbor');
    response.end(Buffer.concat(encodeRunReply([])));
  });
};

/** The genuine answer, with its head as it should be. */
async function genuineReply(head: string): Promise<{ head: string; body: Buffer }> {
  const nonce = decodeBase64url('nonce', /(?<=nonce=)[\w-]+/.exec(head)?.[0] ?? '');
  const body = Buffer.from(await attest(identity, nonce));
  return {
    head: `HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nContent-Length: ${body.length}\r\n\r\n`,
    body,
  };
}

/** Answers with the genuine reply, changed. */
function tampering(
  change: (head: string, body: Buffer) => Uint8Array,
  { end = false } = {},
): HandleConnection {
  return (socket) => {
    socket.once('data', (bytes: Buffer) => {
      void genuineReply(bytes.toString('latin1')).then(({ head, body }) =>
        end ? socket.end(change(head, body)) : socket.write(change(head, body)),
      );
    });
  };
}

async function expectBadReply(handle: HandleConnection, message: string): Promise<void> {
  await using server = await startRecordingServer(identity, handle);
  const refused = expect(connectTo(server)).rejects;
  await refused.toMatchObject({ name: 'ConnectionError', code: 'bad-reply' });
  await expect(connectTo(server)).rejects.toThrow(message);
  expectNoData(server, 2);
}

/** Says the pieces, and lets a second pass after each: ten at least. */
function saySlowly(pieces: Iterable<string>): HandleConnection {
  const say = async (socket: TLSSocket): Promise<void> => {
    for (const piece of pieces) {
      if (socket.destroyed) return;
      socket.write(piece);
      await vi.advanceTimersByTimeAsync(1000);
    }
    await vi.advanceTimersByTimeAsync(10_000);
  };
  return (socket) => void socket.once('data', () => void say(socket));
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

describe('at the first connection, a server that relays genuine evidence and shows', () => {
  it.each(Object.entries(impostors))('%s, is refused', async (_what, create) => {
    await using server = await startRecordingServer(
      await create(),
      serveSimulated(() => identity),
    );
    await expect(connectTo(server)).rejects.toMatchObject({ check: 'report-data' });
    expectNoData(server, 1);
  });

  it.each(Object.entries(impostors))(
    '%s, is refused with NODE_TLS_REJECT_UNAUTHORIZED=0 too',
    async (_what, create) => {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
      await using server = await startRecordingServer(
        await create(),
        serveSimulated(() => identity),
      );
      await expect(connectTo(server)).rejects.toMatchObject({ check: 'report-data' });
      expectNoData(server, 1);
    },
  );
});

describe('at a later connection, a server that shows', () => {
  it.each(Object.entries(impostors))('%s, is refused', async (_what, create) => {
    const impostor = await create();
    await using server = await startRecordingServer(
      identity,
      serveSimulated(() => identity, answerRun),
    );
    await using client = await connectTo(server);
    server.show(impostor);
    server.drop();
    await expect(client.runModel('id', secret)).rejects.toMatchObject({ check: 'report-data' });
    await expect(client.uploadModel(new Uint8Array(9))).rejects.toMatchObject({
      check: 'report-data',
    });
    await expect(client.deleteModel('id')).rejects.toMatchObject({ check: 'report-data' });
    await expect(client.describeModel('id')).rejects.toMatchObject({ check: 'report-data' });
    await expect(client.listModels()).rejects.toMatchObject({ check: 'report-data' });
    expectNoData(server, 6);
  });

  it('a certificate of its own, resuming the session of the attested one, is refused', async () => {
    const tickets = { ticketKeys: Buffer.alloc(48, 1) };
    await using server = await startRecordingServer(
      identity,
      serveSimulated(() => identity, answerRun),
      tickets,
    );
    await using client = await connectTo(server);
    await client.runModel('id', Float32Array.of(1));
    server.show(await createIdentity());
    server.drop();
    await expect(client.runModel('id', secret)).rejects.toMatchObject({ check: 'report-data' });
    expect(server.connections.map(({ resumed }) => resumed)).toEqual([false, false]);
    expect(server.connections.at(1)!.received).toMatch(onlyRequest);
  });

  it('another genuine identity, proves itself by itself', async () => {
    let shown = identity;
    await using server = await startRecordingServer(
      identity,
      serveSimulated(() => shown, answerRun),
    );
    await using client = await connectTo(server);
    await client.runModel('id', Float32Array.of(1));
    shown = await createIdentity();
    server.show(shown);
    server.drop();
    await client.runModel('id', Float32Array.of(2));
    expect(client.certificate).toEqual(shown.certificate);
    expect(server.connections.at(1)!.received).toMatch(/^GET \/attestation.*\r\n\r\nPOST \/run /s);
    // The same certificate once more: no evidence is needed again.
    server.drop();
    await client.runModel('id', Float32Array.of(3));
    expect(server.connections.at(2)!.received).toMatch(/^POST \/run /);
  });
});

describe('a server that answers the request for evidence with', () => {
  it('the genuine reply, byte for byte by hand, is accepted', async () => {
    const handle = tampering((head, body) => Buffer.concat([Buffer.from(head), body]));
    await using server = await startRecordingServer(identity, handle);
    await (await connectTo(server)).close();
  });

  it.each([301, 302, 303, 307, 308])('redirect %d, is not followed', async (status) => {
    const elsewhere = await startRecordingServer(
      identity,
      serveSimulated(() => identity, answerRun),
    );
    await expectBadReply(
      answering(
        () =>
          `HTTP/1.1 ${status} Moved\r\nLocation: https://localhost:${elsewhere.port}/attestation\r\nContent-Length: 0\r\n\r\n`,
      ),
      `found an answer with status ${status}`,
    );
    expect(elsewhere.connections).toHaveLength(0);
    await elsewhere[Symbol.asyncDispose]();
  });

  it('more bytes than it may have', async () => {
    await expectBadReply(
      answering(
        () =>
          'HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nContent-Length: 1048577\r\n\r\n',
      ),
      'more than 1048576 bytes',
    );
  });

  it('one byte beyond the reply', async () => {
    await expectBadReply(
      tampering((head, body) => Buffer.concat([Buffer.from(head), body, Buffer.from('x')])),
      'more bytes than Content-Length says',
    );
  });

  it('a second reply right behind the first', async () => {
    await expectBadReply(
      tampering((head, body) =>
        Buffer.concat([
          Buffer.from(head),
          body,
          Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
        ]),
      ),
      'more bytes than Content-Length says',
    );
  });

  it('chunks', async () => {
    await expectBadReply(
      tampering((head, body) =>
        Buffer.concat([
          Buffer.from(head.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked')),
          Buffer.from(`${body.length.toString(16)}\r\n`),
          body,
          Buffer.from('\r\n0\r\n\r\n'),
        ]),
      ),
      'a Transfer-Encoding',
    );
  });

  it('a connection that it will close', async () => {
    await expectBadReply(
      tampering((head, body) =>
        Buffer.concat([
          Buffer.from(head.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')),
          body,
        ]),
      ),
      'a connection that does not stay open',
    );
  });

  it('an end of the connection in the midst of the reply', async () => {
    const handle = tampering((head, body) => Buffer.concat([Buffer.from(head), body.subarray(1)]), {
      end: true,
    });
    await using server = await startRecordingServer(identity, handle);
    await expect(connectTo(server)).rejects.toMatchObject({ code: 'unreachable' });
    expectNoData(server, 1);
  });

  it('nothing at all, within ten seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await using server = await startRecordingServer(identity, saySlowly(['']));
    await expect(connectTo(server, 60_000)).rejects.toMatchObject({
      code: 'timeout',
      message: 'no answer within 10000 ms',
    });
    expectNoData(server, 1);
  });

  it('a byte at a time, within ten seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const slowText = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n';
    await using server = await startRecordingServer(identity, saySlowly(slowText));
    await expect(connectTo(server, 60_000)).rejects.toMatchObject({
      code: 'timeout',
      message: 'no answer within 10000 ms',
    });
    expectNoData(server, 1);
  });
});

describe('the way to the server', () => {
  it('leads past every proxy of the environment', async () => {
    let asked = 0;
    const proxy = createTcpServer((socket) => {
      asked += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']) {
      vi.stubEnv(name, url);
      vi.stubEnv(name.toLowerCase(), url);
    }
    vi.stubEnv('NO_PROXY', '');
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    await using server = await startRecordingServer(
      identity,
      serveSimulated(() => identity, answerRun),
    );
    await using client = await connectTo(server);
    await client.runModel('id', Float32Array.of(1));
    expect(asked).toBe(0);
    proxy.close();
  });

  it('is TLS 1.3 and nothing older', async () => {
    await using server = await startRecordingServer(
      identity,
      serveSimulated(() => identity),
      { maxVersion: 'TLSv1.2' },
    );
    await expect(connectTo(server)).rejects.toMatchObject({ code: 'unreachable' });
    expect(server.connections).toHaveLength(0);
  });

  it('is post-quantum where the manifest demands it', async () => {
    await using server = await startRecordingServer(
      identity,
      serveSimulated(() => identity),
      { ecdhCurve: 'X25519' },
    );
    const manifest = `version = 1
[[sgx]]
mr_enclave = "${'5a'.repeat(32)}"
[transport]
post_quantum = true
`;
    const options = { attestedPort: server.port, simulation: true, manifest };
    const error: unknown = await connect('localhost', options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AttestationError);
    expect(error).toMatchObject({
      check: 'transport',
      message: expect.stringMatching(/TLS 1\.3 with X25519,/) as string,
    });
    expectNoData(server, 1);
  });
});
