import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.ts';
import { decodeErrorJson, encodeErrorJson } from '../../src/open-inference/error-json.ts';
import { expectRefusal } from '../refusal.ts';

const text = (json: string): Uint8Array => new TextEncoder().encode(json);

describe('an error in JSON', () => {
  it('is what stock clients read, and comes back as it was', () => {
    const bytes = encodeErrorJson(new ProtocolError('not-found', 'there is no "such" model'));
    expect(new TextDecoder().decode(bytes)).toBe(
      '{"error":"not-found: there is no \\"such\\" model"}',
    );
    expect(decodeErrorJson(bytes)).toMatchObject({
      code: 'not-found',
      message: 'there is no "such" model',
    });
  });

  it.each([
    ['{"error":"no-such-code: x"}', 'a known code'],
    ['{"error":"not-found"}', 'a known code'],
    ['{"error":7}', '"error" of an error must be a text'],
    ['{"error":"not-found: x","code":1}', 'unknown key'],
    ['{}', 'must hold "error"'],
    ['"not-found: x"', 'must be an object'],
    ['{"error":"not-found: x"', 'well-formed'],
    [`{"error":"not-found: ${'x'.repeat(4096)}"}`, 'at most 4096 bytes'],
  ])('is refused as %s', (json, message) => {
    expectRefusal(() => decodeErrorJson(text(json)), 'malformed', message);
  });
});
