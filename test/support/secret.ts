import { createHash } from 'node:crypto';

/** Something that nobody but its owner may read, with all the forms in which it might be written. */
export interface Secret {
  readonly what: string;
  readonly forms: readonly string[];
}

/** A secret text, or bytes. */
export function secret(what: string, content: string | Uint8Array): Secret {
  const bytes = Buffer.from(content);
  const plain = [bytes.toString('latin1'), bytes.toString('hex'), [...bytes].join(',')];
  // Base64 of the middle of something longer begins at any of three places.
  const shifted = [0, 1, 2].map((shift) =>
    bytes.subarray(shift, bytes.length - ((bytes.length - shift) % 3)).toString('base64'),
  );
  const urlSafe = shifted.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { what, forms: [...new Set([...plain, ...shifted, ...urlSafe, digest])] };
}

/** What of some secrets is found in a text, whatever its case. */
export function foundIn(text: string, secrets: readonly Secret[]): string[] {
  const folded = text.toLowerCase();
  return secrets
    .filter(({ forms }) => forms.some((form) => folded.includes(form.toLowerCase())))
    .map(({ what }) => what);
}
