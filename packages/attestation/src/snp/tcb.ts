import type { Bytes } from '../encoding/byte-reader.ts';
import { FormatError } from '../encoding/format-error.ts';
import type { SnpProduct } from './product.ts';

/**
 * Security versions of the parts of a platform's firmware. They compare within a product line only.
 */
export interface SnpTcb {
  readonly bootloader: number;
  /** The operating system of the secure processor. */
  readonly tee: number;
  /** The SNP firmware. */
  readonly snp: number;
  readonly microcode: number;
  /** What starts the boot loader; Turin only. */
  readonly fmc?: number;
}

/** Which byte of a TCB_VERSION is which part; the others are reserved (AMD 56860, "TCB_VERSION"). */
const layouts: Readonly<Record<'turin' | 'others', Readonly<Record<string, number>>>> = {
  turin: { fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7 },
  others: { bootloader: 0, tee: 1, snp: 6, microcode: 7 },
};

/** @throws {FormatError} if a reserved byte is not zero. */
export function parseTcb(field: string, product: SnpProduct, bytes: Bytes): SnpTcb {
  const layout = layouts[product === 'Turin' ? 'turin' : 'others'];
  const known = Object.values(layout);
  if (bytes.some((byte, index) => byte !== 0 && !known.includes(index))) {
    throw new FormatError(field, `a reserved byte is not zero, for ${product}`);
  }
  return Object.fromEntries(
    Object.entries(layout).map(([part, index]) => [part, bytes[index]!]),
  ) as unknown as SnpTcb;
}

/** For people: `bootloader 4, tee 0, snp 24, microcode 219`. */
export function describeTcb(tcb: SnpTcb): string {
  return Object.entries(tcb)
    .map(([part, version]) => `${part} ${version}`)
    .join(', ');
}
