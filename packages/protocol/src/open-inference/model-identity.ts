import type { JsonFields } from '../encoding/json-message.ts';
import { malformed } from '../errors.ts';
import { limits } from '../limits.ts';

/** What the upload of a model said of it. */
export interface ModelIdentity {
  /** As its owner called it; may be empty. */
  readonly name: string;
  /** SHA-256 of the model, 64 lower-case hex digits. */
  readonly hash: string;
}

/** Reads it from the parameters of a description or of a list's entry. */
export function readIdentity(parameters: JsonFields<'name' | 'hash'>): ModelIdentity {
  const hash = parameters.text('hash', 64);
  if (!/^[0-9a-f]{64}$/.test(hash)) throw malformed("a model's hash must be 64 hex digits");
  return { name: parameters.text('name', limits.maxNameBytes), hash };
}
