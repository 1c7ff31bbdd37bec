import { toHex } from './encoding/hex.ts';
import { sha256 } from './encoding/sha256.ts';

/**
 * What logs, metrics and lists for others show instead of a model's id, which is a secret: the first 8 bytes
 * of SHA-256("ref" ‖ id), in hex (trust.md, "Ids are secrets").
 */
export async function modelRefOf(id: string): Promise<string> {
  return toHex((await sha256(new TextEncoder().encode(`ref${id}`))).subarray(0, 8));
}
