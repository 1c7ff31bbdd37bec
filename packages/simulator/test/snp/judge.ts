import { X509Certificate, createVerify } from 'node:crypto';

/** What a report, its key's certificate and the certificates above it say of one another, by node:crypto. */
export interface Judgement {
  readonly report: boolean;
  readonly certificate: boolean;
  readonly intermediate: boolean;
  readonly root: boolean;
}

/** Judges signatures only. */
export function judge(
  report: Uint8Array,
  certificates: readonly (Uint8Array | string)[],
): Judgement {
  const [ek, intermediate, root] = certificates.map((each) => new X509Certificate(each));
  if (ek === undefined || intermediate === undefined || root === undefined) {
    throw new RangeError('expected three certificates');
  }
  const [r, s] = [0x2a0, 0x2e8].map((offset) => report.slice(offset, offset + 48).toReversed());
  return {
    report: createVerify('sha384')
      .update(report.subarray(0, 0x2a0))
      .verify(
        { key: ek.publicKey, dsaEncoding: 'ieee-p1363' },
        Buffer.concat([r ?? new Uint8Array(), s ?? new Uint8Array()]),
      ),
    certificate: ek.issuer === intermediate.subject && ek.verify(intermediate.publicKey),
    intermediate: intermediate.issuer === root.subject && intermediate.verify(root.publicKey),
    root: root.issuer === root.subject && root.verify(root.publicKey),
  };
}

/** What a sound report's certificates say. */
export const sound: Judgement = { report: true, certificate: true, intermediate: true, root: true };
