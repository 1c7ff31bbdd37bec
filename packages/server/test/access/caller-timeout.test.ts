import { expect, test } from 'vitest';
import { callerTimeoutOf } from '../../src/access/caller-timeout.ts';

function requestWith(timeout?: string): Request {
  return new Request('https://blindai-srv/run', {
    headers: timeout === undefined ? {} : { 'Blindai-Timeout': timeout },
  });
}

test('is what the caller says, in milliseconds', () => {
  expect(callerTimeoutOf(requestWith())).toBeUndefined();
  expect(callerTimeoutOf(requestWith('1'))).toBe(1);
  expect(callerTimeoutOf(requestWith('2147483647'))).toBe(2 ** 31 - 1);
});

test.each([
  '',
  '0',
  '01',
  '-1',
  '+1',
  '1.5',
  '1e3',
  '0x10',
  '60s',
  '2147483648',
  '99999999999',
  '1, 2',
])('%j is refused', (text) => {
  expect(() => callerTimeoutOf(requestWith(text))).toThrow(
    expect.objectContaining({ code: 'malformed' }),
  );
});
