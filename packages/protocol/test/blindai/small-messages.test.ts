import { decode, encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import {
  decodeDelete,
  decodeDeleteReply,
  encodeDelete,
  encodeDeleteReply,
} from '../../src/blindai/delete.ts';
import { decodeErrorText, encodeErrorText } from '../../src/blindai/error-text.ts';
import {
  decodeByteString,
  decodeCollateral,
  encodeByteString,
  encodeCollateral,
} from '../../src/blindai/evidence.ts';
import { decodeUploadReply, encodeUploadReply } from '../../src/blindai/upload.ts';
import { ProtocolError } from '../../src/errors.ts';
import { hex } from '../hex.ts';
import { expectRefusal } from '../refusal.ts';

describe('an upload reply', () => {
  const reply = { hash: new Uint8Array(32).fill(3), modelId: 'id' };

  it('comes back as it was', () => {
    expect(decodeUploadReply(encodeUploadReply(reply))).toEqual(reply);
  });

  it('is refused for a wrong member', () => {
    const hash = new Uint8Array(31);
    expectRefusal(
      () => decodeUploadReply(encode({ hash, model_id: 'id' })),
      'malformed',
      'hash must have 32 bytes, not 31',
    );
    expectRefusal(() => decodeUploadReply(encode({ hash: reply.hash })), 'malformed', '"model_id"');
  });
});

describe('a deletion', () => {
  it('comes back as it was, and is answered with null', () => {
    expect(decodeDelete(encodeDelete({ modelId: 'id' }))).toEqual({ modelId: 'id' });
    expect(encodeDeleteReply()).toEqual(hex('f6'));
    expect(() => decodeDeleteReply(hex('f6'))).not.toThrow();
  });

  it('is refused for another member, none, or an empty id', () => {
    expectRefusal(() => decodeDelete(encode({ model: 'id' })), 'malformed', 'unknown key');
    expectRefusal(() => decodeDelete(encode({})), 'malformed', 'must hold "model_id"');
    expectRefusal(() => decodeDelete(encode({ model_id: '' })), 'malformed', 'not be empty');
  });

  it('is not answered with anything else', () => {
    expectRefusal(() => decodeDeleteReply(hex('f5')), 'malformed', 'must be null');
    expectRefusal(() => decodeDeleteReply(hex('')), 'malformed', 'end early');
    expectRefusal(() => decodeDeleteReply(hex('f6f6')), 'malformed', 'followed by other bytes');
  });
});

describe('an error text', () => {
  it('comes back as it was', () => {
    const error = new ProtocolError('not-found', 'there is no such model: none');
    const text = encodeErrorText(error);
    expect(decode(text)).toBe('not-found: there is no such model: none');
    expect(decodeErrorText(text)).toEqual(error);
  });

  it('is refused when it is no code and sentence', () => {
    for (const text of ['Model does not exist', 'unheard-of: code', 'not-found', 'toString: x']) {
      expectRefusal(() => decodeErrorText(encode(text)), 'malformed', 'a known code');
    }
    expectRefusal(() => decodeErrorText(hex('f6')), 'malformed', 'of the kind text');
    const long = encode(`internal: ${'x'.repeat(5000)}`);
    expectRefusal(() => decodeErrorText(long), 'too-large', 'at most 4096 bytes');
  });
});

describe('certificate, quote and collateral', () => {
  it('come back as they were', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(decodeByteString(encodeByteString(bytes))).toEqual(bytes);
    const collateral = { version: 3, tcb_info: '{"a": "é"}', extra: bytes };
    expect(decodeCollateral(encodeCollateral(collateral))).toEqual(collateral);
    expect(decode(encodeCollateral(collateral), { strict: true })).toEqual(collateral);
  });

  it('are refused for members of other kinds, doubled, or too many', () => {
    expectRefusal(
      () => decodeCollateral(encode({ a: null })),
      'malformed',
      'an endorsement must be of the kind unsigned integer',
    );
    expectRefusal(
      () => decodeCollateral(hex('a2 6161 01 6161 01')),
      'malformed',
      'an endorsement must be there once',
    );
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`m${at}`, 1]));
    expectRefusal(() => decodeCollateral(encode(many)), 'too-large', 'at most 32 members');
    expectRefusal(() => decodeByteString(encode('x')), 'malformed', 'of the kind byte string');
  });
});
