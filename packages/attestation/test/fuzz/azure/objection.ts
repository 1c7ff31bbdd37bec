import { createPublicKey, verify } from 'node:crypto';
import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { derOf } from '../../pem-der.ts';
import { objectionToDcap } from '../dcap/objection.ts';
import { parseJsonTree } from '../mutate/json.ts';
import type { Tree } from '../mutate/tree.ts';
import { objectionToHardware } from '../snp/objection.ts';
import type { Submission } from '../submission.ts';
import { hex, sha256 } from '../x509-objection.ts';
import { claimsOf, hcl } from './parts.ts';

interface TpmQuote {
  readonly message: readonly number[];
  readonly pcrs: readonly (readonly number[])[];
  readonly signature: readonly number[];
}

/** Why evidence over SNP must be refused, as {@link objectionToHardware} says of its report. */
export function objectionToAzureSnp(
  { evidence, endorsements }: Submission,
  at: Date,
): string | null {
  const { quote, report, vcek } = JSON.parse(Buffer.from(evidence).toString()) as {
    quote: TpmQuote;
    report: readonly number[];
    vcek: string;
  };
  const { crl } = endorsements as { readonly crl: Bytes };
  const bytes = Uint8Array.from(report);
  const hardware = bytes.slice(hcl.hardwareReport, hcl.hardwareReport + 1184);
  return (
    objectionToHardware(hardware, new Uint8Array(derOf(vcek)[0]!), crl, at) ??
    objectionToVtpm(quote, claimsOf(bytes), hardware.slice(0x50, 0x90))
  );
}

/** Why evidence over TDX must be refused, as {@link objectionToDcap} says of its quote. */
export function objectionToAzureTdx(
  { evidence, endorsements }: Submission,
  at: Date,
): string | null {
  const members = JSON.parse(Buffer.from(evidence).toString()) as {
    tpm_quote: TpmQuote;
    hcl_report: readonly number[];
    td_quote: readonly number[];
  };
  const quote = Uint8Array.from(members.td_quote);
  const start = quote[0] === 5 ? 54 : 48;
  return (
    objectionToDcap('tdx', { evidence: quote, endorsements }, at) ??
    objectionToVtpm(
      members.tpm_quote,
      claimsOf(Uint8Array.from(members.hcl_report)),
      quote.slice(start + 520, start + 584),
    )
  );
}

function objectionToVtpm(quote: TpmQuote, claims: Bytes, reportData: Bytes): string | null {
  if (hex(reportData) !== hex(sha256(claims)) + '00'.repeat(32)) return 'other runtime claims';
  const source = new TextDecoder('utf-8', { fatal: true }).decode(claims);
  const tree = parseJsonTree(source);
  if (!tree) return 'runtime claims that are no JSON';
  if (hasDoubledMember(tree)) return 'runtime claims with a doubled member';
  const { keys } = JSON.parse(source) as { keys: readonly JsonWebKey[] };
  const signers = keys.filter((each) => (each as { kid?: unknown }).kid === 'HCLAkPub');
  const [key] = signers;
  if (!key || signers.length !== 1) return 'not one attestation key';
  if (key.kty !== 'RSA' || key.e !== 'AQAB' || !key.key_ops?.includes('sign')) return 'another key';
  const { kty, n = '', e } = key;
  const publicKey = createPublicKey({ key: { kty, n, e }, format: 'jwk' });
  if (publicKey.asymmetricKeyDetails?.modulusLength !== 2048) return 'another length of key';
  const message = Uint8Array.from(quote.message);
  if (!verify('sha256', message, publicKey, Uint8Array.from(quote.signature))) {
    return 'a quote signed by another key';
  }
  return objectionToTpmQuote(message, quote.pcrs);
}

/** "TPM 2.0 Library, Part 2", section 10.12. */
function objectionToTpmQuote(message: Bytes, pcrs: readonly (readonly number[])[]): string | null {
  const view = new DataView(message.buffer);
  if (view.getUint32(0) !== 0xff54_4347) return 'not made by a TPM';
  if (view.getUint16(4) !== 0x8018) return 'no quote';
  const extraData = 6 + 2 + view.getUint16(6);
  const selections = extraData + 2 + view.getUint16(extraData) + 17 + 8;
  if (view.getUint8(selections - 9) > 1) return 'neither safe nor unsafe';
  if (view.getUint32(selections) !== 1) return 'not one bank';
  if (view.getUint16(selections + 4) !== 0x000b || view.getUint8(selections + 6) !== 3) {
    return 'another bank';
  }
  const selected = message.subarray(selections + 7, selections + 10);
  const count = selected.reduce(
    (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
    0,
  );
  const digest = message.subarray(selections + 12);
  if (view.getUint16(selections + 10) !== 32 || digest.length !== 32) return 'another digest';
  if (pcrs.length !== count || pcrs.some((pcr) => pcr.length !== 32)) return 'other PCRs';
  return hex(sha256(Uint8Array.from(pcrs.flat()))) === hex(digest) ? null : 'values of PCRs';
}

function hasDoubledMember(tree: Tree<string>): boolean {
  const names =
    tree.name === 'object' ? tree.children.map(({ name }) => JSON.parse(name) as string) : [];
  return new Set(names).size !== names.length || tree.children.some(hasDoubledMember);
}
