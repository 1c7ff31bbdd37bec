import { describe, expect, it } from 'vitest';
import { decodeBase64url, encodeBase64url } from '../../src/encoding/base64url.ts';
import { expectRefusal } from '../refusal.ts';

describe('base64url', () => {
  it('agrees with another implementation at every length', () => {
    for (let length = 0; length < 100; length += 1) {
      const bytes = Uint8Array.from({ length }, (_, at) => (at * 91 + length) % 256);
      const text = Buffer.from(bytes).toString('base64url');
      expect(encodeBase64url(bytes)).toBe(text);
      expect(decodeBase64url('it', text)).toEqual(bytes);
    }
  });

  it('encodes a megabyte', () => {
    const bytes = new Uint8Array(1_048_576).fill(255);
    expect(encodeBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
  });

  it.each(['A', 'AAAAA', 'AA==', 'AA+A', 'AA/A', 'AA A', 'AA\n', 'AB', 'AAB', 'é'])(
    'refuses %j',
    (text) => {
      expectRefusal(() => decodeBase64url('it', text), 'malformed', 'it must be base64url');
    },
  );
});
