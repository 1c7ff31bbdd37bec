import type { Bytes } from '../encoding/byte-reader.ts';
import { DerReader, tags } from '../encoding/der.ts';
import { FormatError } from '../encoding/format-error.ts';
import type { Certificate } from '../x509/certificate.ts';
import { readExtension } from '../x509/extensions.ts';

/** AMD's object identifier for endorsement keys; every extension's begins with it (AMD 57230, §3.1). */
const prefix = '1.3.6.1.4.1.3704.1';
const arcs = {
  structVersion: '1',
  productName: '2',
  tcb: '3',
  hardwareId: '4',
  cspId: '5',
} as const;
/** By struct version: which arc under 3 is which byte of the TCB_VERSION. 0 is Milan's and Genoa's, 1 Turin's. */
const tcbArcs = [
  ['1', '2', '4', '5', '6', '7', '3', '8'],
  ['9', '1', '2', '3', '5', '6', '7', '8'],
] as const;
/** By struct version. */
const hardwareIdLengths = [64, 8] as const;
const maxTextLength = 200;

/** What AMD certifies of the machine whose endorsement key it is. */
export interface EkExtensions {
  readonly structVersion: number;
  /** Of the product line, perhaps with a stepping: `Milan-B0`. */
  readonly productName: string;
  /** As a TCB_VERSION, 8 bytes. */
  readonly tcb: Bytes;
  /** 64 bytes, of Turin 8; `null` in a VLEK. */
  readonly hardwareId: Bytes | null;
  /** Who was given the key; `null` in a VCEK. */
  readonly cspId: string | null;
}

/**
 * Reads AMD's extensions of a VCEK or VLEK certificate, strictly: none may be missing or unknown.
 *
 * @throws {FormatError}
 */
export function parseEkExtensions(certificate: Certificate): EkExtensions {
  const { what, extensions } = certificate;
  const has = (arc: string): boolean => extensions.has(`${prefix}.${arc}`);
  const read = <T>(arc: string, field: string, parse: (value: DerReader) => T): T => {
    const value = readExtension(extensions, `${prefix}.${arc}`, `${what}.${field}`);
    const parsed = parse(value);
    value.end();
    return parsed;
  };
  const structVersion = read(arcs.structVersion, 'structVersion', (value) =>
    value.uint('structVersion', tcbArcs.length - 1),
  );
  const parts = tcbArcs[structVersion]!.map((arc) => `${arcs.tcb}.${arc}`);
  const tcb = parts.map((arc) => read(arc, `tcb ${arc}`, (value) => value.uint('version', 0xff)));
  const productName = read(arcs.productName, 'productName', readText);
  const cspId = has(arcs.cspId) ? read(arcs.cspId, 'cspId', readText) : null;
  const hardwareId = has(arcs.hardwareId)
    ? parseHardwareId(certificate, hardwareIdLengths[structVersion]!)
    : null;
  const known = [...parts, ...Object.values(arcs)].map((arc) => `${prefix}.${arc}`);
  for (const id of extensions.keys()) {
    if (id.startsWith(`${prefix}.`) && !known.includes(id)) {
      throw new FormatError(what, 'an unknown extension of AMD');
    }
  }
  return { structVersion, productName, tcb: Uint8Array.from(tcb), hardwareId, cspId };
}

/** AMD writes it bare, and has written it as an OCTET STRING within. */
function parseHardwareId({ what, extensions }: Certificate, length: number): Bytes {
  const { value } = extensions.get(`${prefix}.${arcs.hardwareId}`)!;
  if (value.length === length) return value;
  const read = new DerReader(what, value);
  const hardwareId = read.octets('hardwareId', length);
  read.end();
  return hardwareId;
}

/** Printable: it is shown to people. */
function readText(value: DerReader): string {
  const { content } = value.element('text', tags.ia5String);
  // As long as it may be, and one more: a call takes only so many arguments.
  const text = String.fromCharCode(...content.subarray(0, maxTextLength + 1));
  if (text === '' || text.length > maxTextLength || !/^[\x20-\x7e]*$/.test(text)) {
    value.fail('text', `1 to ${maxTextLength} printable characters expected`);
  }
  return text;
}
