import type { Chance } from './chance.ts';
import type { Surface } from './exchange.ts';
import { fuzzedMessage, mutated, type MessageRoute } from './messages.ts';

/** A request in well-formed HTTP, whatever it asks for. */
export interface FuzzedRequest {
  readonly surface: Surface;
  readonly method: string;
  readonly bytes: Buffer;
  /** A word for what was tried. */
  readonly kind: string;
  /** Whether it is certain that no server may take it. */
  readonly isBad: boolean;
  /** Who owns what it may upload. */
  readonly ownerToken: string | undefined;
}

/** What a request is made of, besides its framing. */
interface Parts {
  readonly surface: Surface;
  readonly method: string;
  readonly target: string;
  readonly headers?: readonly string[];
  readonly body?: Uint8Array;
  readonly kind: string;
  readonly isBad: boolean;
  readonly ownerToken?: string;
}

const surfaces: readonly Surface[] = ['unattested', 'attested', 'management'];

/** Every route that there is or is to be, with what belongs to it. */
const routes: readonly { path: string; method: 'GET' | 'POST'; surfaces: readonly Surface[] }[] = [
  { path: '/', method: 'GET', surfaces: ['unattested'] },
  { path: '/quote', method: 'GET', surfaces: ['unattested'] },
  { path: '/collateral', method: 'GET', surfaces: ['unattested'] },
  { path: '/attestation', method: 'GET', surfaces },
  { path: '/v2/health/live', method: 'GET', surfaces: ['unattested', 'attested'] },
  { path: '/v2/health/ready', method: 'GET', surfaces: ['unattested', 'attested'] },
  { path: '/upload', method: 'POST', surfaces: ['management'] },
  { path: '/run', method: 'POST', surfaces: ['attested'] },
  { path: '/delete', method: 'POST', surfaces: ['management'] },
];

const messageSurfaces: Record<MessageRoute, Surface> = {
  '/upload': 'management',
  '/run': 'attested',
  '/delete': 'management',
};

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

const unknownId = '5f0c2f0e-51a1-4f7c-9a51-6f9dd3a4b111';

/** Targets that no route has. */
const oddTargets = [
  '/run/',
  '//run',
  '/RUN',
  '/run%00',
  '/%72un',
  '/run;x=1',
  '/upload/../run',
  '/./run/.',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/constructor',
  '/__proto__',
  '/v2',
  '/v2/',
  '/v2/health',
  '/v2/models',
  '/v2/models/../health/live',
  `/v2/models/${unknownId}`,
  `/v2/models/${unknownId}/ready`,
  `/v2/models/${unknownId}/versions/1/infer`,
  '/v2/repository/index',
  `/v2/repository/models/${unknownId}/unload`,
  `/v2/repository/models/${unknownId}/load`,
  `/v2/models/${'%ff'.repeat(40)}/infer`,
  `/${'a'.repeat(4000)}`,
  '/*',
  '/%',
  '/%zz',
  '/?',
  '/#',
  '/\\..\\',
  '/é',
];

/** Headers that are no reason to fail, whatever a server thinks of them. */
const oddHeaders = [
  'Accept: application/json',
  'Accept: */*;q=0.000',
  `Accept: ${'application/json,'.repeat(100)}`,
  'Accept-Encoding: gzip, br, zstd',
  'Authorization: Bearer AAAA.BBBB.CCCC',
  'Authorization: Basic ',
  'Blindai-Owner-Token: short',
  'Blindai-Owner-Token: ',
  `Blindai-Owner-Token: ${'A'.repeat(42)}!`,
  'Blindai-Model-Hash: xyz',
  `Blindai-Model-Hash: ${'0'.repeat(64)}`,
  'Connection: close',
  'Connection: keep-alive, upgrade',
  'Content-Encoding: gzip',
  'Content-Encoding: identity',
  'Content-Type: text/html; charset=utf-16',
  'Content-Type: application/json',
  'Content-Type: \u00ff\u00fe',
  'Content-Range: bytes 0-0/1',
  `Cookie: ${'c=1; '.repeat(300)}`,
  'Expect: 100-continue',
  'If-None-Match: *',
  'Inference-Header-Content-Length: -1',
  'Inference-Header-Content-Length: 99999999999999999999',
  'Keep-Alive: timeout=0',
  'Origin: null',
  'Range: bytes=0-0',
  'TE: trailers, deflate',
  'Upgrade: h2c',
  'Upgrade: websocket',
  'Via: 1.1 \u00e9',
  'X-Forwarded-For: 127.0.0.1, ::1',
  'X-HTTP-Method-Override: DELETE',
  `X-Long: ${'l'.repeat(7000)}`,
  '__proto__: 1',
  'constructor: 1',
];

