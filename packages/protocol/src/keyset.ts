import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import { equalBytes } from './encoding/bytes.ts';
import { readWhole } from './encoding/cbor-message.ts';
import { sha256 } from './encoding/sha256.ts';
import { malformed, ProtocolError } from './errors.ts';
import { limits } from './limits.ts';
import { parseServerConfig, type ServerConfig } from './server-config.ts';

/** The keys that evidence vouches for, and the settings they are used under (trust.md, "Keyset"). */
export interface Keyset {
  /** SHA-256 of the TLS certificate's DER. */
  readonly tls: Uint8Array;
  readonly config: ServerConfig;
}

/** The keyset in core deterministic encoding (RFC 8949 §4.2.1): the bytes that report data covers. */
export function encodeKeyset(keyset: Keyset): Uint8Array {
  const { tls, config } = keyset;
  // A plain array: in Node the library returns a Buffer.
  return new Uint8Array(encode({ v: 1, tls, config }, rfc8949EncodeOptions));
}

/**
 * Decodes a keyset, strictly: encoding it again gives the same bytes, `v` is 1, `tls` is the certificate's
 * hash, `config` has exactly its members. Other members are not known here and read past.
 *
 * That a keyset decodes says nothing about who made it: only evidence whose report data covers it does.
 *
 * @param certificate - The TLS certificate of the connection, DER.
 * @throws {ProtocolError} `malformed`; `too-large` beyond 64 KiB.
 */
export async function decodeKeyset(bytes: Uint8Array, certificate: Uint8Array): Promise<Keyset> {
  const keyset = decodeDeterministic(bytes);
  if (keyset.get('v') !== 1) throw malformed('v must be 1');
  const tls = keyset.get('tls');
  if (!(tls instanceof Uint8Array) || !equalBytes(tls, await sha256(certificate))) {
    throw malformed('tls must be the SHA-256 of the certificate');
  }
  return { tls, config: parseServerConfig(keyset.get('config')) };
}

/** A map with text keys in core deterministic encoding. */
function decodeDeterministic(bytes: Uint8Array): Map<string, unknown> {
  if (bytes.length > limits.maxKeysetBytes) {
    throw new ProtocolError(
      'too-large',
      `a keyset must have at most ${limits.maxKeysetBytes} bytes`,
    );
  }
  // Bounds the depth before the library recurses.
  readWhole('a keyset', bytes, (reader) => reader.skip('a keyset', limits.maxKeysetBytes));
  let decoded: unknown;
  let encoded: Uint8Array;
  try {
    decoded = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      rejectDuplicateMapKeys: true,
      useMaps: true,
    });
    encoded = encode(decoded, rfc8949EncodeOptions);
  } catch {
    // The library's own message would quote the input.
    throw malformed('a keyset must be in core deterministic encoding');
  }
  if (!equalBytes(encoded, bytes))
    throw malformed('a keyset must be in core deterministic encoding');
  if (!(decoded instanceof Map)) throw malformed('a keyset must be a map');
  return decoded as Map<string, unknown>;
}
