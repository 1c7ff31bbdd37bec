import type { SnpTcb } from '../snp/tcb.ts';
import { type AnyEntry, parseAnyEntry } from './any-entry.ts';
import { bytes, hexes } from './fields.ts';
import type { TomlTable } from './toml-table.ts';

/** One `[[sev_snp]]` entry: a tuple, all of which must hold at once. Values of two entries never mix. */
export interface SnpEntry extends AnyEntry {
  /** MEASUREMENT, 48 bytes. */
  readonly measurement: Uint8Array;
  /** HOST_DATA, 32 bytes. Default zeros. */
  readonly hostData: Uint8Array;
  readonly guestPolicy: {
    /** Whether the guest's policy may allow SMT on the host. */
    readonly smt: boolean;
    /** The least ABI version that the guest's policy may demand of the firmware. */
    readonly abiMajor: number;
    readonly abiMinor: number;
  };
  /** Exact, 0 to 3. Default 0. */
  readonly vmpl: number;
  /** Floors for REPORTED_TCB, COMMITTED_TCB and LAUNCH_TCB; with `fmc` for Turin, without for the others. */
  readonly minimumTcb: SnpTcb;
  /** ID_KEY_DIGEST and AUTHOR_KEY_DIGEST, 48 bytes; `null`: any. */
  readonly idKeyDigest: Uint8Array | null;
  readonly authorKeyDigest: Uint8Array | null;
  /** FAMILY_ID and IMAGE_ID, 16 bytes; `null`: any. */
  readonly familyId: Uint8Array | null;
  readonly imageId: Uint8Array | null;
  /** CHIP_IDs, 128 lower-case hex digits each; `null`: any genuine machine. */
  readonly chipId: readonly string[] | null;
}

const maxVmpl = 3;

/** Reads one `[[sev_snp]]` table. */
export function parseSnpEntry(table: TomlTable): SnpEntry {
  const entry: SnpEntry = {
    ...parseAnyEntry(table, null),
    measurement: table.required('measurement', bytes(table, 'measurement', 48)),
    hostData: bytes(table, 'host_data', 32) ?? new Uint8Array(32),
    guestPolicy: parseGuestPolicy(table.table('guest_policy')),
    vmpl: table.integer('vmpl', maxVmpl) ?? 0,
    minimumTcb: parseMinimumTcb(table.table('minimum_tcb')),
    idKeyDigest: bytes(table, 'id_key_digest', 48) ?? null,
    authorKeyDigest: bytes(table, 'author_key_digest', 48) ?? null,
    familyId: bytes(table, 'family_id', 16) ?? null,
    imageId: bytes(table, 'image_id', 16) ?? null,
    chipId: hexes(table, 'chip_id', 64) ?? null,
  };
  table.end();
  return entry;
}

function parseGuestPolicy(table: TomlTable): SnpEntry['guestPolicy'] {
  const policy = {
    smt: table.required('smt', table.boolean('smt')),
    abiMajor: requiredByte(table, 'abi_major'),
    abiMinor: requiredByte(table, 'abi_minor'),
  };
  table.end();
  return policy;
}

/** Reads `minimum_tcb`: a floor for each part. */
export function parseMinimumTcb(table: TomlTable): SnpTcb {
  const fmc = table.integer('fmc', 0xff);
  const tcb: SnpTcb = {
    ...(fmc !== undefined && { fmc }),
    bootloader: requiredByte(table, 'bootloader'),
    tee: requiredByte(table, 'tee'),
    snp: requiredByte(table, 'snp'),
    microcode: requiredByte(table, 'microcode'),
  };
  table.end();
  return tcb;
}

function requiredByte(table: TomlTable, key: string): number {
  return table.required(key, table.integer(key, 0xff));
}
