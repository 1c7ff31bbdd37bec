import { ByteReader } from '../encoding/byte-reader.ts';
import { reservedTdAttributes, tdAttributes } from '../dcap/td-attributes.ts';
import { type AnyEntry, parseAnyEntry } from './any-entry.ts';
import { bytes, bytesOf, hexes } from './fields.ts';
import type { TomlTable } from './toml-table.ts';

/** One `[[tdx]]` entry: a tuple, all of which must hold at once. Values of two entries never mix. */
export interface TdxEntry extends AnyEntry {
  /** MRTD, 48 bytes. */
  readonly mrTd: Uint8Array;
  /** RTMR0 to RTMR3, 48 bytes each; an unused RTMR3 is zero. */
  readonly rtmrs: readonly Uint8Array[];
  /** ATTRIBUTES as a number, exactly. */
  readonly tdAttributes: bigint;
  /** XFAM as a number: no bit may be set but these. */
  readonly xfamMask: bigint;
  /** MRCONFIGID, MROWNER and MROWNERCONFIG, 48 bytes each; `null`: any. */
  readonly mrConfigId: Uint8Array | null;
  readonly mrOwner: Uint8Array | null;
  readonly mrOwnerConfig: Uint8Array | null;
  /** MRSEAM, 48 bytes: of the TDX module; `null`: any that Intel lists. */
  readonly mrSeam: Uint8Array | null;
  /** MRSERVICETD, 48 bytes, which TDX 1.5 reports; `null`: any. */
  readonly mrServiceTd: Uint8Array | null;
  /** PPIDs or platform instance ids, 32 lower-case hex digits each; `null`: any genuine machine. */
  readonly platform: readonly string[] | null;
}

const measurementLength = 48;

/** Reads one `[[tdx]]` table. */
export function parseTdxEntry(table: TomlTable): TdxEntry {
  const measurement = (key: string): Uint8Array | undefined => bytes(table, key, measurementLength);
  const entry: TdxEntry = {
    ...parseAnyEntry(table, null),
    mrTd: table.required('mr_td', measurement('mr_td')),
    rtmrs: table.required('rtmr', table.tuple('rtmr', rtmrFields)),
    tdAttributes: table.required('td_attributes', parseAttributes(table)),
    xfamMask: table.required(
      'xfam_mask',
      table.parsed('xfam_mask', '16 hexadecimal digits', bitsOf),
    ),
    mrConfigId: measurement('mr_config_id') ?? null,
    mrOwner: measurement('mr_owner') ?? null,
    mrOwnerConfig: measurement('mr_owner_config') ?? null,
    mrSeam: measurement('mr_seam') ?? null,
    mrServiceTd: measurement('mr_service_td') ?? null,
    platform: hexes(table, 'platform', 16) ?? null,
  };
  table.end();
  return entry;
}

const rtmrField = {
  expected: '96 hexadecimal digits',
  read: (text: string): Uint8Array | null => bytesOf(text, measurementLength),
};

/** Nothing is measured into the last one unless the TD's own software does it. */
const lastRtmrField = {
  expected: '96 hexadecimal digits, or "unused"',
  read: (text: string): Uint8Array | null =>
    text === 'unused' ? new Uint8Array(measurementLength) : rtmrField.read(text),
};

const rtmrFields = [rtmrField, rtmrField, rtmrField, lastRtmrField];

/** No file can accept a TD that its host may debug or hand on, or bits of which nobody knows what they mean. */
function parseAttributes(table: TomlTable): bigint | undefined {
  return table.parsed(
    'td_attributes',
    '16 hexadecimal digits, without a bit for debugging, migration, or what is reserved',
    (text) => {
      const attributes = bitsOf(text);
      if (attributes === null) return null;
      const refused =
        (attributes & (tdAttributes.underDebug | tdAttributes.migratable)) |
        reservedTdAttributes(attributes);
      return refused === 0n ? attributes : null;
    },
  );
}

/** Eight bytes as they stand in a report, as a number. */
function bitsOf(text: string): bigint | null {
  const found = bytesOf(text, 8);
  return found && new ByteReader('manifest', found).u64('bits');
}
