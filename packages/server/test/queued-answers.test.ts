import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { createIdentity } from '../src/identity.ts';
import { listen, type Listener } from '../src/listen.ts';
import { Reply, replyJson } from '../src/reply.ts';
import type { HttpRequest } from '../src/request.ts';
import { openSocket, openTls, readUntil } from './raw-socket.ts';

let listener: Listener | undefined;
afterEach(async () => listener?.close());

const get = 'GET /thing HTTP/1.1\r\nHost: blindai-srv\r\n\r\n';
const post = 'POST /thing HTTP/1.1\r\nHost: blindai-srv\r\nContent-Length: 5\r\n\r\nhello';

/** Sends two requests at once; once both wait for their answer, each is answered as the test says. */
async function askTwice(
  surface: 'attested' | 'unattested',
  request: string,
): Promise<{ socket: Socket; answers: ((reply: Reply) => void)[]; givenUp: () => number }> {
  const answers: ((reply: Reply) => void)[] = [];
  let givenUp = 0;
  const app = async ({ body, signal }: HttpRequest): Promise<Reply> => {
    signal.addEventListener('abort', () => (givenUp += 1));
    const reader = body?.getReader();
    // Whose body is read to its end is told of less by Node.
    if (reader !== undefined) expect((await reader.read()).value).toHaveLength(5);
    if (reader !== undefined) expect(await reader.read()).toEqual({ done: true });
    return new Promise((resolve) => answers.push(resolve));
  };
  const config = await loadConfig({ flags: { simulation: true }, environment: {} });
  const identity = await createIdentity({
    tee: 'simulation',
    isolation: 'none',
    anonymous: true,
    storage: 'none',
    stateFreshness: 'none',
    time: 'host',
    issuers: null,
    version: '1.0.0',
  });
  listener = await listen({ surface, host: '127.0.0.1', port: 0, app, config, identity });
  const socket = await (surface === 'attested' ? openTls : openSocket)(listener.port);
  socket.write(request + request);
  await expect.poll(() => answers).toHaveLength(2);
  return { socket, answers, givenUp: () => givenUp };
}

describe.each([
  ['without bodies', 'unattested', get],
  ['with bodies', 'unattested', post],
  ['with bodies, over TLS,', 'attested', post],
] as const)('two requests at once %s', (_, surface, request) => {
  it('are both given up when their client leaves', async () => {
    const { socket, givenUp } = await askTwice(surface, request);
    expect(givenUp()).toBe(0);
    socket.destroy();
    await expect.poll(givenUp).toBe(2);
  });

  it.each([1000, 300_000])('give %i bytes of the second answer back then', async (length) => {
    const { socket, answers } = await askTwice(surface, request);
    let ended = 0;
    answers[1]!(new Reply([new Uint8Array(length)], 'cbor', { onEnd: () => (ended += 1) }));
    // Until it waits behind the first.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ended).toBe(0);
    socket.destroy();
    await expect.poll(() => ended).toBe(1);
  });

  it('are both answered, in their order, though the server stops', async () => {
    const { socket, answers, givenUp } = await askTwice(surface, request);
    listener!.stop();
    answers[1]!(replyJson({ the: 'second' }));
    answers[0]!(replyJson({ the: 'first' }));
    const text = await readUntil(socket, (so) => so.includes('second'));
    expect(text.indexOf('first')).toBeGreaterThan(0);
    expect(text.indexOf('second')).toBeGreaterThan(text.indexOf('first'));
    expect(givenUp()).toBe(0);
  });

  it('are both answered though the server stops, and the second takes longer', async () => {
    const { socket, answers, givenUp } = await askTwice(surface, request);
    listener!.stop();
    answers[0]!(replyJson({ the: 'first' }));
    await readUntil(socket, (so) => so.includes('first'));
    const closed = listener!.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = readUntil(socket, (so) => so.includes('second'));
    answers[1]!(replyJson({ the: 'second' }));
    await second;
    expect(givenUp()).toBe(0);
    await closed;
  });
});
