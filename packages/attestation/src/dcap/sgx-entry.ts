import { equalBytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import type { Cover, SgxEntry } from '../manifest.ts';
import type { Verdict } from '../verdict.ts';
import { iso } from '../x509/period.ts';
import { attributeFlags } from './sgx-report.ts';
import type { SgxEvidence } from './verify-sgx.ts';

const entryChecks = ['measurement', 'attributes', 'misc-select', 'entry', 'platform'] as const;
type EntryCheck = (typeof entryChecks)[number];

const everything: readonly Cover[] = ['firmware', 'kernel', 'initrd', 'cmdline', 'rootfs'];

/** Where an entry and the evidence first differ. */
interface Mismatch {
  readonly check: EntryCheck;
  readonly detail: string;
}

/**
 * Finds the first entry whose whole tuple the evidence matches, and records its five checks. If there is
 * none, the refusal is that of the entry that got furthest.
 */
export function findEntry(
  entries: readonly SgxEntry[],
  evidence: SgxEvidence,
  ignoreDebug: boolean,
  at: Date,
  verdict: Verdict,
): SgxEntry {
  const mismatches = new Map<SgxEntry, Mismatch>();
  for (const entry of entries) {
    const mismatch = findMismatch(entry, evidence, ignoreDebug, at);
    if (!mismatch) {
      recordMatch(entry, evidence, entryChecks.length, verdict);
      return entry;
    }
    mismatches.set(entry, mismatch);
  }
  return refuseFurthest(mismatches, evidence, verdict);
}

function refuseFurthest(
  mismatches: ReadonlyMap<SgxEntry, Mismatch>,
  evidence: SgxEvidence,
  verdict: Verdict,
): never {
  const reached = ({ check }: Mismatch): number => entryChecks.indexOf(check);
  const [furthest] = [...mismatches].sort(([, a], [, b]) => reached(b) - reached(a));
  if (!furthest || furthest[1].check === 'measurement') {
    const measurement = encodeHex(evidence.report.mrEnclave);
    verdict.refuse(
      'measurement',
      `MRENCLAVE ${measurement} is in none of the manifest's ${mismatches.size} [[sgx]] entries`,
      'The evidence is in order, but of other code than the manifest accepts',
    );
  }
  const [entry, { check, detail }] = furthest;
  recordMatch(entry, evidence, reached(furthest[1]), verdict);
  verdict.refuse(check, `${describe(entry)}: ${detail}`);
}

function findMismatch(
  entry: SgxEntry,
  { report, platform }: SgxEvidence,
  ignoreDebug: boolean,
  at: Date,
): Mismatch | null {
  if (!equalBytes(report.mrEnclave, entry.mrEnclave)) {
    return { check: 'measurement', detail: 'another MRENCLAVE' };
  }
  // [allowDebug] drops one bit from the comparison, whatever mask and value the entry has.
  const compared = ignoreDebug ? ~attributeFlags.debug : ~0n;
  const flags = report.attributesFlags & entry.attributesMaskFlags;
  const demandedFlags = entry.attributesFlags | attributeFlags.init;
  if ((flags & compared) !== (demandedFlags & compared)) {
    return differing('attributes', 'masked ATTRIBUTES.FLAGS', demandedFlags, flags);
  }
  const xfrm = report.attributesXfrm & entry.attributesMaskXfrm;
  if (xfrm !== entry.attributesXfrm) {
    return differing('attributes', 'masked ATTRIBUTES.XFRM', entry.attributesXfrm, xfrm);
  }
  const miscSelect = BigInt(report.miscSelect) & BigInt(entry.miscMask);
  if (miscSelect !== BigInt(entry.miscSelect)) {
    return differing('misc-select', 'masked MISCSELECT', BigInt(entry.miscSelect), miscSelect);
  }
  if (entry.mrSigner && !equalBytes(report.mrSigner, entry.mrSigner)) {
    return { check: 'entry', detail: 'another MRSIGNER' };
  }
  if (entry.isvProdId !== null && report.isvProdId !== entry.isvProdId) {
    return {
      check: 'entry',
      detail: `ISVPRODID ${entry.isvProdId} demanded, ${report.isvProdId} found`,
    };
  }
  if (entry.isvSvn !== null && report.isvSvn < entry.isvSvn) {
    return {
      check: 'entry',
      detail: `ISVSVN of at least ${entry.isvSvn} demanded, ${report.isvSvn} found`,
    };
  }
  if (entry.configId && !equalBytes(report.configId, entry.configId)) {
    return { check: 'entry', detail: 'another CONFIGID' };
  }
  if (entry.until && at >= entry.until) {
    return { check: 'entry', detail: `ended ${iso(entry.until)}` };
  }
  if (
    entry.platform &&
    !entry.platform.includes(platform.ppid) &&
    !(platform.platformInstanceId && entry.platform.includes(platform.platformInstanceId))
  ) {
    return { check: 'platform', detail: 'neither PPID nor platform instance id is listed' };
  }
  return null;
}

function differing(check: EntryCheck, what: string, demanded: bigint, found: bigint): Mismatch {
  return {
    check,
    detail: `${what} 0x${demanded.toString(16)} demanded, 0x${found.toString(16)} found`,
  };
}

/** Records the first `count` of the five checks as made. */
function recordMatch(
  entry: SgxEntry,
  { report }: SgxEvidence,
  count: number,
  verdict: Verdict,
): void {
  const uncovered = everything.filter((cover) => !entry.covers.includes(cover));
  const rows: Readonly<Record<EntryCheck, string>> = {
    measurement: `MRENCLAVE ${encodeHex(report.mrEnclave)} is that of ${describe(entry)}`,
    attributes: 'as the entry demands, under its masks',
    'misc-select': 'as the entry demands, under its mask',
    entry: describeTuple(entry),
    platform: entry.platform
      ? 'one of the machines that the entry lists'
      : 'any genuine machine with this measurement: the entry lists none',
  };
  for (const check of entryChecks.slice(0, count)) {
    if (check === 'measurement' && uncovered.length > 0) {
      verdict.weakened(check, `${rows[check]}; it does not cover ${uncovered.join(', ')}`);
    } else {
      verdict.passed(check, rows[check]);
    }
  }
}

function describe(entry: SgxEntry): string {
  return entry.name === null ? 'an [[sgx]] entry' : `the [[sgx]] entry "${entry.name}"`;
}

function describeTuple(entry: SgxEntry): string {
  const compared = [
    entry.mrSigner && 'signer',
    entry.isvProdId !== null && 'product id',
    entry.isvSvn !== null && `version of at least ${entry.isvSvn}`,
    entry.configId && 'config id',
    entry.until && `until ${iso(entry.until)}`,
  ].filter(Boolean);
  return compared.length === 0 ? 'nothing else demanded' : `as demanded: ${compared.join(', ')}`;
}
