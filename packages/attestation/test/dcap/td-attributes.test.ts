import { expect, it } from 'vitest';
import {
  namesOfTdAttributes,
  reservedTdAttributes,
  tdAttributes,
} from '../../src/dcap/td-attributes.ts';

function from(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

it('every bit is of debugging, has a name, or is reserved', () => {
  const reserved: number[] = [];
  const names: string[] = [];
  for (let bit = 0; bit < 64; bit++) {
    const attributes = 1n << BigInt(bit);
    const kinds = [
      (attributes & tdAttributes.underDebug) !== 0n,
      namesOfTdAttributes(attributes).length === 1,
      reservedTdAttributes(attributes) === attributes,
    ];
    expect(kinds.filter(Boolean)).toHaveLength(1);
    if (kinds[2]) reserved.push(bit);
    names.push(...namesOfTdAttributes(attributes));
  }
  expect(reserved).toEqual([...from(8, 15), ...from(17, 26), ...from(32, 61)]);
  expect(names).toEqual([
    'ICSSD',
    'LASS',
    'SEPT_VE_DISABLE',
    'MIGRATABLE',
    'PKS',
    'KL',
    'TPA',
    'PERFMON',
  ]);
});

it('bits are told together', () => {
  expect(namesOfTdAttributes(tdAttributes.septVeDisable | tdAttributes.migratable)).toEqual([
    'SEPT_VE_DISABLE',
    'MIGRATABLE',
  ]);
  expect(reservedTdAttributes((1n << 40n) | (1n << 8n) | 0xffn)).toBe((1n << 40n) | (1n << 8n));
});
