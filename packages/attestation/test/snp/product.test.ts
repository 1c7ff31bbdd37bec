import { describe, expect, test } from 'vitest';
import { lineOfName, lineOfProcessor } from '../../src/snp/product.ts';

describe('the product line', () => {
  test.each([
    [0x19, 0x01, 'Milan'],
    [0x19, 0x0f, 'Milan'],
    [0x19, 0x10, 'Genoa'],
    [0x19, 0x1f, 'Genoa'],
    [0x19, 0xa0, 'Genoa'],
    [0x19, 0xaf, 'Genoa'],
    [0x1a, 0x02, 'Turin'],
    [0x1a, 0x11, 'Turin'],
    [0x19, 0x20, null],
    [0x19, 0x9f, null],
    [0x19, 0xb0, null],
    [0x1a, 0x20, null],
    [0x17, 0x31, null],
    [0, 0, null],
  ])('of a processor of family %i, model %i is %s', (family, model, line) => {
    expect(lineOfProcessor({ family, model, stepping: 0 })).toBe(line);
  });

  test.each([
    ['Milan', 'Milan'],
    ['Milan-B0', 'Milan'],
    ['Genoa', 'Genoa'],
    ['Bergamo', 'Genoa'],
    ['Siena-A1', 'Genoa'],
    ['Turin-C1', 'Turin'],
    ['milan', null],
    ['Milan-', null],
    ['Milan-B00', null],
    ['Milan B0', null],
    ['Rome', null],
    ['', null],
    ['constructor', null],
    ['__proto__', null],
  ])('that a certificate names %s is %s', (name, line) => {
    expect(lineOfName(name)).toBe(line);
  });
});
