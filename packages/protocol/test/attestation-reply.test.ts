import { decode, encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import {
  decodeAttestationReply,
  encodeAttestationReply,
  type AttestationReply,
} from '../src/attestation-reply.ts';
import { expectRefusal } from './refusal.ts';

const reply: AttestationReply = {
  format: 'sgx-dcap',
  evidence: new Uint8Array(700).fill(1),
  endorsements: { version: 3, tcb_info: '{"tcbInfo": "é"}' },
  certificate: Uint8Array.of(48, 1, 2),
  keyset: Uint8Array.of(161),
};
const text = (json: unknown): Uint8Array =>
  new TextEncoder().encode(typeof json === 'string' ? json : JSON.stringify(json));
const asJson = JSON.parse(
  new TextDecoder().decode(encodeAttestationReply(reply, 'json')),
) as Record<string, unknown>;

describe('an attestation reply', () => {
  it.each(['cbor', 'json'] as const)('comes back as it was, as %s', (encoding) => {
    expect(decodeAttestationReply(encodeAttestationReply(reply, encoding), encoding)).toEqual(
      reply,
    );
  });

  it('is what another decoder reads', () => {
    expect(decode(encodeAttestationReply(reply, 'cbor'), { strict: true })).toEqual(reply);
    expect(asJson['certificate']).toBe('MAEC');
  });

  it('has byte strings among its endorsements as base64url in JSON', () => {
    const endorsements = { ek: Uint8Array.of(255) };
    const bytes = encodeAttestationReply({ ...reply, endorsements }, 'json');
    expect(decodeAttestationReply(bytes, 'json').endorsements).toEqual({ ek: '_w' });
  });

  it('may be laid out by hand in JSON', () => {
    const laidOut = text(JSON.stringify(asJson, null, 2));
    expect(decodeAttestationReply(laidOut, 'json')).toEqual(reply);
  });

  it.each(Object.keys(reply))('is refused without %s', (key) => {
    const { [key]: _, ...cbor } = reply as unknown as Record<string, unknown>;
    const { [key]: __, ...json } = asJson;
    expectRefusal(() => decodeAttestationReply(encode(cbor), 'cbor'), 'malformed', key);
    expectRefusal(() => decodeAttestationReply(text(json), 'json'), 'malformed', '');
  });

  it('is refused with another member, or one of another kind', () => {
    for (const change of [{ extra: 1 }, { format: 'sgx' }, { evidence: 1 }, { endorsements: [] }]) {
      const cbor = encode({ ...reply, ...change });
      expectRefusal(() => decodeAttestationReply(cbor, 'cbor'), 'malformed', 'must');
      const json = text({ ...asJson, ...change });
      expectRefusal(() => decodeAttestationReply(json, 'json'), 'malformed', 'must');
    }
    const nested = text({ ...asJson, endorsements: { a: {} } });
    expectRefusal(() => decodeAttestationReply(nested, 'json'), 'malformed', 'an endorsement must');
  });

  it('is refused when JSON is no object, doubled, not well-formed or not UTF-8', () => {
    const whole = JSON.stringify(asJson);
    const doubled = whole.replace('{', '{"format":"sgx-dcap",');
    for (const json of [doubled, `${whole}x`, `${whole}{}`, '', '{"format":}', '['.repeat(1e6)]) {
      expectRefusal(() => decodeAttestationReply(text(json), 'json'), 'malformed', 'well-formed');
    }
    expectRefusal(() => decodeAttestationReply(text('[]'), 'json'), 'malformed', 'an object');
    const latin1 = Buffer.from(whole.replace('é', '\xe9'), 'latin1');
    expectRefusal(() => decodeAttestationReply(latin1, 'json'), 'malformed', 'well-formed');
  });

  it('is refused when a byte string is not in strict base64url', () => {
    const json = text({ ...asJson, keyset: 'oQ==' });
    expectRefusal(() => decodeAttestationReply(json, 'json'), 'malformed', 'keyset must be base64');
  });

  it('is refused beyond a megabyte', () => {
    const large = encode({ ...reply, evidence: new Uint8Array(1_048_576) });
    expectRefusal(() => decodeAttestationReply(large, 'cbor'), 'too-large', '1048576 bytes');
  });

  it('is refused when truncated at any byte', () => {
    for (const encoding of ['cbor', 'json'] as const) {
      const bytes = encodeAttestationReply(reply, encoding);
      for (let length = 0; length < bytes.length; length += 1) {
        const start = bytes.subarray(0, length);
        expectRefusal(() => decodeAttestationReply(start, encoding), 'malformed', '');
      }
    }
  });
});
