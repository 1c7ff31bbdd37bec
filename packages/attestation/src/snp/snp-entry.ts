import { equalBytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import { type EntryRule, entryRule, type EntryRules, platformRule } from '../enforce/entries.ts';
import type { SnpEntry } from '../manifest.ts';
import { plan } from '../verdict.ts';
import { describeBelow } from './minimum-tcb.ts';
import { describeTcb } from './tcb.ts';
import type { SnpEvidence } from './verify-snp.ts';
import { describeVmpl, vmplCheck } from './vmpl.ts';

type Rule = EntryRule<SnpEntry, SnpEvidence>;

const vouchedBy = 'the hardware, in the report; judged by the manifest';
const specification = 'AMD 56860, "ATTESTATION_REPORT"; docs/write-a-manifest.md, "[[sev_snp]]"';

const measurement: Rule = {
  ...plan('measurement', "MEASUREMENT of one of the manifest's entries", vouchedBy, specification),
  mismatch: (entry, { report }) =>
    equalBytes(report.measurement, entry.measurement) ? null : 'another MEASUREMENT',
  match: (_, evidence) => describeMeasurement(evidence),
};

const vmpl: Rule = {
  ...plan('vmpl', "exactly the entry's VMPL", vouchedBy, vmplCheck.specification),
  mismatch: (entry, { report }) =>
    report.vmpl === entry.vmpl
      ? null
      : `VMPL ${entry.vmpl} demanded, ${describeVmpl(report.vmpl)} found`,
  match: ({ vmpl: level }) =>
    level === 0
      ? 'asked from VMPL 0'
      : { weakened: `VMPL ${level}, as the entry says: what runs at a lower number can change it` },
};

const guestPolicy: Rule = {
  ...plan(
    'guest-policy',
    "a guest policy at least as strict as the entry's",
    vouchedBy,
    `AMD 56860, §4.3; ${specification}`,
  ),
  mismatch: ({ guestPolicy: demanded }, { report: { policy } }) => {
    if (policy.smt && !demanded.smt) return 'its policy allows SMT, the entry does not';
    const isOlder =
      policy.abiMajor < demanded.abiMajor ||
      (policy.abiMajor === demanded.abiMajor && policy.abiMinor < demanded.abiMinor);
    return isOlder
      ? `its policy demands ABI ${policy.abiMajor}.${policy.abiMinor}, the entry ${demanded.abiMajor}.${demanded.abiMinor}`
      : null;
  },
  match: (_, { report: { policy } }) =>
    `SMT ${policy.smt ? 'allowed' : 'forbidden'}, ABI ${policy.abiMajor}.${policy.abiMinor} or later`,
};

const minimumTcb: Rule = {
  ...plan(
    'minimum-tcb',
    "no part of REPORTED, COMMITTED and LAUNCH_TCB below the entry's floor",
    vouchedBy,
    specification,
  ),
  mismatch: (entry, { tcb }) => describeBelow(entry.minimumTcb, tcb),
  match: (entry) => `at least ${describeTcb(entry.minimumTcb)}`,
};

const hostData: Rule = {
  ...plan('host-data', "the entry's HOST_DATA", vouchedBy, specification),
  mismatch: (entry, { report }) =>
    equalBytes(report.hostData, entry.hostData)
      ? null
      : `HOST_DATA is ${encodeHex(report.hostData)}, ${encodeHex(entry.hostData)} demanded`,
  match: (entry) => `HOST_DATA ${encodeHex(entry.hostData)}`,
};

const digests = [
  ['idKeyDigest', 'id key'],
  ['authorKeyDigest', 'author key'],
  ['familyId', 'family id'],
  ['imageId', 'image id'],
] as const;

const rest = entryRule<SnpEntry, SnpEvidence>({
  mismatch: (entry, { report }) => {
    for (const [member, name] of digests) {
      const demanded = entry[member];
      if (demanded && !equalBytes(report[member], demanded)) return `another ${name}`;
    }
    return null;
  },
  demands: (entry) => digests.filter(([member]) => entry[member]).map(([, name]) => name),
});

const platform = platformRule<SnpEntry, SnpEvidence>(
  (entry) => entry.chipId,
  ({ chipId }) => [chipId],
  'the chip id, or the machine masks it and it',
);

/** What a `[[sev_snp]]` entry compares, in the order of the rows. */
export const snpEntryRules: EntryRules<SnpEntry, SnpEvidence> = {
  table: 'sev_snp',
  entriesOf: (manifest) => manifest.sevSnp,
  measurement: describeMeasurement,
  rules: [measurement, vmpl, guestPolicy, minimumTcb, hostData, rest, platform],
};

function describeMeasurement({ report }: SnpEvidence): string {
  return `MEASUREMENT ${encodeHex(report.measurement)}`;
}
