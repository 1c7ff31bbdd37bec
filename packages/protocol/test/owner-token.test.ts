import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { modelRefOf } from '../src/model-ref.ts';
import { createOwnerToken, isOwnerToken, ownerIdOf } from '../src/owner-token.ts';

describe('an owner token', () => {
  it('is 32 random bytes in base64url', () => {
    const tokens = new Set(Array.from({ length: 100 }, createOwnerToken));
    expect(tokens.size).toBe(100);
    for (const token of tokens) {
      expect(isOwnerToken(token)).toBe(true);
      expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    }
  });

  it.each(['', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}B`, `${'A'.repeat(42)}=`])(
    'is not %j',
    (text) => {
      expect(isOwnerToken(text)).toBe(false);
    },
  );

  it('stands for its hash', async () => {
    const token = createOwnerToken();
    expect(await ownerIdOf(token)).toBe(createHash('sha256').update(token).digest('hex'));
  });
});

describe('a model reference', () => {
  it('is the start of a hash of the id', async () => {
    const expected = createHash('sha256').update('refsome-id').digest('hex').slice(0, 16);
    expect(await modelRefOf('some-id')).toBe(expected);
  });
});
