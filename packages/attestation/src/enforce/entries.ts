import type { AnyEntry, Cover } from '../manifest.ts';
import { anyMeasurement, type Policy, type UnmatchedPolicy } from '../policy.ts';
import { plan, type PlannedCheck, type Verdict } from '../verdict.ts';
import { iso } from '../x509/period.ts';

const everything: readonly Cover[] = ['firmware', 'kernel', 'initrd', 'cmdline', 'rootfs'];

/** One part of a tuple: what is compared, and under which check. */
export interface EntryRule<Entry, Evidence> extends PlannedCheck {
  /** How the evidence differs from the entry; `null` if it does not. */
  readonly mismatch: (entry: Entry, evidence: Evidence, at: Date) => string | null;
  /** What matched, for the row; `weakened` where the entry accepts less than the strict default. */
  readonly match: (entry: Entry, evidence: Evidence) => string | { readonly weakened: string };
}

/** The tuple of one TEE. */
export interface EntryRules<Entry extends AnyEntry, Evidence> {
  /** Name of the manifest's tables: `sgx`, `tdx`, … */
  readonly table: string;
  readonly entriesOf: (manifest: NonNullable<Policy['manifest']>) => readonly Entry[];
  /** What the evidence's measurement is, for a refusal that nothing matches. */
  readonly measurement: (evidence: Evidence) => string;
  /** In the order of the rows; the first one is `measurement`. */
  readonly rules: readonly EntryRule<Entry, Evidence>[];
}

/**
 * The rows that {@link enforceEntries} makes: those of the tuple, or one for `measurement` where no entry is
 * compared.
 */
export function planEntries<Entry extends AnyEntry, Evidence>(
  { rules }: EntryRules<Entry, Evidence>,
  policy: Policy | UnmatchedPolicy,
): readonly PlannedCheck[] {
  return comparesEntries(policy) ? rules : rules.slice(0, 1);
}

export function comparesEntries(policy: Policy | UnmatchedPolicy): boolean {
  return policy.manifest !== undefined && policy[anyMeasurement] !== true;
}

/**
 * Finds the first entry whose whole tuple the evidence matches, and records its rows. If there is none, the
 * refusal is that of the entry that got furthest.
 *
 * @returns `null` if none was compared, which is a `weakened` row.
 */
export function enforceEntries<Entry extends AnyEntry, Evidence>(
  tuple: EntryRules<Entry, Evidence>,
  evidence: Evidence,
  policy: Policy | UnmatchedPolicy,
  at: Date,
  verdict: Verdict,
): Entry | null {
  if (policy[anyMeasurement] === true) {
    verdict.demand('measurement', 'nothing');
    verdict.weakened(
      'measurement',
      `${tuple.measurement(evidence)}; compared with no entry, by [anyMeasurement]: any code, version and platform`,
    );
    return null;
  }
  if (!policy.manifest) {
    verdict.demand('measurement', 'nothing');
    verdict.weakened('measurement', 'SIMULATION: no manifest given, so compared with no entry');
    return null;
  }
  return findEntry(tuple, tuple.entriesOf(policy.manifest), { evidence, at }, verdict);
}

function findEntry<Entry extends AnyEntry, Evidence>(
  tuple: EntryRules<Entry, Evidence>,
  entries: readonly Entry[],
  { evidence, at }: { readonly evidence: Evidence; readonly at: Date },
  verdict: Verdict,
): Entry {
  let furthest: { entry: Entry; reached: number; detail: string } | null = null;
  for (const entry of entries) {
    const details = tuple.rules.map((rule) => rule.mismatch(entry, evidence, at));
    const reached = details.findIndex((detail) => detail !== null);
    if (reached === -1) {
      recordMatches(tuple, entry, evidence, tuple.rules.length, verdict);
      return entry;
    }
    if (!furthest || reached > furthest.reached) {
      furthest = { entry, reached, detail: details[reached] ?? '' };
    }
  }
  if (!furthest || furthest.reached === 0) {
    verdict.refuse(
      'measurement',
      `${tuple.measurement(evidence)} is in none of the manifest's ${entries.length} [[${tuple.table}]] entries`,
      'The evidence is in order, but of other code than the manifest accepts',
    );
  }
  const { entry, reached, detail } = furthest;
  recordMatches(tuple, entry, evidence, reached, verdict);
  return verdict.refuse(tuple.rules[reached]!.name, `${describe(tuple.table, entry)}: ${detail}`);
}

/** Records the first `count` rows of the tuple as made. */
function recordMatches<Entry extends AnyEntry, Evidence>(
  { table, rules }: EntryRules<Entry, Evidence>,
  entry: Entry,
  evidence: Evidence,
  count: number,
  verdict: Verdict,
): void {
  const uncovered = everything.filter((cover) => !entry.covers.includes(cover));
  for (const { name, match } of rules.slice(0, count)) {
    const found = match(entry, evidence);
    if (typeof found !== 'string') verdict.weakened(name, found.weakened);
    else if (name !== 'measurement') verdict.passed(name, found);
    else if (uncovered.length === 0)
      verdict.passed(name, `${found} is that of ${describe(table, entry)}`);
    else {
      verdict.weakened(
        name,
        `${found} is that of ${describe(table, entry)}; it does not cover ${uncovered.join(', ')}`,
      );
    }
  }
}

function describe(table: string, { name }: AnyEntry): string {
  return name === null ? `an [[${table}]] entry` : `the [[${table}]] entry "${name}"`;
}

/** The row for what an entry may demand besides: its optional members, and its end. */
export function entryRule<Entry extends AnyEntry, Evidence>(
  rule: Pick<EntryRule<Entry, Evidence>, 'mismatch'> & {
    /** What the entry demands besides, by name. */
    readonly demands: (entry: Entry) => readonly string[];
  },
): EntryRule<Entry, Evidence> {
  return {
    ...plan(
      'entry',
      'what else the entry names, and that it has not ended',
      'the evidence; judged by the manifest',
      'docs/write-a-manifest.md',
    ),
    mismatch: (entry, evidence, at) => {
      const detail = rule.mismatch(entry, evidence, at);
      if (detail !== null) return detail;
      return entry.until && at >= entry.until ? `ended ${iso(entry.until)}` : null;
    },
    match: (entry) => {
      const compared = [
        ...rule.demands(entry),
        ...(entry.until ? [`until ${iso(entry.until)}`] : []),
      ];
      return compared.length === 0
        ? 'nothing else demanded'
        : `as demanded: ${compared.join(', ')}`;
    },
  };
}

/** The row for which machine it may be. */
export function platformRule<Entry extends AnyEntry, Evidence>(
  listOf: (entry: Entry) => readonly string[] | null,
  idsOf: (evidence: Evidence) => readonly (string | null)[],
  what: string,
): EntryRule<Entry, Evidence> {
  return {
    ...plan(
      'platform',
      'one of the machines that the entry lists, if it lists any',
      'the evidence; judged by the manifest',
      'docs/write-a-manifest.md',
    ),
    mismatch: (entry, evidence) => {
      const list = listOf(entry);
      if (list === null || idsOf(evidence).some((id) => id !== null && list.includes(id))) {
        return null;
      }
      return `${what} is not listed`;
    },
    match: (entry) =>
      listOf(entry) === null
        ? 'any genuine machine with this measurement: the entry lists none'
        : 'one of the machines that the entry lists',
  };
}