const nonce = Buffer.alloc(32, 0xfb);

/** Queries of `/attestation`; only the first three hold a nonce as it has to be. */
const queries = [
  '',
  `?nonce=${nonce.toString('base64url')}`,
  `?nonce=%2d${nonce.toString('base64url').slice(1)}`,
  `?nonce=${nonce.toString('base64')}`,
  `?nonce=${nonce.toString('base64url')}=`,
  `?nonce=${nonce.subarray(1).toString('base64url')}`,
  `?nonce=${nonce.toString('base64url')}A`,
  `?nonce=${nonce.toString('base64url').slice(0, -1)}9`,
  `?nonce=${nonce.toString('hex')}`,
  `?nonce=${nonce.toString('base64url')}&nonce=${nonce.toString('base64url')}`,
  `?nonce=${nonce.toString('base64url')}&x=1`,
  `?NONCE=${nonce.toString('base64url')}`,
  '?nonce',
  '?nonce=',
  '?nonce=%',
  '?nonce=%00',
  `?nonce=${'A'.repeat(8000)}`,
  '?',
  '?&',
  '?__proto__=1',
];

/** The next request for a server that holds a model. */
export function fuzzedRequest(modelId: string, chance: Chance): FuzzedRequest {
  const kinds = [message, message, message, elsewhere, odd, nonces, headers, inference];
  const parts = chance.of(kinds)(modelId, chance);
  return {
    surface: parts.surface,
    method: parts.method,
    bytes: frame(parts, chance),
    kind: parts.kind,
    isBad: parts.isBad,
    ownerToken: parts.ownerToken,
  };
}

/** A message on its own route. */
function message(modelId: string, chance: Chance): Parts {
  const target = chance.of<MessageRoute>(['/upload', '/run', '/run', '/delete']);
  const { bytes, isBad } = fuzzedMessage(target, modelId, chance);
  const kind = `${target.slice(1)} message`;
  return { surface: messageSurfaces[target], method: 'POST', target, body: bytes, kind, isBad };
}

/** A route with another method, or on another surface. */
function elsewhere(modelId: string, chance: Chance): Parts {
  const route = chance.of(routes);
  const target = route.path;
  const others = surfaces.filter((surface) => !route.surfaces.includes(surface));
  const isMessage = route.method === 'POST';
  const body = isMessage ? fuzzedMessage(target as MessageRoute, modelId, chance).bytes : null;
  const sent = body === null || chance.oneIn(4) ? {} : { body };
  if (others.length > 0 && chance.oneIn(2)) {
    const surface = chance.of(others);
    return { surface, method: route.method, target, kind: 'wrong surface', isBad: true, ...sent };
  }
  const isOther = (method: string): boolean =>
    method !== route.method && !(method === 'HEAD' && route.method === 'GET');
  const method = chance.of(methods.filter(isOther));
  return {
    surface: chance.of(surfaces),
    method,
    target,
    kind: 'wrong method',
    isBad: true,
    ...sent,
  };
}

