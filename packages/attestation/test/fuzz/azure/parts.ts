import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import {
  bytesWith,
  concat,
  mutateBytes,
  type NumberField,
  plainBytes,
  splice,
} from '../mutate/bytes.ts';
import { json } from '../mutate/json.ts';
import type { Kind } from '../mutate/kind.ts';
import { evidence, inside, jsonParts, type Lens, part, type Part } from '../part.ts';

/** Where things stand in an HCL report. */
export const hcl = {
  hardwareReport: 32,
  runtimeHead: 1216,
  claims: 1236,
} as const;

/** The evidence, which is JSON. */
export const text: Lens<string> = inside(
  evidence,
  (bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
  (_, changed) => new TextEncoder().encode(changed),
);

type Json = Readonly<Record<string, unknown>> | readonly unknown[];

/** Something in it, by the names of the members that lead there. */
function atPath(path: readonly (string | number)[]): Lens<unknown> {
  return inside(
    text,
    (source) =>
      path.reduce<unknown>(
        (found, name) => (found as Readonly<Record<string | number, unknown>>)[name] ?? null,
        parseOnce(source),
      ),
    (source, changed) => JSON.stringify(replace(parseOnce(source), path, changed)),
  );
}

let last: { readonly source: string; readonly value: Json } | null = null;

/** Several lenses look at one text, one after the other; nobody changes what was read. */
function parseOnce(source: string): Json {
  if (last?.source !== source) last = { source, value: JSON.parse(source) as Json };
  return last.value;
}

function replace(
  source: Json,
  [name, ...rest]: readonly (string | number)[],
  changed: unknown,
): unknown {
  if (name === undefined) return changed;
  const copy = (Array.isArray(source) ? [...source] : Object.assign({}, source)) as Record<
    string | number,
    unknown
  >;
  copy[name] = replace(copy[name] as Json, rest, changed);
  return copy;
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256;
}

/** Bytes in it, which are an array of numbers. */
export function bytesAt(...path: readonly (string | number)[]): Lens<Bytes> {
  return inside(
    atPath(path),
    (found) => (Array.isArray(found) && found.every(isByte) ? Uint8Array.from(found) : null),
    (_, changed) => [...changed],
  );
}

/** A string in it. */
export function stringAt(...path: readonly (string | number)[]): Lens<string> {
  return inside(
    atPath(path),
    (found) => (typeof found === 'string' ? found : null),
    (_, changed) => changed,
  );
}

/** The text of the runtime claims in an HCL report; the sizes around it follow. */
export function runtimeClaims(report: Lens<Bytes>): Lens<string> {
  return inside(
    report,
    (bytes) => Buffer.from(claimsOf(bytes)).toString(),
    (bytes, changed) => {
      const claims = new TextEncoder().encode(changed);
      const end = hcl.claims + claimsOf(bytes).length;
      const whole = splice(bytes, hcl.claims, end - hcl.claims, claims);
      const view = new DataView(whole.buffer);
      view.setUint32(8, hcl.claims + claims.length, true);
      view.setUint32(hcl.runtimeHead, hcl.claims - hcl.runtimeHead + claims.length, true);
      view.setUint32(hcl.claims - 4, claims.length, true);
      return whole;
    },
  );
}

/** The bytes of the runtime claims in an HCL report. */
export function claimsOf(report: Bytes): Bytes {
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
  return report.slice(hcl.claims, hcl.claims + view.getUint32(hcl.claims - 4, true));
}

/** The hardware's report in an HCL report. */
export function hardwareReport(report: Lens<Bytes>, length: number): Lens<Bytes> {
  return inside(
    report,
    (bytes) => bytes.slice(hcl.hardwareReport, hcl.hardwareReport + length),
    (bytes, changed) =>
      concat(
        bytes.subarray(0, hcl.hardwareReport),
        changed.subarray(0, length),
        bytes.subarray(hcl.hardwareReport + Math.min(length, changed.length)),
      ),
  );
}

/** Numbers in the heads of an HCL report. */
export function numbersInHclReport(): readonly NumberField[] {
  const names = ['signature', 'version', 'report size', 'request type', 'status'];
  const runtimeNames = ['data size', 'version', 'report type', 'hash type', 'claim size'];
  return [...numbersFrom(0, names), ...numbersFrom(hcl.runtimeHead, runtimeNames)];
}

function numbersFrom(start: number, names: readonly string[]): readonly NumberField[] {
  return names.map((name, index) => {
    return { name, offset: start + 4 * index, size: 4, order: 'little-endian' };
  });
}

/** Numbers in TPMS_ATTEST, as far as it can be followed. */
export function numbersInTpmQuote(message: Bytes): readonly NumberField[] {
  const fields: NumberField[] = [];
  let offset = 0;
  const number = (name: string, size: 1 | 2 | 4 | 8): number => {
    fields.push({ name, offset, size, order: 'big-endian' });
    const found = message
      .subarray(offset, offset + size)
      .reduce((sum, byte) => sum * 256 + byte, 0);
    offset += size;
    return found;
  };
  number('magic', 4);
  number('type', 2);
  offset += number('size of the signer', 2);
  offset += number('size of the extra data', 2);
  number('clock', 8);
  number('resets', 4);
  number('restarts', 4);
  number('safe', 1);
  number('firmware', 8);
  number('count of selections', 4);
  number('hash', 2);
  offset += number('size of the selection', 1);
  number('size of the digest', 2);
  return fields;
}

/** Bytes that are text: cutting off and flipping is for the text; what is no UTF-8 is for here. */
const encodedText: Kind<Bytes> = {
  changes: (bytes) =>
    [[0xef, 0xbb, 0xbf], [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0x80]].flatMap((inserted) => [
      { name: `${inserted.join()} before it`, make: () => splice(bytes, 0, 0, inserted) },
      { name: `${inserted.join()} after it`, make: () => splice(bytes, bytes.length, 0, inserted) },
      { name: `${inserted.join()} in it`, make: () => splice(bytes, 8, 1, inserted) },
    ]),
  mutate: mutateBytes,
};

/** What evidence over both kinds of hardware has. @param names - Of the members. */
export function vtpmParts(names: { readonly quote: string; readonly report: string }): Part[] {
  const report = bytesAt(names.report);
  return [
    ...jsonParts('evidence', text),
    part('encoding of the evidence', encodedText, evidence),
    part('TPM quote', bytesWith(numbersInTpmQuote), bytesAt(names.quote, 'message')),
    part('signature of the TPM quote', plainBytes, bytesAt(names.quote, 'signature')),
    part('PCR 0', plainBytes, bytesAt(names.quote, 'pcrs', 0)),
    part('PCR 23', plainBytes, bytesAt(names.quote, 'pcrs', 23)),
    part('HCL report', bytesWith(numbersInHclReport), report),
    part('runtime claims', json, runtimeClaims(report)),
  ];
}
