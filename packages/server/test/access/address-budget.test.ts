import { describe, expect, it } from 'vitest';
import { AddressBudget } from '../../src/access/address-budget.ts';

describe('AddressBudget', () => {
  it('gives a minute of tokens at once, then as they come, and tells how long to wait', () => {
    let nowMs = 0;
    const budget = new AddressBudget(6, () => nowMs);
    for (let taken = 0; taken < 6; taken += 1) expect(budget.take('192.0.2.1')).toBe(0);
    expect(budget.take('192.0.2.1')).toBe(10);
    nowMs = 4000;
    expect(budget.take('192.0.2.1')).toBe(6);
    nowMs = 10_000;
    expect(budget.take('192.0.2.1')).toBe(0);
    expect(budget.take('192.0.2.1')).toBe(10);
  });

  it('never saves more than a minute of tokens', () => {
    let nowMs = 0;
    const budget = new AddressBudget(1, () => nowMs);
    nowMs = 3_600_000;
    expect(budget.take('192.0.2.1')).toBe(0);
    expect(budget.take('192.0.2.1')).toBe(60);
  });

  it('counts addresses apart, mapped IPv4 as IPv4, and IPv6 by its /64', () => {
    const budget = new AddressBudget(1, () => 0);
    expect(budget.take('192.0.2.1')).toBe(0);
    expect(budget.take('192.0.2.2')).toBe(0);
    expect(budget.take('::ffff:192.0.2.1')).toBe(60);
    expect(budget.take('2001:db8::1')).toBe(0);
    expect(budget.take('2001:db8:0:0:1:2:3:4')).toBe(60);
    expect(budget.take('2001:0DB8:0000::ffff')).toBe(60);
    expect(budget.take('2001:db8:0:1::1')).toBe(0);
    expect(budget.take('::1')).toBe(0);
    expect(budget.take('fe80::1%eth0')).toBe(0);
    expect(budget.take('fe80::2%eth1')).toBe(60);
  });

  it('forgets the address that was quiet the longest, and no other', () => {
    const budget = new AddressBudget(1, () => 0);
    for (let address = 0; address < 10_001; address += 1) {
      expect(budget.take(`${address}`)).toBe(0);
    }
    expect(budget.take('1')).toBe(60);
    expect(budget.take('0')).toBe(0);
  });
});
