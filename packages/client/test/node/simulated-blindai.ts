import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  computeReportData,
  decodeBase64url,
  encodeAttestationReply,
  encodeKeyset,
  type AttestationReply,
  type ServerConfig,
} from '@blindai/protocol';
import { createPlatform, type SimulatedPlatform } from '@blindai/simulator';
import type { Identity } from './identity.ts';
import type { HandleConnection } from './recording-server.ts';

/** MRENCLAVE of the server that these tests know. */
export const measurement = new Uint8Array(32).fill(0x5a);

/** A manifest that accepts it. */
export const manifest = `version = 1
[[sgx]]
mr_enclave = "${'5a'.repeat(32)}"
[config]
isolation = "none"
anonymous = true
`;

export const config: ServerConfig = {
  tee: 'simulation',
  isolation: 'none',
  anonymous: true,
  storage: 'none',
  stateFreshness: 'none',
  time: 'host',
  issuers: null,
  version: '0.1.0',
};

let shared: Promise<SimulatedPlatform> | undefined;

/** The simulated machine of these tests, made once. */
export async function sharedPlatform(): Promise<SimulatedPlatform> {
  shared ??= createPlatform({ at: new Date() });
  return await shared;
}

/** How a server departs from a good one. */
export interface SimulatedServerOptions {
  readonly platform?: SimulatedPlatform;
  /** The encoded keyset. Default: of the identity and {@link config}. */
  readonly keyset?: Uint8Array;
  /** Changes the answer to `GET /attestation` before it is sent. */
  readonly tamper?: (reply: AttestationReply) => AttestationReply;
  /** Changes the nonce that is quoted. */
  readonly quoteNonce?: (nonce: Uint8Array | undefined) => Uint8Array | undefined;
}

/** The answer of a genuine simulated server to a request for evidence. */
export async function attest(
  { certificate }: Identity,
  nonce: Uint8Array | undefined,
  options: SimulatedServerOptions = {},
): Promise<Uint8Array> {
  const platform = options.platform ?? (await sharedPlatform());
  const tls = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(certificate)));
  const keyset = options.keyset ?? encodeKeyset({ tls, config });
  const quoted = options.quoteNonce === undefined ? nonce : options.quoteNonce(nonce);
  const reportData = await computeReportData({
    certificate,
    keyset,
    ...(quoted !== undefined && { nonce: quoted }),
  });
  const reply: AttestationReply = {
    format: 'sgx-dcap',
    evidence: await platform.quote({ reportData, measurement }),
    endorsements: platform.collateral,
    certificate,
    keyset,
  };
  return encodeAttestationReply(options.tamper?.(reply) ?? reply, 'cbor');
}

/** Answers a request other than that for evidence. */
export type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A server that gives real evidence of simulated hardware for an identity, and hands other requests on.
 *
 * @param identity - What the evidence names: the certificate that is really shown may be another one.
 */
export function serveSimulated(
  identity: () => Identity,
  handle: Handle = notExpected,
  options: SimulatedServerOptions = {},
): HandleConnection {
  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://blindai-srv');
    if (pathname !== '/attestation') {
      handle(request, response);
      return;
    }
    const text = searchParams.get('nonce');
    const nonce = text === null ? undefined : decodeBase64url('nonce', text);
    attest(identity(), nonce, options).then(
      (body) => response.setHeader('content-type', 'application/cbor').end(body),
      (error: Error) => response.destroy(error),
    );
  });
  http.keepAliveTimeout = 60_000;
  return (socket) => void http.emit('connection', socket);
}

function notExpected(_request: IncomingMessage, response: ServerResponse): void {
  response.statusCode = 418;
  response.end();
}

/** All of a request's body. */
export async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}
