import { equalBytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import { type EntryRule, entryRule, type EntryRules, platformRule } from '../enforce/entries.ts';
import type { SgxEntry } from '../manifest.ts';
import { sgxDefaults } from '../manifest/sgx-entry.ts';
import { allowDebug, type Policy, type UnmatchedPolicy } from '../policy.ts';
import { plan } from '../verdict.ts';
import { attributeFlags } from './sgx-report.ts';
import type { SgxEvidence } from './verify-sgx.ts';

type Rule = EntryRule<SgxEntry, SgxEvidence>;

const vouchedBy = 'the hardware, in the report; judged by the manifest';
const specification = 'Intel SDM vol. 3D, "REPORT"; docs/write-a-manifest.md, "[[sgx]]"';

const underMask = 'as the entry demands, under its mask';
const underWeakMask = `${underMask}: less is compared than by default`;

const measurement: Rule = {
  ...plan('measurement', "MRENCLAVE of one of the manifest's entries", vouchedBy, specification),
  mismatch: (entry, { report }) =>
    equalBytes(report.mrEnclave, entry.mrEnclave) ? null : 'another MRENCLAVE',
  match: (_, evidence) => describeMeasurement(evidence),
};

/** [allowDebug] drops one bit from the comparison, whatever mask and value the entry has. */
function attributes(ignoreDebug: boolean): Rule {
  const compared = ignoreDebug ? ~attributeFlags.debug : ~0n;
  return {
    ...plan('attributes', "the entry's flags and XFRM, masked", vouchedBy, specification),
    mismatch: (entry, { report }) => {
      const flags = report.attributesFlags & entry.attributesMaskFlags;
      const demandedFlags = entry.attributesFlags | attributeFlags.init;
      if ((flags & compared) !== (demandedFlags & compared)) {
        return describeDifference('masked ATTRIBUTES.FLAGS', demandedFlags, flags);
      }
      const xfrm = report.attributesXfrm & entry.attributesMaskXfrm;
      return xfrm === entry.attributesXfrm
        ? null
        : describeDifference('masked ATTRIBUTES.XFRM', entry.attributesXfrm, xfrm);
    },
    match: (entry) => (comparesAllAttributes(entry) ? underMask : { weakened: underWeakMask }),
  };
}

const miscSelect: Rule = {
  ...plan('misc-select', "the entry's MISCSELECT, masked", vouchedBy, specification),
  mismatch: (entry, { report }) => {
    const found = BigInt(report.miscSelect) & BigInt(entry.miscMask);
    const demanded = BigInt(entry.miscSelect);
    return found === demanded ? null : describeDifference('masked MISCSELECT', demanded, found);
  },
  match: (entry) =>
    entry.miscMask === sgxDefaults.miscMask ? underMask : { weakened: underWeakMask },
};

/** What the checks `debug`, `mode` and `provisioning-key` judge, whatever a mask says; INIT among them. */
const judgedAnyway =
  attributeFlags.init |
  attributeFlags.debug |
  attributeFlags.mode64Bit |
  attributeFlags.provisionKey;

function comparesAllAttributes(entry: SgxEntry): boolean {
  const free = sgxDefaults.attributesMaskFlags & ~entry.attributesMaskFlags & ~judgedAnyway;
  return free === 0n && (sgxDefaults.attributesMaskXfrm & ~entry.attributesMaskXfrm) === 0n;
}

const rest = entryRule<SgxEntry, SgxEvidence>({
  mismatch: (entry, { report }) => {
    if (entry.mrSigner && !equalBytes(report.mrSigner, entry.mrSigner)) return 'another MRSIGNER';
    if (entry.isvProdId !== null && report.isvProdId !== entry.isvProdId) {
      return `ISVPRODID ${entry.isvProdId} demanded, ${report.isvProdId} found`;
    }
    if (entry.isvSvn !== null && report.isvSvn < entry.isvSvn) {
      return `ISVSVN of at least ${entry.isvSvn} demanded, ${report.isvSvn} found`;
    }
    return entry.configId && !equalBytes(report.configId, entry.configId)
      ? 'another CONFIGID'
      : null;
  },
  demands: (entry) => [
    ...(entry.mrSigner ? ['signer'] : []),
    ...(entry.isvProdId === null ? [] : ['product id']),
    ...(entry.isvSvn === null ? [] : [`version of at least ${entry.isvSvn}`]),
    ...(entry.configId ? ['config id'] : []),
  ],
});

const platform = platformRule<SgxEntry, SgxEvidence>(
  (entry) => entry.platform,
  (evidence) => [evidence.platform.ppid, evidence.platform.platformInstanceId],
  'neither PPID nor platform instance id',
);

/** What an `[[sgx]]` entry compares, in the order of the rows. */
export function sgxEntryRules(policy: Policy | UnmatchedPolicy): EntryRules<SgxEntry, SgxEvidence> {
  return {
    table: 'sgx',
    entriesOf: (manifest) => manifest.sgx,
    measurement: describeMeasurement,
    rules: [measurement, attributes(policy[allowDebug] === true), miscSelect, rest, platform],
  };
}

function describeMeasurement({ report }: SgxEvidence): string {
  return `MRENCLAVE ${encodeHex(report.mrEnclave)}`;
}

function describeDifference(what: string, demanded: bigint, found: bigint): string {
  return `${what} 0x${demanded.toString(16)} demanded, 0x${found.toString(16)} found`;
}
