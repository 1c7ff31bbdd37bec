import type { Chance } from './chance.ts';
import type { Surface } from './exchange.ts';

/** Bytes for a connection of their own that are no proper HTTP, or more of it than anyone would send. */
export interface Abuse {
  readonly surface: Surface;
  readonly kind: string;
  readonly bytes: Buffer;
  /** Whether the surface's TLS, if it has any, is spoken underneath. */
  readonly isTls: boolean;
  /**
   * `finish`: all was said; `hold`: the rest never comes, and the connection stays; `reset`: the client
   * is gone.
   */
  readonly ending: 'finish' | 'hold' | 'reset';
  /** How many answers there must be at least. */
  readonly least: number;
  /** Whether it is certain that no server may take any of it. */
  readonly isBad: boolean;
}

type Sketch = Pick<Abuse, 'kind'> & { text: string | Buffer } & Partial<Abuse>;

const surfaces: readonly Surface[] = ['unattested', 'attested', 'management'];

const get = 'GET /attestation HTTP/1.1\r\nHost: blindai-srv\r\n';
const post = 'POST /run HTTP/1.1\r\nHost: blindai-srv\r\n';
const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;

const refused = { isBad: true, least: 1 } as const;

const lengths: readonly string[] = [
  'Content-Length: 5\r\nContent-Length: 6',
  'Content-Length: 5\r\nContent-Length: 5',
  'Content-Length: 5, 5',
  'Content-Length: +5',
  'Content-Length: -1',
  'Content-Length: 0x10',
  'Content-Length: 5 5',
  'Content-Length: 99999999999999999999999',
  'Content-Length: ',
  'Content-Length: 5\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: 5',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: chunked, gzip',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding : chunked',
  'Content-Length : 5',
];

