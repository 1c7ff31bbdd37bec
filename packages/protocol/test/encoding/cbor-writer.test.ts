import { decode, encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { CborWriter } from '../../src/encoding/cbor-writer.ts';

describe('CborWriter', () => {
  it.each([0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])(
    'writes %d as another encoder does',
    (value) => {
      expect(new CborWriter().uint(value).whole()).toEqual(encode(value));
    },
  );

  it('writes what another decoder reads', () => {
    const large = new Uint8Array(1000).fill(5);
    const bytes = new CborWriter()
      .map(4)
      .text('é')
      .array(2)
      .boolean(true)
      .boolean(false)
      .text('n')
      .null()
      .text('large')
      .bytes(large)
      .text('text')
      .text('x'.repeat(70_000))
      .whole();
    const expected = { é: [true, false], n: null, large, text: 'x'.repeat(70_000) };
    expect(decode(bytes, { strict: true })).toEqual(expected);
  });

  it('does not copy payloads', () => {
    const payload = new Uint8Array(1000);
    const parts = new CborWriter().array(2).bytes(payload).uint(7).parts();
    expect(parts).toHaveLength(3);
    expect(parts[1]).toBe(payload);
  });
});
