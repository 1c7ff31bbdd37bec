import type { ByteReader } from '../encoding/byte-reader.ts';
import { readFlags } from './flags.ts';

/** Bits of the guest policy (AMD 56860, §4.3). */
const bits = {
  smt: 16,
  migrationAgent: 18,
  debug: 19,
  singleSocket: 20,
  cxl: 21,
  aes256Xts: 22,
  raplDisabled: 23,
  ciphertextHiding: 24,
  pageSwapDisabled: 25,
} as const;
const mustBeOne = 1n << 17n;
const firstReserved = 26n;

/**
 * What the owner of a guest demanded at its launch, and the firmware enforces since.
 */
export interface GuestPolicy extends Readonly<Record<keyof typeof bits, boolean>> {
  /** The least version of the firmware's ABI. */
  readonly abiMajor: number;
  readonly abiMinor: number;
  /** SMT is allowed on the host. */
  readonly smt: boolean;
  /** A migration agent, which can give the guest to another machine, is allowed. */
  readonly migrationAgent: boolean;
  /** The host may read the guest's memory. */
  readonly debug: boolean;
  /** Only on one socket. */
  readonly singleSocket: boolean;
  /** Memory and devices on CXL are allowed. */
  readonly cxl: boolean;
  /** Memory must be encrypted with AES-256-XTS. */
  readonly aes256Xts: boolean;
  /** RAPL, which measures power, must be off. */
  readonly raplDisabled: boolean;
  /** The host must not see the ciphertext of the memory. */
  readonly ciphertextHiding: boolean;
  /** The host must not move the guest's pages. */
  readonly pageSwapDisabled: boolean;
}

/** @throws {FormatError} if bit 17 is not one, or a reserved bit is. */
export function parseGuestPolicy(read: ByteReader): GuestPolicy {
  const value = read.u64('policy');
  if ((value & mustBeOne) === 0n) read.fail('policy', 'bit 17 must be one');
  if (value >> firstReserved !== 0n) read.fail('policy', 'a reserved bit is not zero');
  return {
    abiMajor: Number((value >> 8n) & 0xffn),
    abiMinor: Number(value & 0xffn),
    ...readFlags(value, bits),
  };
}
