import { ManifestError, parseManifest, type Manifest } from '@blindai/attestation';
import { toHex } from '@blindai/protocol';

/**
 * Parses a manifest, and compares its bytes with the hash that the caller pins. One that is parsed already is
 * returned as it is.
 *
 * @param source - TOML: the file's bytes, or its text; or a manifest.
 * @param sha256 - Hex. Default: not pinned.
 * @throws {ManifestError} when it is wrong, not UTF-8, or not the one that is pinned.
 * @throws {TypeError} when `sha256` is no hash, or there are no bytes that could have it.
 */
export async function loadManifest(
  source: string | Uint8Array | Manifest,
  sha256?: string,
): Promise<Manifest> {
  if (typeof source === 'object' && !(source instanceof Uint8Array)) {
    if (sha256 !== undefined) throw new TypeError('a hash pins bytes: give the manifest as a file');
    return source;
  }
  const bytes = typeof source === 'string' ? new TextEncoder().encode(source) : source;
  if (sha256 !== undefined) await checkHash(bytes, sha256);
  return parseManifest(decodeText(bytes));
}

async function checkHash(bytes: Uint8Array, expected: string): Promise<void> {
  if (!/^[0-9a-f]{64}$/i.test(expected))
    throw new TypeError('manifestSha256 must be 64 hex digits');
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes));
  const found = toHex(new Uint8Array(digest));
  if (found !== expected.toLowerCase()) {
    throw new ManifestError(null, `expected SHA-256 ${expected.toLowerCase()}, found ${found}`);
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ManifestError(null, 'expected UTF-8');
  }
}
