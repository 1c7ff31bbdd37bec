import { expect } from 'vitest';
import { ProtocolError, type ErrorCode } from '../src/errors.ts';

/** Expects exactly this refusal, with `message` in its sentence. */
export function expectRefusal(act: () => unknown, code: ErrorCode, message: string): void {
  const refusal = refusalOf(act);
  expect(refusal.message).toContain(message);
  expect(refusal.code).toBe(code);
}

/** As {@link expectRefusal}, of a promise. */
export async function expectRejection(
  promise: Promise<unknown>,
  code: ErrorCode,
  message: string,
): Promise<void> {
  const refusal = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expectRefusal(
    () => {
      throw refusal;
    },
    code,
    message,
  );
}

/** The refusal that a call throws; anything else fails the test. */
export function refusalOf(act: () => unknown): ProtocolError {
  try {
    act();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
