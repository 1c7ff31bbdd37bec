import { encodeRunReply } from '@blindai/protocol';
import { createPlatform } from '@blindai/simulator';
import { describe, expect, it } from 'vitest';
import { connect, type BlindAIClient } from '../../src/node/index.ts';
import { createIdentity } from './identity.ts';
import { startRecordingServer, type RecordingServer } from './recording-server.ts';
import { serveSimulated, type Handle, type SimulatedServerOptions } from './simulated-blindai.ts';

const identity = await createIdentity();
const start = new Date();
const hourMs = 60 * 60 * 1000;
const input = Float32Array.of(1);

const answerRun: Handle = (request, response) => {
  request.resume().on('end', () => {
    response.end(Buffer.concat(encodeRunReply([])));
  });
};

/** A client whose clock is set by hand, and its server. */
interface Pair extends AsyncDisposable {
  readonly server: RecordingServer;
  readonly client: BlindAIClient;
  readonly setTime: (afterStartMs: number) => void;
}

async function connectPair(options: SimulatedServerOptions, handle = answerRun): Promise<Pair> {
  let now = start;
  const server = await startRecordingServer(
    identity,
    serveSimulated(() => identity, handle, options),
  );
  const client = await connect('localhost', {
    attestedPort: server.port,
    managementPort: server.port,
    simulation: true,
    now: () => now,
  });
  return {
    server,
    client,
    setTime: (afterStartMs) => {
      now = new Date(start.getTime() + afterStartMs);
    },
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** What was sent on each connection, as `GET` and `POST` in order. */
function methods(server: RecordingServer): string[] {
  return server.connections.map(({ received }) =>
    [...received.matchAll(/(GET|POST) \//g)].map(([, method]) => method).join(' '),
  );
}

describe('a client attests again', () => {
  it('after 24 hours, on a new connection, before data is sent', async () => {
    await using pair = await connectPair({});
    const { client, server, setTime } = pair;
    await client.runModel('id', input);
    setTime(24 * hourMs - 1);
    await client.runModel('id', input);
    expect(methods(server)).toEqual(['GET POST POST']);
    const first = client.claims;
    setTime(24 * hourMs);
    await client.runModel('id', input);
    expect(methods(server)).toEqual(['GET POST POST', 'GET POST']);
    expect(client.claims).not.toBe(first);
    setTime(48 * hourMs - 1);
    await client.runModel('id', input);
    expect(methods(server)).toEqual(['GET POST POST', 'GET POST POST']);
    setTime(48 * hourMs);
    await client.deleteModel('id').catch(() => {});
    expect(methods(server).at(2)).toBe('GET POST');
  });

  it('when its evidence ends, and is refused what has ended', async () => {
    const validity = {
      from: new Date(start.getTime() - hourMs),
      to: new Date(start.getTime() + hourMs),
    };
    const platform = await createPlatform({ at: start, validity });
    await using pair = await connectPair({ platform });
    const { client, server, setTime } = pair;
    const endsMs = client.claims.validUntil.getTime() - start.getTime();
    expect(endsMs).toBeGreaterThan(hourMs - 2000);
    expect(endsMs).toBeLessThanOrEqual(hourMs);
    setTime(endsMs - 1);
    await client.runModel('id', input);
    setTime(endsMs + 1000);
    await expect(client.runModel('id', input)).rejects.toMatchObject({
      code: 'attestation-refused',
      check: 'crl-validity',
    });
    expect(methods(server)).toEqual(['GET POST', 'GET']);
  });

  it('without a break for what is running', async () => {
    const held: (() => void)[] = [];
    const holdFirst: Handle = (request, response) => {
      if (held.length === 0) held.push(() => answerRun(request, response));
      else answerRun(request, response);
    };
    await using pair = await connectPair({}, holdFirst);
    const { client, server, setTime } = pair;
    const running = client.runModel('id', input);
    while (held.length === 0) await new Promise(setImmediate);
    setTime(25 * hourMs);
    await client.runModel('id', input);
    held.at(0)!();
    expect(await running).toEqual({ outputs: [] });
    expect(methods(server)).toEqual(['GET POST', 'GET POST']);
  });

  it('once for all connections that are opened together', async () => {
    await using pair = await connectPair({});
    const { client, server, setTime } = pair;
    setTime(25 * hourMs);
    await Promise.all(Array.from({ length: 8 }, () => client.runModel('id', input)));
    const all = methods(server).join(' ');
    expect(all.match(/GET/g)).toHaveLength(2);
    expect(all.match(/POST/g)).toHaveLength(8);
  });
});
