import { decodeHex } from '../encoding/hex.ts';
import type { TomlTable } from './toml-table.ts';

/** Everything that a measurement can cover of the software that runs. */
const covers = ['firmware', 'kernel', 'initrd', 'cmdline', 'rootfs'] as const;

/**
 * What a measurement really covers of the software that runs.
 *
 * @useDeclaredType
 */
export type Cover = (typeof covers)[number];

/** One `[[sgx]]` entry: a tuple, all of which must hold at once. Values of two entries never mix. */
export interface SgxEntry {
  /** Printed in the report. */
  readonly name: string | null;
  readonly covers: readonly Cover[];
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
  /** From this moment on the entry matches nothing; `null`: no end. */
  readonly until: Date | null;
}

/** How an enclave runs, where an entry does not say it. */
const defaults = {
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
    name: printable(table, 'name') ?? null,
    covers: table.texts('covers', `one of ${covers.join(', ')}`, coverOf) ?? covers,
    mrEnclave: table.required('mr_enclave', bytes(table, 'mr_enclave', 32)),
    mrSigner: bytes(table, 'mr_signer', 32) ?? null,
    isvProdId: table.integer('isv_prod_id', 0xffff) ?? null,
    isvSvn: table.integer('isv_svn', 0xffff) ?? null,
    configId: bytes(table, 'config_id', 64) ?? null,
    attributesFlags: bits(table, 'attributes_flags_hex', 64) ?? defaults.attributesFlags,
    attributesMaskFlags:
      bits(table, 'attributes_mask_flags_hex', 64) ?? defaults.attributesMaskFlags,
    attributesXfrm: bits(table, 'attributes_xfrm_hex', 64) ?? defaults.attributesXfrm,
    attributesMaskXfrm: bits(table, 'attributes_mask_xfrm_hex', 64) ?? defaults.attributesMaskXfrm,
    miscSelect: Number(bits(table, 'misc_select_hex', 32) ?? defaults.miscSelect),
    miscMask: Number(bits(table, 'misc_mask_hex', 32) ?? defaults.miscMask),
    platform: table.texts('platform', '32 hexadecimal digits', platformId) ?? null,
    until: table.date('until') ?? null,
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

/** A text that is shown to people: one line, at most 200 characters, nothing that moves a cursor. */
export function printable(table: TomlTable, key: string): string | undefined {
  return table.parsed(key, 'one line of at most 200 printable characters', (text) =>
    /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u.test(text) ? text : null,
  );
}

function bytes(table: TomlTable, key: string, length: number): Uint8Array | undefined {
  return table.parsed(key, `${2 * length} hexadecimal digits`, (text) =>
    isHex(text, 2 * length) ? decodeHex(key, text) : null,
  );
}

/** The hexadecimal form of a number, as BlindAI's file has it: `0x` and leading zeros are optional. */
function bits(table: TomlTable, key: string, size: 32 | 64): bigint | undefined {
  return table.parsed(key, `the hexadecimal form of a number of ${size} bits`, (text) => {
    const digits = text.replace(/^0x/i, '');
    return /^[0-9a-f]+$/i.test(digits) && digits.length <= size / 4 ? BigInt(`0x${digits}`) : null;
  });
}

function coverOf(text: string): Cover | null {
  return covers.find((cover) => cover === text) ?? null;
}

function platformId(text: string): string | null {
  return isHex(text, 32) ? text.toLowerCase() : null;
}

function isHex(text: string, digits: number): boolean {
  return text.length === digits && /^[0-9a-f]+$/i.test(text);
}
