import { equalBytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import { type EntryRule, entryRule, type EntryRules, platformRule } from '../enforce/entries.ts';
import type { TdxEntry } from '../manifest.ts';
import { allowDebug, type Policy, type UnmatchedPolicy } from '../policy.ts';
import { plan } from '../verdict.ts';
import { tdAttributes } from './td-attributes.ts';
import type { TdReport } from './td-report.ts';
import type { TdxEvidence } from './verify-tdx.ts';

type Rule = EntryRule<TdxEntry, TdxEvidence>;

const vouchedBy = 'the hardware, in the report; judged by the manifest';
const specification =
  'Intel TDX DCAP Quoting Library API, A.3.2; docs/write-a-manifest.md, "[[tdx]]"';

const measurement: Rule = {
  ...plan('measurement', "MRTD of one of the manifest's entries", vouchedBy, specification),
  mismatch: (entry, { report }) => (equalBytes(report.mrTd, entry.mrTd) ? null : 'another MRTD'),
  match: (_, evidence) => describeMeasurement(evidence),
};

const registers: Rule = {
  ...plan('registers', "the entry's RTMR0 to RTMR3", vouchedBy, specification),
  mismatch: (entry, { report }) => {
    const differing = entry.rtmrs.findIndex((rtmr, index) => {
      const found = report.rtmrs[index];
      return !found || !equalBytes(found, rtmr);
    });
    return differing === -1
      ? null
      : `another RTMR${differing}: ${encodeHex(report.rtmrs[differing] ?? new Uint8Array())}`;
  },
  match: () => 'RTMR0 to RTMR3 as the entry demands',
};

/** [allowDebug] drops the bits of debugging from the comparison; no entry can have them. */
function attributes(ignoreDebug: boolean): Rule {
  const compared = ignoreDebug ? ~tdAttributes.underDebug : ~0n;
  return {
    ...plan('attributes', "the entry's ATTRIBUTES, and XFAM in its mask", vouchedBy, specification),
    mismatch: (entry, { report }) => {
      if ((report.tdAttributes & compared) !== (entry.tdAttributes & compared)) {
        return `ATTRIBUTES ${hex(entry.tdAttributes)} demanded, ${hex(report.tdAttributes)} found`;
      }
      const excess = report.xfam & ~entry.xfamMask;
      return excess === 0n ? null : `XFAM has ${hex(excess)}, which the entry does not allow`;
    },
    match: () => 'ATTRIBUTES as the entry demands, XFAM in its mask',
  };
}

/** What an entry may name besides, and how it is called in a refusal. */
const optional: readonly (readonly [
  what: string,
  demanded: (entry: TdxEntry) => Uint8Array | null,
  found: (report: TdReport) => Uint8Array | null,
])[] = [
  ['MRCONFIGID', (entry) => entry.mrConfigId, (report) => report.mrConfigId],
  ['MROWNER', (entry) => entry.mrOwner, (report) => report.mrOwner],
  ['MROWNERCONFIG', (entry) => entry.mrOwnerConfig, (report) => report.mrOwnerConfig],
  ['MRSEAM', (entry) => entry.mrSeam, (report) => report.mrSeam],
  ['MRSERVICETD', (entry) => entry.mrServiceTd, (report) => report.mrServiceTd],
];

const rest = entryRule<TdxEntry, TdxEvidence>({
  mismatch: (entry, { report }) => {
    for (const [what, demandedBy, foundIn] of optional) {
      const demanded = demandedBy(entry);
      const found = foundIn(report);
      if (demanded && !found) return `${what} demanded, but TDX 1.0 reports none`;
      if (demanded && found && !equalBytes(found, demanded)) return `another ${what}`;
    }
    return null;
  },
  demands: (entry) =>
    optional.filter(([, demandedBy]) => demandedBy(entry) !== null).map(([what]) => what),
});

const platform = platformRule<TdxEntry, TdxEvidence>(
  (entry) => entry.platform,
  (evidence) => [evidence.platform.ppid, evidence.platform.platformInstanceId],
  'neither PPID nor platform instance id',
);

/** What a `[[tdx]]` entry compares, in the order of the rows. */
export function tdxEntryRules(policy: Policy | UnmatchedPolicy): EntryRules<TdxEntry, TdxEvidence> {
  return {
    table: 'tdx',
    entriesOf: (manifest) => manifest.tdx,
    measurement: describeMeasurement,
    rules: [measurement, registers, attributes(policy[allowDebug] === true), rest, platform],
  };
}

function describeMeasurement({ report }: TdxEvidence): string {
  return `MRTD ${encodeHex(report.mrTd)}`;
}

function hex(bits: bigint): string {
  return `0x${bits.toString(16)}`;
}
