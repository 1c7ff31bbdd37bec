import { type AnyEntry, covers, parseAnyEntry } from './any-entry.ts';
import { bits, bytes, hexes } from './fields.ts';
import type { TomlTable } from './toml-table.ts';

/** One `[[sgx]]` entry: a tuple, all of which must hold at once. Values of two entries never mix. */
export interface SgxEntry extends AnyEntry {
  /** MRENCLAVE, 32 bytes. */
  readonly mrEnclave: Uint8Array;
  /** MRSIGNER, 32 bytes; `null`: any. */
  readonly mrSigner: Uint8Array | null;
  /** Exact; `null`: any. */
  readonly isvProdId: number | null;
  /** A floor; `null`: any. */
  readonly isvSvn: number | null;
  /** CONFIGID, 64 bytes; `null`: any. */
  readonly configId: Uint8Array | null;
  /** ATTRIBUTES.FLAGS as a number: `(flags & mask)` must equal `attributesFlags | INIT`. */
  readonly attributesFlags: bigint;
  readonly attributesMaskFlags: bigint;
  /** ATTRIBUTES.XFRM as a number: `(xfrm & mask)` must equal it. */
  readonly attributesXfrm: bigint;
  readonly attributesMaskXfrm: bigint;
  /** MISCSELECT as a number: `(miscselect & mask)` must equal it. */
  readonly miscSelect: number;
  readonly miscMask: number;
  /** PPIDs or platform instance ids, 32 lower-case hex digits each; `null`: any genuine machine. */
  readonly platform: readonly string[] | null;
}

/** How an enclave runs, where an entry does not say it. */
export const sgxDefaults = {
  attributesFlags: 0x4n, // MODE64BIT
  attributesMaskFlags: 0xffff_ffff_ffff_ffffn,
  attributesXfrm: 0x3n, // x87 and SSE
  attributesMaskXfrm: 0xffff_ffff_fff9_fd1bn, // free: AVX, AVX-512 (5 to 7), PKRU (9), AMX (17, 18)
  miscSelect: 0,
  miscMask: 0xffff_ffff,
};

/** Reads one `[[sgx]]` table. */
export function parseSgxEntry(table: TomlTable): SgxEntry {
  const entry: SgxEntry = {
    ...parseAnyEntry(table, covers),
    mrEnclave: table.required('mr_enclave', bytes(table, 'mr_enclave', 32)),
    mrSigner: bytes(table, 'mr_signer', 32) ?? null,
    isvProdId: table.integer('isv_prod_id', 0xffff) ?? null,
    isvSvn: table.integer('isv_svn', 0xffff) ?? null,
    configId: bytes(table, 'config_id', 64) ?? null,
    attributesFlags: bits(table, 'attributes_flags_hex', 64) ?? sgxDefaults.attributesFlags,
    attributesMaskFlags:
      bits(table, 'attributes_mask_flags_hex', 64) ?? sgxDefaults.attributesMaskFlags,
    attributesXfrm: bits(table, 'attributes_xfrm_hex', 64) ?? sgxDefaults.attributesXfrm,
    attributesMaskXfrm:
      bits(table, 'attributes_mask_xfrm_hex', 64) ?? sgxDefaults.attributesMaskXfrm,
    miscSelect: Number(bits(table, 'misc_select_hex', 32) ?? sgxDefaults.miscSelect),
    miscMask: Number(bits(table, 'misc_mask_hex', 32) ?? sgxDefaults.miscMask),
    platform: hexes(table, 'platform', 16) ?? null,
  };
  table.end();
  return entry;
}

/** The keys of BlindAI's own `manifest.toml`, which stand at the top of that file. */
export const blindAIKeys = [
  'mr_enclave',
  'allow_debug',
  'attributes_flags_hex',
  'attributes_mask_flags_hex',
  'attributes_xfrm_hex',
  'attributes_mask_xfrm_hex',
  'misc_select_hex',
  'misc_mask_hex',
] as const;

/** Reads BlindAI's eight keys, all of which its own client requires, and leaves the others. */
export function parseBlindAIEntry(top: TomlTable): { entry: SgxEntry; allowDebug: boolean } {
  const allowDebug = top.required('allow_debug', top.boolean('allow_debug'));
  const number = (key: (typeof blindAIKeys)[number], size: 32 | 64): bigint =>
    top.required(key, bits(top, key, size));
  const entry: SgxEntry = {
    name: null,
    covers,
    mrEnclave: top.required('mr_enclave', bytes(top, 'mr_enclave', 32)),
    mrSigner: null,
    isvProdId: null,
    isvSvn: null,
    configId: null,
    attributesFlags: number('attributes_flags_hex', 64),
    attributesMaskFlags: number('attributes_mask_flags_hex', 64),
    attributesXfrm: number('attributes_xfrm_hex', 64),
    attributesMaskXfrm: number('attributes_mask_xfrm_hex', 64),
    miscSelect: Number(number('misc_select_hex', 32)),
    miscMask: Number(number('misc_mask_hex', 32)),
    platform: null,
    until: null,
  };
  return { entry, allowDebug };
}