/** A path that is not there, or nearly one that is. */
function odd(_modelId: string, chance: Chance): Parts {
  return {
    surface: chance.of(surfaces),
    method: chance.of(methods),
    target: chance.of(oddTargets),
    ...(chance.oneIn(2) && { body: chance.bytes(chance.below(300)) }),
    kind: 'odd target',
    isBad: false,
  };
}

function nonces(_modelId: string, chance: Chance): Parts {
  const at = chance.below(queries.length);
  const target = `/attestation${queries[at]}`;
  const method = chance.of(['GET', 'GET', 'HEAD']);
  const isBad = at > 2 && !/\?&?$/.test(target);
  return { surface: chance.of(surfaces), method, target, kind: 'nonce', isBad };
}

/** Headers that nobody asked for, on any route. */
function headers(modelId: string, chance: Chance): Parts {
  const route = chance.of(routes);
  const sent = chance.some(oddHeaders, 8);
  const ownerToken = chance.oneIn(4)
    ? Buffer.from(chance.bytes(32)).toString('base64url')
    : undefined;
  if (ownerToken !== undefined) sent.push(`Blindai-Owner-Token: ${ownerToken}`);
  return {
    surface: chance.of(route.surfaces),
    method: route.method,
    target: route.path,
    headers: sent,
    ...(route.method === 'POST' && {
      body: fuzzedMessage(route.path as MessageRoute, modelId, chance).bytes,
    }),
    kind: 'odd headers',
    isBad: false,
    ...(ownerToken !== undefined && { ownerToken }),
  };
}

const inferRequest = Buffer.from(
  '{"id":"1","inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}],' +
    '"outputs":[{"name":"y","parameters":{"binary_data":true}}]}',
);

/** Requests of the Open Inference Protocol, their JSON changed. */
function inference(modelId: string, chance: Chance): Parts {
  const model = `/v2/models/${modelId}`;
  const kind = 'open inference';
  if (chance.oneIn(4)) {
    const target = chance.of([model, `${model}/ready`, `${model}/versions/1`, '/v2']);
    return { surface: 'attested', method: 'GET', target, kind, isBad: false };
  }
  if (chance.oneIn(8)) {
    const body = mutated(Buffer.from('{"ready":true}'), chance);
    const target = '/v2/repository/index';
    return { surface: 'management', method: 'POST', target, body, kind, isBad: false };
  }
  const isBinary = chance.oneIn(3);
  const json = chance.oneIn(4) ? inferRequest : mutated(inferRequest, chance);
  const deep = Buffer.from('['.repeat(1 + chance.below(60_000)));
  const lengths = [json.length, 0, json.length + 5, 2 ** 53, '0x10', ''];
  return {
    surface: 'attested',
    method: 'POST',
    target: `${model}${chance.of(['', '/versions/1'])}/infer`,
    headers: isBinary ? [`Inference-Header-Content-Length: ${chance.of(lengths)}`] : [],
    body: chance.oneIn(8) ? deep : isBinary ? Buffer.concat([json, chance.bytes(4)]) : json,
    kind,
    isBad: false,
  };
}

/** Puts a request into well-formed HTTP: with a length, or in chunks. */
function frame(parts: Parts, chance: Chance): Buffer {
  const { method, target, body, headers: more = [] } = parts;
  const isChunked = body !== undefined && chance.oneIn(4);
  const length = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body?.length ?? 0}`;
  const head = [
    `${method} ${target} HTTP/1.1`,
    'Host: blindai-srv',
    ...(body === undefined && chance.oneIn(2) ? [] : [length]),
    ...more,
  ];
  return Buffer.concat([
    Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'),
    ...(body === undefined ? [] : isChunked ? chunks(body, chance) : [body]),
  ]);
}

function chunks(body: Uint8Array, chance: Chance): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < body.length;) {
    const chunk = body.subarray(at, at + 1 + chance.below(1000));
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
    at += chunk.length;
  }
  return [...parts, Buffer.from('0\r\n\r\n')];
}
