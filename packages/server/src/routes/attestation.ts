import {
  decodeBase64url,
  encodeAttestationReply,
  encodeByteString,
  encodeCollateral,
  ProtocolError,
} from '@blindai/protocol';
import type { EvidenceService } from '../evidence/evidence-service.ts';
import { encodingFor, reply } from '../reply.ts';
import { surfaces } from '../surface.ts';
import type { Route } from './route.ts';

const NONCE_BYTES = 32;

/** Evidence for the server's keys, as our clients ask for it and as BlindAI's do (wire.md §1 and §2). */
export function attestationRoutes(evidence: EvidenceService): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/attestation',
      surfaces,
      handle: async ({ request, address }) => {
        const nonce = readNonce(new URL(request.url));
        const found = nonce === null ? evidence.boot() : evidence.fresh(nonce, address);
        const as = encodingFor(request);
        return reply(encodeAttestationReply(await found, as), as);
      },
    },
    {
      method: 'GET',
      path: '/',
      surfaces: ['unattested'],
      handle: async () => reply(encodeByteString((await evidence.boot()).certificate), 'cbor'),
    },
    {
      method: 'GET',
      path: '/quote',
      surfaces: ['unattested'],
      handle: async () => reply(encodeByteString((await evidence.boot()).evidence), 'cbor'),
    },
    {
      method: 'GET',
      path: '/collateral',
      surfaces: ['unattested'],
      handle: async () => reply(encodeCollateral((await evidence.boot()).endorsements), 'cbor'),
    },
  ];
}

/** The nonce of a query, null if there is none; anything else in the query is refused. */
function readNonce(url: URL): Uint8Array | null {
  const names = [...url.searchParams.keys()];
  if (names.length === 0) return null;
  if (names.length > 1 || names[0] !== 'nonce') {
    throw new ProtocolError('malformed', 'the query may hold one nonce and nothing else');
  }
  const nonce = decodeBase64url('nonce', url.searchParams.get('nonce')!);
  if (nonce.length === NONCE_BYTES) return nonce;
  throw new ProtocolError(
    'malformed',
    `nonce must be ${NONCE_BYTES} bytes in base64url, not ${nonce.length}`,
  );
}
