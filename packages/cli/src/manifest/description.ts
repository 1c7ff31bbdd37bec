import type { Check, Cover } from '@blindai/attestation';

/** Somewhere a manifest accepts less than the strict default. */
export interface Weakening {
  /** Path of the key that says so, or that is not there: `intel.tcb_statuses`. */
  readonly key: string;
  /** The row of a verdict that it concerns. */
  readonly check: Check;
  /** In plain words. */
  readonly reason: string;
}

/** What holds, by label. */
export type Facts = Readonly<Record<string, string>>;

/** A table of a manifest in plain words. */
export interface TableDescription {
  /** Its path: `sgx[0]`, `intel`. */
  readonly key: string;
  readonly facts: Facts;
  /** An entry or exception that has: it accepts nothing any more. */
  readonly ended: boolean;
}

/** An entry: one accepted workload. */
export interface EntryDescription extends TableDescription {
  readonly name: string | null;
  /** In words, with the measurement: "an SGX enclave with MRENCLAVE …". */
  readonly accepts: string;
  /** The TEE's own, hex. */
  readonly measurement: string;
  readonly covers: readonly Cover[];
  /** What the measurement does not cover of the software. */
  readonly uncovered: readonly Cover[];
  /** ISO 8601; `null`: no end. */
  readonly until: string | null;
}

/** A table, and what of it accepts less than the strict default. */
export interface Described<Table extends TableDescription = TableDescription> {
  readonly table: Table;
  readonly weakened: readonly Weakening[];
}

/** What a manifest accepts, in plain words. */
export interface ManifestDescription {
  readonly entries: readonly EntryDescription[];
  /** What holds for every entry. */
  readonly tables: readonly TableDescription[];
  readonly weakened: readonly Weakening[];
  /** What a reader should know besides: what makes it accept nothing, floors that are none. */
  readonly notes: readonly string[];
}
