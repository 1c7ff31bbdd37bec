import type { SgxEntry } from '@blindai/attestation';
import { toHex } from '../connection-options.ts';
import type { Weakening } from './description.ts';
import type { EntryTuple } from './entries.ts';
import { machines } from './machines.ts';

/** What the verifier judges whatever the masks say: INIT, DEBUG, MODE64BIT, PROVISION_KEY. */
const judgedAnyway = 0b1_0111n;
/** AVX, AVX-512, PKRU and AMX, which the strict default leaves free. */
const freeFeatures = 0x0006_02e4n;
const all64 = 0xffff_ffff_ffff_ffffn;

/** An `[[sgx]]` entry in plain words. */
export function describeSgxEntry(entry: SgxEntry): EntryTuple {
  return {
    accepts: 'an SGX enclave with MRENCLAVE',
    measurement: toHex(entry.mrEnclave),
    facts: {
      ...(entry.mrSigner && { signer: `MRSIGNER ${toHex(entry.mrSigner)}` }),
      ...(entry.isvProdId !== null && { 'product id': `exactly ${entry.isvProdId}` }),
      ...(entry.isvSvn !== null && { version: `at least ${entry.isvSvn}` }),
      ...(entry.configId && { 'config id': toHex(entry.configId) }),
      attributes: describeMasked(entry.attributesFlags, entry.attributesMaskFlags, 16),
      features: describeMasked(entry.attributesXfrm, entry.attributesMaskXfrm, 16),
      'misc select': describeMasked(BigInt(entry.miscSelect), BigInt(entry.miscMask), 8),
      machines: machines(entry.platform),
    },
    weakened: [
      ...notCompared(
        'attributes_mask_flags_hex',
        'attributes',
        all64 & ~judgedAnyway & ~entry.attributesMaskFlags,
      ),
      ...notCompared(
        'attributes_mask_xfrm_hex',
        'attributes',
        all64 & ~freeFeatures & ~entry.attributesMaskXfrm,
      ),
      ...notCompared('misc_mask_hex', 'misc-select', 0xffff_ffffn & ~BigInt(entry.miscMask)),
    ],
    notes: [],
  };
}

function describeMasked(value: bigint, mask: bigint, digits: number): string {
  return `${hex(value, digits)} under the mask ${hex(mask, digits)}`;
}

function notCompared(key: string, check: Weakening['check'], bits: bigint): readonly Weakening[] {
  if (bits === 0n) return [];
  return [{ key, check, reason: `not compared, as by default they are: ${hex(bits, 1)}` }];
}

function hex(number: bigint, digits: number): string {
  return `0x${number.toString(16).padStart(digits, '0')}`;
}
