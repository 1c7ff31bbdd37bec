import { ByteWriter } from '../byte-writer.ts';
import type { Bytes } from '../bytes.ts';
import type { SnpProduct } from './product.ts';

/** The parts of a TCB_VERSION, a byte each: "SEV Secure Nested Paging Firmware ABI" (AMD 56860), section 2.2. */
export interface SnpTcb {
  /** Of the boot loader. */
  readonly bootloader: number;
  /** Of the PSP's operating system. */
  readonly tee: number;
  /** Of the SNP firmware. */
  readonly snp: number;
  readonly microcode: number;
  /** Of the firmware that starts the boot loader; Turin only, elsewhere not written. */
  readonly fmc: number;
}

/** The TCB of a good simulated machine. */
export const defaultTcb: SnpTcb = { bootloader: 4, tee: 0, snp: 24, microcode: 219, fmc: 1 };

/** Writes a TCB_VERSION, 8 bytes: Turin put a part in front of the others and moved all but the last. */
export function encodeTcb(product: SnpProduct, tcb: SnpTcb): Bytes {
  const { bootloader, tee, snp, microcode, fmc } = tcb;
  return product === 'Turin'
    ? new ByteWriter()
        .bytes(Uint8Array.of(fmc, bootloader, tee, snp))
        .zeros(3)
        .bytes(Uint8Array.of(microcode))
        .end()
    : new ByteWriter()
        .bytes(Uint8Array.of(bootloader, tee))
        .zeros(4)
        .bytes(Uint8Array.of(snp, microcode))
        .end();
}
