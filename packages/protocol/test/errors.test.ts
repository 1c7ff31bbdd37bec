import { expect, it } from 'vitest';
import { errorStatuses, isErrorCode, ProtocolError } from '../src/errors.ts';

it('gives every code the status of an error', () => {
  for (const [code, status] of Object.entries(errorStatuses)) {
    expect(isErrorCode(code)).toBe(true);
    expect(status).toBeGreaterThanOrEqual(400);
  }
  expect(isErrorCode('toString')).toBe(false);
});

it('carries a code and a sentence', () => {
  const error = new ProtocolError('not-found', 'no such model');
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'ProtocolError',
    code: 'not-found',
    message: 'no such model',
  });
});
