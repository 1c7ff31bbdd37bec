import type { Format } from '@blindai/attestation';
import {
  type AttestationReply,
  encodeAttestationReply,
  encodeCollateral,
  type Endorsements,
} from '@blindai/protocol';
import { describe, expect, it } from 'vitest';
import { endorsementsOf, isAmd } from '../../src/evidence/endorsements.ts';
import { parseRecorded } from '../../src/evidence/recorded-evidence.ts';
import { UsageError } from '../../src/exit-codes.ts';

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
const ek = bytes(0x30, 1);
const crl = bytes(0x30, 2);
const pem = '-----BEGIN CERTIFICATE-----\nMAE=\n-----END CERTIFICATE-----\n';
const raw = parseRecorded(bytes(1, 2, 3));

function reply(
  format: AttestationReply['format'],
  endorsements: Endorsements,
  as: 'cbor' | 'json' = 'cbor',
): ReturnType<typeof parseRecorded> {
  const [evidence, certificate, keyset] = [bytes(7), bytes(8), bytes(9)];
  const message = { format, evidence, endorsements, certificate, keyset };
  return parseRecorded(encodeAttestationReply(message, as));
}

describe('a file', () => {
  it('is a reply if it reads as one', () => {
    const recorded = reply('sev-snp', { ek });
    expect(recorded).toMatchObject({ format: 'sev-snp', evidence: bytes(7) });
    expect(recorded.reply?.certificate).toEqual(bytes(8));
  });

  it.each([
    ['nothing', bytes()],
    ['JSON that is no reply', new TextEncoder().encode(' {"format": "sgx-dcap"}')],
    ['a CBOR map that is no reply', bytes(0xa1, 0x61, 0x61, 1)],
  ])('is else taken as it is: %s', (_what, file) => {
    expect(parseRecorded(file)).toEqual({ format: null, evidence: file, reply: null });
  });
});

describe.each(['sev-snp', 'azure-snp-vtpm'] as const)('%s', (format) => {
  it('is of AMD', () => {
    expect(isAmd(format)).toBe(true);
  });

  it('takes a certificate, a list, or both', () => {
    expect(endorsementsOf(raw, format, {})).toBeUndefined();
    expect(endorsementsOf(raw, format, { endorsements: ek })).toBe(ek);
    expect(endorsementsOf(raw, format, { crl })).toEqual({ crl });
    expect(endorsementsOf(raw, format, { endorsements: ek, crl })).toEqual({ ek, crl });
  });

  it('takes what the reply brings, in bytes where JSON has texts', () => {
    for (const as of ['cbor', 'json'] as const)
      expect(endorsementsOf(reply(format, { ek, crl }, as), format, {})).toEqual({ ek, crl });
    expect(endorsementsOf(reply(format, { ek: pem }, 'json'), format, {})).toEqual({ ek: pem });
    const broken = reply(format, { ek: '*' }, 'json');
    expect(endorsementsOf(broken, format, {})).toEqual({ ek: '*' });
  });

  it("prefers the user's files", () => {
    const own = bytes(0x30, 3);
    const brought = reply(format, { ek, crl });
    expect(endorsementsOf(brought, format, { crl: own })).toEqual({ ek, crl: own });
    expect(endorsementsOf(brought, format, { endorsements: own })).toBe(own);
    const both = { endorsements: own, crl: own };
    expect(endorsementsOf(brought, format, both)).toEqual({ ek: own, crl: own });
  });
});

describe.each(['sgx-dcap', 'tdx-dcap', 'azure-tdx-vtpm'] as const)('%s', (format) => {
  it('takes collateral as JSON, which is not touched, or as the map of /collateral', () => {
    const json = new TextEncoder().encode('{"a": 1, "a": 2}');
    expect(endorsementsOf(raw, format, { endorsements: json })).toBe(json);
    const map = { version: 3, tcb_info: '{}' };
    const given = { endorsements: encodeCollateral(map) };
    expect(endorsementsOf(raw, format, given)).toEqual(map);
    const broken = bytes(0xa1, 0xff);
    expect(endorsementsOf(raw, format, { endorsements: broken })).toBe(broken);
  });

  it('takes what the reply brings', () => {
    expect(endorsementsOf(reply(format, { version: 3 }), format, {})).toEqual({ version: 3 });
  });

  it('has its own revocation lists', () => {
    expect(isAmd(format)).toBe(false);
    expect(() => endorsementsOf(raw, format, { crl })).toThrow(UsageError);
  });
});

describe('aws-nitro', () => {
  const format = 'aws-nitro';

  it('needs nothing, and hands on what is given, which the verifier refuses', () => {
    expect(endorsementsOf(raw, format, {})).toBeUndefined();
    expect(endorsementsOf(reply(format, {}), format, {})).toEqual({});
    expect(endorsementsOf(raw, format, { endorsements: bytes(0xa0) })).toEqual(bytes(0xa0));
  });

  it('has no revocation list', () => {
    expect(() => endorsementsOf(raw, format, { crl })).toThrow(/AWS publishes no revocation list/);
  });
});

it('what nobody recognises is left to the verifier, whatever is given', () => {
  const format: Format | null = null;
  expect(endorsementsOf(raw, format, { crl, endorsements: ek })).toBe(ek);
});
