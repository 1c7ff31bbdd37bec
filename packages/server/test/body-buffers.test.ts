import { describe, expect, it } from 'vitest';
import { BodyBuffers } from '../src/body-buffers.ts';
import { BufferedBytes } from '../src/body.ts';

const KIB = 1024;
const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

describe('buffers of bodies', () => {
  it.each([0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 602_112, 1024 * KIB])(
    'are zeros, at least %i of them',
    (bytes) => {
      const buffer = new BodyBuffers().take(bytes);
      expect(buffer.length).toBeGreaterThanOrEqual(bytes);
      expect(isZero(buffer)).toBe(true);
    },
  );

  it('are given out again, with nothing of what was in them, and to one at a time', () => {
    const buffers = new BodyBuffers();
    const first = buffers.take(100 * KIB);
    first.fill(7);
    expect(buffers.take(100 * KIB).buffer).not.toBe(first.buffer);
    buffers.give(first);
    const again = buffers.take(90 * KIB);
    expect(again.buffer).toBe(first.buffer);
    expect(isZero(again)).toBe(true);
    expect(buffers.take(90 * KIB).buffer).not.toBe(first.buffer);
  });

  it('are kept up to a limit', () => {
    const buffers = new BodyBuffers();
    const many = Array.from({ length: 20 }, () => buffers.take(1024 * KIB));
    for (const buffer of many) buffers.give(buffer);
    const known = new Set(many.map(({ buffer }) => buffer));
    const again = many.map(() => buffers.take(1024 * KIB));
    expect(again.filter(({ buffer }) => known.has(buffer))).toHaveLength(16);
  });
});

describe('the memory of a body', () => {
  const bytes = 100 * KIB;

  it('serves another body only once its lease says that nobody reads it, and is closed', () => {
    const buffered = new BufferedBytes(1e9);
    const first = buffered.lease();
    const buffer = first.take(bytes);
    buffer.fill(7);
    first.release();
    expect(buffered.lease().take(bytes).buffer).not.toBe(buffer.buffer);
    expect(isZero(buffer)).toBe(false);
    first[Symbol.dispose]();
    const again = buffered.lease().take(bytes);
    expect(again.buffer).toBe(buffer.buffer);
    expect(isZero(again)).toBe(true);
  });

  it('is given back once, however often its lease is closed', () => {
    const buffered = new BufferedBytes(1e9);
    const first = buffered.lease();
    const { buffer } = first.take(bytes);
    first.release();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(buffered.lease().take(bytes).buffer).toBe(buffer);
    expect(buffered.lease().take(bytes).buffer).not.toBe(buffer);
  });

  it('is left alone where somebody may still read it', () => {
    const buffered = new BufferedBytes(1e9);
    const first = buffered.lease();
    const buffer = first.take(bytes);
    buffer.fill(7);
    first[Symbol.dispose]();
    expect(buffered.lease().take(bytes).buffer).not.toBe(buffer.buffer);
    expect(buffer.every((byte) => byte === 7)).toBe(true);
  });
});
