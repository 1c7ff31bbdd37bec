import { encode, rfc8949EncodeOptions } from 'cborg';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeKeyset, encodeKeyset, type Keyset } from '../src/keyset.ts';
import type { ServerConfig } from '../src/server-config.ts';
import { hex } from './hex.ts';
import { createRandom, mutate } from './random.ts';
import { expectRejection } from './refusal.ts';
import { ProtocolError } from '../src/errors.ts';

const certificate = Uint8Array.of(48, 130, 1, 2);
const tls = new Uint8Array(createHash('sha256').update(certificate).digest());
const config: ServerConfig = {
  tee: 'simulation',
  isolation: 'none',
  anonymous: true,
  storage: 'none',
  stateFreshness: 'none',
  time: 'host',
  issuers: null,
  version: '0.1.0',
};
const keyset: Keyset = { tls, config };

/** A keyset in core deterministic encoding with some members replaced, and undefined ones left out. */
function keysetWith(changes: Record<string, unknown>): Uint8Array {
  const members = { v: 1, tls, config, ...changes };
  return encode(members, { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true });
}

describe('a keyset', () => {
  it('comes back as it was', async () => {
    expect(await decodeKeyset(encodeKeyset(keyset), certificate)).toEqual(keyset);
    const issuers = new Uint8Array(32).fill(7);
    const named: Keyset = { tls, config: { ...config, issuers, tee: 'sgx' } };
    expect(await decodeKeyset(encodeKeyset(named), certificate)).toEqual(named);
  });

  it('is in core deterministic encoding, byte for byte', () => {
    const expected = [
      'a3 6176 01',
      `63746c73 5820 ${Buffer.from(tls).toString('hex')}`,
      '66636f6e666967 a8',
      '63746565 6a73696d756c6174696f6e',
      '6474696d65 64686f7374',
      '6769737375657273 f6',
      '6773746f72616765 646e6f6e65',
      '6776657273696f6e 65302e312e30',
      '69616e6f6e796d6f7573 f5',
      '6969736f6c6174696f6e 646e6f6e65',
      '6e73746174654672657368 6e657373 646e6f6e65',
    ].join('');
    expect(encodeKeyset(keyset)).toEqual(hex(expected));
  });

  it('may hold members that this reader does not know', async () => {
    const receipt = new Map<number, unknown>([
      [1, 2],
      [-1, 1],
      [-2, new Uint8Array(32)],
    ]);
    const bytes = keysetWith({ receipt, hpke: new Uint8Array(50), kbs: { a: [1.5, -7, true] } });
    expect(await decodeKeyset(bytes, certificate)).toEqual(keyset);
  });

  it('is refused for another version', async () => {
    for (const v of [0, 2, 1.5, '1', undefined]) {
      await expectRejection(decodeKeyset(keysetWith({ v }), certificate), 'malformed', 'v must be');
    }
  });

  it('is refused for another certificate', async () => {
    const other = decodeKeyset(encodeKeyset(keyset), certificate.subarray(1));
    await expectRejection(other, 'malformed', 'tls must be the SHA-256 of the certificate');
    for (const wrong of [undefined, 'x', tls.subarray(1), null]) {
      const bytes = keysetWith({ tls: wrong });
      await expectRejection(decodeKeyset(bytes, certificate), 'malformed', 'tls must be');
    }
  });

  it('is refused when it is no map', async () => {
    for (const bytes of [encode([]), encode(1), encode('v')]) {
      await expectRejection(decodeKeyset(bytes, certificate), 'malformed', 'must be a map');
    }
  });

  it.each([
    ['keys in another order', 'a2 61620161 6101'],
    ['an integer not in its shortest form', 'a1 6176 1801'],
    ['a float not in its shortest form', 'a1 6176 fa3fc00000'],
    ['an indefinite length', 'bf 6176 01 ff'],
    ['a doubled key', 'a2 617601 617601'],
    ['text that is not UTF-8', 'a1 61ff 01'],
    ['a tag', 'a1 6176 c101'],
  ])('is refused for %s', async (_what, text) => {
    await expectRejection(decodeKeyset(hex(text), certificate), 'malformed', '');
  });

  it('is refused when something follows, or it nests too deep, or is too large', async () => {
    const longer = Buffer.concat([encodeKeyset(keyset), hex('00')]);
    await expectRejection(decodeKeyset(longer, certificate), 'malformed', 'followed by other');
    const deep = hex(`${'81'.repeat(20_000)}00`);
    await expectRejection(decodeKeyset(deep, certificate), 'malformed', 'deeper than 16');
    const large = keysetWith({ hpke: new Uint8Array(65_536) });
    await expectRejection(decodeKeyset(large, certificate), 'too-large', '65536 bytes');
  });

  it('is refused when truncated at any byte', async () => {
    const bytes = encodeKeyset(keyset);
    for (let length = 0; length < bytes.length; length += 1) {
      const start = decodeKeyset(bytes.subarray(0, length), certificate);
      await expectRejection(start, 'malformed', 'end early');
    }
  });

  it('is refused or one that encodes to the same bytes, after any mutation', async () => {
    const random = createRandom(1);
    for (let round = 0; round < 5000; round += 1) {
      const bytes = mutate(keysetWith({ receipt: new Map([[-1, [1.5]]]) }), random);
      const outcome = await decodeKeyset(bytes, certificate).catch((error: unknown) => error);
      if (!(outcome instanceof ProtocolError)) expect(outcome).toMatchObject({ tls });
    }
  });
});

describe('the config of a keyset', () => {
  it.each(Object.keys(config))('is refused without %s', async (member) => {
    const bytes = keysetWith({ config: { ...config, [member]: undefined } });
    await expectRejection(
      decodeKeyset(bytes, certificate),
      'malformed',
      `config must hold ${member}`,
    );
  });

  it('is refused with an unknown member', async () => {
    const bytes = keysetWith({ config: { ...config, debug: false } });
    await expectRejection(decodeKeyset(bytes, certificate), 'malformed', 'an unknown member');
  });

  it('is refused when it is no map', async () => {
    const bytes = keysetWith({ config: ['tee'] });
    await expectRejection(decodeKeyset(bytes, certificate), 'malformed', 'config must be a map');
  });

  it.each([
    ['tee', 'arm-cca'],
    ['isolation', 'some'],
    ['isolation', null],
    ['anonymous', 1],
    ['storage', 'open'],
    ['stateFreshness', true],
    ['time', 'ntp'],
    ['issuers', 'x'],
    ['issuers', new Uint8Array(31)],
    ['version', 1],
    ['version', 'x'.repeat(513)],
  ])('is refused for %s %j', async (member, value) => {
    const bytes = keysetWith({ config: { ...config, [member]: value } });
    await expectRejection(
      decodeKeyset(bytes, certificate),
      'malformed',
      `config must hold a known value of ${member}`,
    );
  });
});
