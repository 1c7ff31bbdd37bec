import { fromHex } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import type { CrlOverrides, CrlTemplate } from '../crl.ts';
import { bits, enumerated, explicit, integer, sequence, time, unsigned } from '../der.ts';
import { Extension } from '../x509.ts';
import { signature, signatureAlgorithm } from './signature.ts';

/** Writes and signs a CRL with a key of any algorithm: RFC 5280, section 5.1. */
export async function signCrl(
  issued: CrlTemplate,
  signingKey: CryptoKey,
  overrides: CrlOverrides = {},
): Promise<Bytes> {
  const key = overrides.signedBy ?? signingKey;
  const valid: CrlTemplate = { ...issued, validity: overrides.validity ?? issued.validity };
  const template = overrides.edit?.(valid) ?? valid;
  const { from, to } = template.validity;
  const keyCompromise = new Extension('2.5.29.21', false, enumerated(1));
  const entries = template.revoked.map((serialNumber) =>
    sequence(unsigned(fromHex(serialNumber)), time(from), extensions([keyCompromise])),
  );
  const algorithm = signatureAlgorithm(key);
  const tbs = sequence(
    integer(1), // version 2
    algorithm,
    new Uint8Array(template.issuer.toArrayBuffer()),
    time(from),
    time(to),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(template.extensions.length === 0 ? [] : [explicit(0, extensions(template.extensions))]),
  );
  const signed = sequence(tbs, algorithm, bits(await signature(key, tbs)));
  return overrides.tamper?.(signed) ?? signed;
}

function extensions(list: readonly Extension[]): Bytes {
  return sequence(...list.map(({ rawData }) => new Uint8Array(rawData)));
}
