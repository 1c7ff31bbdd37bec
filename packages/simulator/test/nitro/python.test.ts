import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { python, pythonAvailable } from '../../../../test/support/python.ts';
import {
  createNitroEnclave,
  expired,
  generateP384Keys,
  nitroSimulationRootKey,
  notYetValid,
} from '../../src/index.ts';
import type { NitroDocumentOptions, NitroEnclaveOptions } from '../../src/index.ts';
import { flipLastBit } from '../flip.ts';

const at = new Date('2026-11-23T12:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'blindai-simulator-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Judges a document with two libraries that are not ours; prints what it found, in the order of its steps. */
const judgeScript = `
import datetime, json, sys, cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives import hashes, serialization
given = json.load(sys.stdin)
at = datetime.datetime.utcfromtimestamp(given['at'])
def verify(key, signature, signed):
    try:
        key.verify(signature, signed, ec.ECDSA(hashes.SHA384()))
        return True
    except InvalidSignature:
        return False
protected, unprotected, payload, signature = cbor2.loads(open('doc.cbor', 'rb').read())
document = cbor2.loads(payload)
chain = [x509.load_der_x509_certificate(der) for der in [*document['cabundle'], document['certificate']]]
spki = chain[0].public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
r, s = int.from_bytes(signature[:48], 'big'), int.from_bytes(signature[48:], 'big')
signed = cbor2.dumps(['Signature1', protected, b'', payload])
print(json.dumps({
  'root': spki.hex() == given['root'],
  'algorithm': cbor2.loads(protected),
  'issued': [each.issuer == above.subject and verify(above.public_key(), each.signature, each.tbs_certificate_bytes)
             for above, each in zip([chain[0], *chain], chain)],
  'valid': [each.not_valid_before <= at <= each.not_valid_after for each in chain],
  'signed': verify(chain[-1].public_key(), utils.encode_dss_signature(r, s), signed),
}))`;

async function judge(
  options: Omit<NitroEnclaveOptions, 'at'>,
  asked: NitroDocumentOptions = {},
): Promise<unknown> {
  const enclave = await createNitroEnclave({ at, ...options });
  writeFileSync(join(folder, 'doc.cbor'), await enclave.document(asked));
  return python(judgeScript, folder, { at: at.getTime() / 1000, root: nitroSimulationRootKey });
}

const good = {
  root: true,
  algorithm: { 1: -35 },
  issued: [true, true, true, true, true],
  valid: [true, true, true, true, true],
  signed: true,
};

describe.skipIf(!pythonAvailable('cbor2', 'cryptography'))("Python's libraries", () => {
  test('accept a good document', async () => {
    expect(await judge({}, { nonce: new Uint8Array(32), userData: new Uint8Array(64) })).toEqual(
      good,
    );
  });

  test('see what has expired or is not valid yet', async () => {
    const certificates = {
      regional: { validity: expired(at) },
      leaf: { validity: notYetValid(at) },
    };
    expect(await judge({ certificates })).toEqual({
      ...good,
      valid: [true, false, true, true, false],
    });
  });

  test('see another root, and what another key signed', async () => {
    const keys = await generateP384Keys();
    const certificates = { root: { keys }, zonal: { signedBy: keys.privateKey } };
    expect(await judge({ certificates })).toEqual({
      ...good,
      root: false,
      issued: [true, true, false, true, true],
    });
  });

  test('see a document that was tampered with', async () => {
    expect(await judge({}, { tamper: flipLastBit })).toEqual({ ...good, signed: false });
  });
});
