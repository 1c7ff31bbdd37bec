import type { Socket } from 'node:net';
import { Chance } from '../fuzz/chance.ts';
import { AnswerReader, codeOf as codeOfAnswer, openSurface } from '../fuzz/exchange.ts';
import { headOf } from './raw-request.ts';
import { paced, type Lane, type Target } from './target.ts';

const chunk = Buffer.concat([
  Buffer.from('10000\r\n'),
  Buffer.alloc(0x10000, 0x80),
  Buffer.from('\r\n'),
]);
const chunkedHead = Buffer.from(
  'POST /run HTTP/1.1\r\nHost: blindai-srv\r\nTransfer-Encoding: chunked\r\n\r\n',
);

/** Sends more than is taken: announced, in chunks without end, or in a head. */
export function oversize(seed: number, maxRequestBytes: number): Lane {
  return async (target) => {
    const chance = new Chance(seed);
    while (!target.isOver()) {
      await paced(target, async () => sendTooMuch(target, chance, maxRequestBytes));
    }
  };
}

async function sendTooMuch(
  { server: { ports }, tally }: Target,
  chance: Chance,
  maxRequestBytes: number,
): Promise<void> {
  const socket = await openSurface(ports, 'attested');
  const reader = new AnswerReader(socket);
  const kind = chance.of(['announced', 'in chunks', 'in a head'] as const);
  if (kind === 'announced') {
    socket.write(headOf('/run', maxRequestBytes + 1 + chance.below(2 ** 30)));
  } else if (kind === 'in chunks') {
    socket.write(chunkedHead);
    for (let sent = 0; sent <= maxRequestBytes && socket.writable; sent += 0x10000) {
      if (!socket.write(chunk)) await untilDrained(socket);
    }
  } else {
    const fields = `X: ${'x'.repeat(200)}\r\n`.repeat(200);
    socket.write(`GET /attestation HTTP/1.1\r\nHost: blindai-srv\r\n${fields}\r\n`);
  }
  const answer = await reader.next();
  socket.destroy();
  const code = answer === null ? 'closed' : codeOfAnswer(answer);
  tally.hear(code);
  // The connection of who goes on sending may be gone before the answer is read, and it may take too long.
  const isGivenUp = kind === 'in chunks' && ['closed', 'too-slow'].includes(code);
  if (code === 'too-large' || isGivenUp) {
    tally.count(`too large, ${kind}`);
  } else {
    tally.blame(`something too large, ${kind}: ${code}`);
  }
}

async function untilDrained(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const go = (): void => {
      socket.off('drain', go).off('close', go);
      resolve();
    };
    socket.on('drain', go).on('close', go);
  });
}
