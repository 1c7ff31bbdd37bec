import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import type { NumberField } from '../mutate/bytes.ts';

// Where things stand in a quote: "Intel TDX DCAP Quoting Library API", appendix A; "Intel SGX ECDSA Quote Library
// API", appendix A. Written for the tests, apart from the verifier's own reading.

const headerLength = 48;
const sgxReportLength = 384;
const tdReportLength = 584;
const descriptorLength = 6;

/** Offsets in a quote. */
export interface QuoteLayout {
  /** Of the length of the signature data; what comes before it is signed. */
  readonly authLength: number;
  /** Of the certification data around the quoting enclave's report; `null` in version 3. */
  readonly outerCertification: number | null;
  readonly qeReport: number;
  readonly qeAuthLength: number;
  /** Of the certification data that holds the PCK chain: type, length, text. */
  readonly pckCertification: number;
  readonly pckStart: number;
  readonly pckEnd: number;
}

/** `null` if the quote does not reach that far. */
export function layOut(quote: Bytes): QuoteLayout | null {
  const view = new DataView(quote.buffer, quote.byteOffset, quote.byteLength);
  try {
    const version = view.getUint16(0, true);
    const authLength = headerLength + bodyLength(view, version);
    const keyEnd = authLength + 4 + 64 + 64;
    const qeReport = version === 3 ? keyEnd : keyEnd + descriptorLength;
    const qeAuthLength = qeReport + sgxReportLength + 64;
    const pckCertification = qeAuthLength + 2 + view.getUint16(qeAuthLength, true);
    const pckStart = pckCertification + 6;
    const pckEnd = pckStart + view.getUint32(pckCertification + 2, true);
    if (pckEnd > quote.length) return null;
    const outerCertification = version === 3 ? null : keyEnd;
    return {
      authLength,
      outerCertification,
      qeReport,
      qeAuthLength,
      pckCertification,
      pckStart,
      pckEnd,
    };
  } catch {
    return null; // a number beyond the end
  }
}

function bodyLength(view: DataView, version: number): number {
  if (version === 5) return descriptorLength + view.getUint32(headerLength + 2, true);
  return version === 4 ? tdReportLength : sgxReportLength;
}

function number(name: string, offset: number, size: 2 | 4): NumberField {
  return { name, offset, size, order: 'little-endian' };
}

/** Every number in a quote that says how long something is, or of which kind. */
export function numbersInQuote(quote: Bytes): readonly NumberField[] {
  const layout = layOut(quote);
  return [
    number('version', 0, 2),
    number('type of the attestation key', 2, 2),
    number('type of the TEE', 4, 4),
    ...(quote[0] === 5 ? certification('the body', headerLength) : []),
    ...(layout
      ? [
          number('length of the signature data', layout.authLength, 4),
          ...(layout.outerCertification === null
            ? []
            : certification('the certification data', layout.outerCertification)),
          number('length of the authentication data', layout.qeAuthLength, 2),
          ...certification('the PCK chain', layout.pckCertification),
        ]
      : []),
  ];
}

function certification(name: string, offset: number): readonly NumberField[] {
  return [number(`type of ${name}`, offset, 2), number(`length of ${name}`, offset + 2, 4)];
}

/** The text of the PCK chain. */
export function pckChainOf(quote: Bytes): string | null {
  const layout = layOut(quote);
  if (!layout) return null;
  return Buffer.from(quote.subarray(layout.pckStart, layout.pckEnd)).toString('latin1');
}

/** Another PCK chain, with lengths that fit; what follows the quote stays. */
export function withPckChain(quote: Bytes, text: string): Bytes {
  const layout = layOut(quote)!;
  const chain = Buffer.from(text, 'latin1');
  const changed = new Uint8Array([
    ...quote.subarray(0, layout.pckStart),
    ...chain,
    ...quote.subarray(layout.pckEnd),
  ]);
  const view = new DataView(changed.buffer);
  const grow = (offset: number): void => {
    const added = chain.length - (layout.pckEnd - layout.pckStart);
    view.setUint32(offset, view.getUint32(offset, true) + added, true);
  };
  grow(layout.pckCertification + 2);
  grow(layout.authLength);
  if (layout.outerCertification !== null) grow(layout.outerCertification + 2);
  return changed;
}
