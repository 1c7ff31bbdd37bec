import { createOwnerToken, ownerIdOf } from '@blindai/protocol';
import { describe, expect, it } from 'vitest';
import { ownerOf } from '../../src/access/owner.ts';

function requestWith(...tokens: string[]): Request {
  return new Request('https://blindai-srv/run', {
    headers: tokens.map((token): [string, string] => ['Blindai-Owner-Token', token]),
  });
}

describe('ownerOf', () => {
  it('is anonymous without a token', async () => {
    expect(await ownerOf(requestWith())).toEqual({ kind: 'anonymous' });
  });

  it('is the owner that the token stands for', async () => {
    const token = createOwnerToken();
    const owner = await ownerOf(requestWith(token));
    expect(owner).toEqual({ kind: 'token', id: await ownerIdOf(token) });
    expect(JSON.stringify(owner)).not.toContain(token);
  });

  it.each([
    [''],
    ['short'],
    [`${createOwnerToken()}A`],
    [`${createOwnerToken().slice(0, 42)}B`],
    [`${createOwnerToken().slice(0, 42)}=`],
    [createOwnerToken(), createOwnerToken()],
  ])('refuses a header that is not one token', async (...tokens) => {
    await expect(ownerOf(requestWith(...tokens))).rejects.toMatchObject({ code: 'malformed' });
  });
});
