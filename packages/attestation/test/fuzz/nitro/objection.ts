import { verify, X509Certificate } from 'node:crypto';
import { decode } from 'cborg';
import { nitroRootPem } from '@blindai/simulator';
import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { contentOf } from '../mutate/cbor.ts';
import type { Submission } from '../submission.ts';
import { hex, objectionToCertificate } from '../x509-objection.ts';
import { itemsOf } from './parts.ts';

const es384 = 'a1013822';
/** Lengths of what is optional, and of what is not, as AWS documents them. */
const lengths: Readonly<Record<string, readonly [min: number, max: number]>> = {
  certificate: [1, 1024],
  public_key: [0, 1024],
  user_data: [0, 1024],
  nonce: [0, 1024],
};
const required = ['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle'];
const optional = ['public_key', 'user_data', 'nonce'];

/** Why a document must be refused by a policy without debugging; `null` if nothing is known against it. */
export function objectionToNitro({ evidence }: Submission, at: Date): string | null {
  const [header, unprotected, payloadItem, signatureItem] = itemsOf(evidence).children;
  const payload = contentOf(payloadItem!.encoding)!;
  const signature = contentOf(signatureItem!.encoding)!;
  if (hex(contentOf(header!.encoding)!) !== es384) return 'another protected header';
  if (unprotected!.children.length > 0) return 'something in the unprotected header';
  const options = { strict: true, useMaps: true, rejectDuplicateMapKeys: true };
  const document = attempt(() => decode(payload, options) as unknown);
  if (!(document instanceof Map)) return 'a payload that is no map of CBOR';
  return objectionToMembers(document) ?? objectionToKeys(document, signature, payload, at);
}

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return null;
  }
}

function objectionToMembers(document: ReadonlyMap<unknown, unknown>): string | null {
  const names = [...document.keys()];
  if (required.some((name) => !names.includes(name))) return 'a member is absent';
  if (names.some((name) => ![...required, ...optional].includes(String(name)))) {
    return 'an unknown member';
  }
  if (document.get('digest') !== 'SHA384') return 'another digest';
  const timestamp = document.get('timestamp');
  if (typeof timestamp !== 'number' || timestamp <= 0) return 'no time';
  const id = document.get('module_id');
  if (typeof id !== 'string' || id === '') return 'no module id';
  for (const [name, [min, max]] of Object.entries(lengths)) {
    const value = document.get(name) ?? null;
    if (value === null && optional.includes(name)) continue;
    if (!(value instanceof Uint8Array) || value.length < min || value.length > max) return name;
  }
  return objectionToPcrs(document.get('pcrs'));
}

function objectionToPcrs(pcrs: unknown): string | null {
  if (!(pcrs instanceof Map) || pcrs.size > 32) return 'no PCRs';
  for (const [index, pcr] of pcrs) {
    if (typeof index !== 'number' || index < 0 || index > 31) return 'number of a PCR';
    if (!(pcr instanceof Uint8Array) || pcr.length !== 48) return 'length of a PCR';
  }
  const image = [0, 1, 2].map((index) => pcrs.get(index) as Uint8Array | undefined);
  return image.every((pcr) => pcr?.some((byte) => byte !== 0)) ? null : 'debugging';
}

function objectionToKeys(
  document: ReadonlyMap<unknown, unknown>,
  signature: Bytes,
  payload: Bytes,
  at: Date,
): string | null {
  const bundle = document.get('cabundle');
  if (!Array.isArray(bundle) || !bundle.every((each) => each instanceof Uint8Array)) {
    return 'a bundle of something else';
  }
  const authorities = bundle.map((each) => new Uint8Array(each));
  const leaf = new Uint8Array(document.get('certificate') as Uint8Array);
  const keys = authorities.map((each) => new X509Certificate(each).publicKey);
  const root = new X509Certificate(nitroRootPem).publicKey;
  if (!keys[0]?.equals(root)) return 'another root';
  const madeAt = new Date(document.get('timestamp') as number);
  const parts = [payload.length >> 8, payload.length & 0xff];
  const head = payload.length < 256 ? [0x58, parts[1]!] : [0x59, ...parts];
  const signed = Buffer.concat([
    Buffer.from('846a5369676e61747572653144a101382240', 'hex'),
    Buffer.from(payload.length < 24 ? [0x40 | payload.length] : head),
    payload,
  ]);
  const key = { key: new X509Certificate(leaf).publicKey, dsaEncoding: 'ieee-p1363' } as const;
  return (
    authorities
      .map((each, index) =>
        objectionToCertificate(each, keys[Math.max(0, index - 1)]!, { isCa: true, at }),
      )
      .find((each) => each !== null) ??
    objectionToCertificate(leaf, keys.at(-1)!, { isCa: false, at }) ??
    objectionToCertificate(leaf, keys.at(-1)!, { isCa: false, at: madeAt }) ??
    (verify('sha384', signed, key, signature) ? null : 'signed by another key')
  );
}