const badChunks: readonly string[] = [
  'ZZ\r\nhello\r\n0\r\n\r\n',
  '-5\r\nhello\r\n0\r\n\r\n',
  '5 5\r\nhello\r\n0\r\n\r\n',
  '5\nhello\n0\n\n',
  '5\r\nhelloworld\r\n0\r\n\r\n',
  'FFFFFFFFFFFFFFFFF\r\nhello\r\n',
  '0x5\r\nhello\r\n0\r\n\r\n',
  '\r\n\r\n',
  '5\r\nhello0\r\n\r\n',
  `5;${'e'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
  `0\r\nTrailer: ${'t'.repeat(20_000)}\r\n\r\n`,
];

const badHeads: readonly string[] = [
  'GET /attestation HTTP/1.1\r\n\r\n',
  'GET /attestation HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'GET /attestation HTTP/1.1\r\nHost: a b\r\n\r\n',
  'GET /attestation HTTP/1.1\r\nHost: a@b\r\n\r\n',
  'GET /attestation HTTP/1.1\r\nHost: blindai-srv:99999\r\n\r\n',
  'GET /attestation HTTP/1.1\r\nHost: [::1\r\n\r\n',
  'GET /attestation HTTP/1.1\r\nHost:\r\n\r\n',
  'GET /attestation HTTP/1.2\r\nHost: a\r\n\r\n',
  'GET /attestation HTTQ/1.1\r\nHost: a\r\n\r\n',
  'GET attestation HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /attestation\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'SSH-2.0-OpenSSH_9.9\r\n',
  'get /attestation HTTP/1.1\r\nHost: a\r\n\r\n',
  'GE\0T /attestation HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /attes\0tation HTTP/1.1\r\nHost: a\r\n\r\n',
  `${get}No-Colon\r\n\r\n`,
  `${get}: no name\r\n\r\n`,
  `${get}Space : before\r\n\r\n`,
  `${get}Folded: a\r\n b\r\n\r\n`,
  `${get}Nul: \0\r\n\r\n`,
  `${get}Bare: a\rb\r\n\r\n`,
  `${get}N\u00fcll: x\r\n\r\n`,
  `${get}X: ${'f'.repeat(20_000)}\r\n\r\n`,
  `GET /${'t'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  `${get}${'a: b\r\n'.repeat(4000)}\r\n`,
  'CONNECT blindai-srv:443 HTTP/1.1\r\nHost: blindai-srv\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: blindai-srv\r\n\r\n',
  'GET * HTTP/1.1\r\nHost: blindai-srv\r\n\r\n',
  'GET ftp://blindai-srv/attestation HTTP/1.1\r\nHost: blindai-srv\r\n\r\n',
];

/** What is odd and still HTTP: nobody has to refuse it. */
const oddHeads: readonly string[] = [
  'GET  /attestation HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /attestation  HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /attestation HTTP/2.0\r\nHost: a\r\n\r\n',
  'GET /attestation HTTP/0.9\r\nHost: a\r\n\r\n',
  `${get}Expect: miracles\r\n\r\n`,
  'GET /attestation HTTP/1.0\r\n\r\n',
  'GET https://blindai-srv/attestation HTTP/1.1\r\nHost: blindai-srv\r\n\r\n',
  'GET http://other/attestation HTTP/1.1\r\nHost: blindai-srv\r\n\r\n',
  `\r\n\r\n${get}\r\n`,
  `${get}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
  `${get}Connection: close\r\nConnection: keep-alive\r\n\r\n`,
  `${get}Expect: 100-continue\r\nContent-Length: 0\r\n\r\n`,
  `${get}Content-Length: 5\r\n\r\nhello`,
  `${get}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  `${chunked}5;name="a;b"\r\nhello\r\n0\r\nTrailer: x\r\n\r\n`,
  `${get}${'a: b\r\n'.repeat(1500)}\r\n`,
];

const kinds: readonly ((chance: Chance) => Sketch)[] = [
  (chance) => ({
    kind: 'conflicting lengths',
    text: `${post}${chance.of(lengths)}\r\n\r\nhello`,
    ...refused,
  }),
  (chance) => ({ kind: 'bad chunks', text: chunked + chance.of(badChunks), ...refused }),
  (chance) => ({ kind: 'bad head', text: chance.of(badHeads), ...refused }),
  (chance) => ({ kind: 'odd head', text: chance.of(oddHeads), least: 1 }),
  (chance) => {
    const times = 2 + chance.below(30);
    return { kind: 'pipelined', text: `${get}\r\n`.repeat(times), least: times };
  },
  (chance) => ({
    kind: 'smuggled',
    text: `${post}Content-Length: ${4 + chance.below(4)}\r\n\r\n0\r\n\r\n${get}\r\n`,
  }),
  (chance) => ({ kind: 'noise', text: Buffer.from(chance.bytes(1 + chance.below(600))) }),
  (chance) => {
    const whole = Buffer.from(`${post}Content-Length: 2000\r\n\r\n`);
    const text = whole.subarray(0, 1 + chance.below(whole.length));
    return {
      kind: 'half a request',
      text,
      ending: chance.of(['finish', 'reset', 'hold'] as const),
    };
  },
  (chance) => {
    const text = Buffer.concat([Buffer.from(chunked), chance.bytes(chance.below(9))]);
    return { kind: 'half a body', text, ending: chance.of(['finish', 'reset', 'hold'] as const) };
  },
  () => ({ kind: 'answer not waited for', text: `${get}\r\n`.repeat(8), ending: 'reset' }),
  () => ({ kind: 'no TLS', text: `${get}\r\n`, surface: 'attested', isTls: false }),
  (chance) => ({
    kind: 'half a handshake',
    text: Buffer.concat([
      Buffer.from('160301020001000100', 'hex'),
      chance.bytes(chance.below(600)),
    ]),
    surface: 'management',
    isTls: false,
  }),
];

/** The next abuse. What is held is rare, since it lasts until a timeout. */
export function abuse(chance: Chance): Abuse {
  const { text, ...sketch } = chance.of(kinds)(chance);
  const { ending = 'finish' } = sketch;
  return {
    surface: chance.of(surfaces),
    least: 0,
    isBad: false,
    isTls: true,
    ...sketch,
    ending: ending === 'hold' && !chance.oneIn(4) ? 'finish' : ending,
    bytes: typeof text === 'string' ? Buffer.from(text, 'latin1') : text,
  };
}
