import { decodeBase64 } from '../encoding/base64.ts';
import type { Bytes } from '../encoding/byte-reader.ts';
import { JsonObject } from '../encoding/json.ts';
import { decodeUtf8 } from '../encoding/utf8.ts';
import type { AttestationKey } from '../tpm/attestation-key.ts';

const what = 'runtime claims';
const attestationKeyId = 'HCLAkPub';
const maxKeys = 8;
/** 256 bytes in base64url. */
const modulusPattern = /^[\w-]{342}$/;

/** What the paravisor says of a virtual machine, and the hardware vouches for. */
export interface RuntimeClaims {
  /** Of the vTPM. */
  readonly attestationKey: AttestationKey;
  /** How the machine was configured when it started: its plain members, whatever they are. */
  readonly vmConfiguration: Readonly<Record<string, string | number | boolean | null>>;
  /** What the guest left in the vTPM before, 64 bytes, hex; `null` if it is absent. */
  readonly userData: string | null;
}

/**
 * Reads the runtime claims of an HCL report. Members that are not known may be there: the hash covers them all.
 *
 * @throws {FormatError} unless there is exactly one attestation key, RSA with 2048 bits, for signatures.
 * @see "Azure confidential VM guest attestation design detail", "Runtime Claims"; RFC 7517, RFC 7518 §6.3
 */
export function parseRuntimeClaims(bytes: Bytes): RuntimeClaims {
  const claims = JsonObject.parse(what, decodeUtf8(what, bytes));
  const keys = claims
    .objects('keys', maxKeys)
    .filter((key) => key.string('kid') === attestationKeyId);
  const [key] = keys;
  if (!key || keys.length !== 1) {
    return claims.fail('keys', `exactly one ${attestationKeyId} expected`);
  }
  return {
    attestationKey: parseAttestationKey(key),
    vmConfiguration: plainMembers(claims.objectText('vm-configuration')),
    userData: claims.has('user-data') ? claims.string('user-data') : null,
  };
}

function parseAttestationKey(key: JsonObject): AttestationKey {
  key.oneOf('kty', ['RSA']);
  key.oneOf('e', ['AQAB']);
  if (!key.optionalStrings('key_ops', maxKeys).includes('sign')) {
    key.fail('key_ops', 'a key for signatures expected');
  }
  const modulus = key.string('n');
  const bytes = modulusPattern.test(modulus) ? decodeBase64(what, modulus) : null;
  if (!bytes || bytes[0]! < 0x80) key.fail('n', '2048 bits in base64url expected');
  return { modulus };
}

/** Those that are neither objects nor arrays. */
function plainMembers(json: string): RuntimeClaims['vmConfiguration'] {
  const members = JSON.parse(json) as Record<string, string | number | boolean | null | object>;
  const plain = Object.entries(members).filter(
    (member): member is [string, string | number | boolean | null] =>
      member[1] === null || typeof member[1] !== 'object',
  );
  return Object.fromEntries(plain);
}
