import { equalBytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import type { TdxEvidence } from '../dcap/verify-tdx.ts';
import { type EntryRule, entryRule, type EntryRules, platformRule } from '../enforce/entries.ts';
import { pcrRule } from '../enforce/pcrs.ts';
import type { AzureEntry } from '../manifest.ts';
import { coversBoot } from '../manifest/azure-entry.ts';
import { describeBelow } from '../snp/minimum-tcb.ts';
import { describeTcb } from '../snp/tcb.ts';
import type { SnpEvidence } from '../snp/verify-snp.ts';
import { describeVmpl, vmplCheck } from '../snp/vmpl.ts';
import { plan } from '../verdict.ts';
import type { VtpmEvidence } from './verify-vtpm.ts';

/** Genuine evidence, of hardware and vTPM. */
export interface AzureEvidence<Hardware> {
  readonly hardware: Hardware;
  readonly pcrs: VtpmEvidence['pcrs'];
}

const table = 'docs/write-a-manifest.md, "[[azure]]"';
const hardware = 'the hardware, in its report; judged by the manifest';

type Rule<Hardware> = EntryRule<AzureEntry, AzureEvidence<Hardware>>;

/** @param measurementOf - What the hardware measured, 48 bytes, and how it calls it. */
function measurementRule<Hardware>(
  measurementOf: (evidence: Hardware) => Uint8Array,
  describe: (evidence: AzureEvidence<Hardware>) => string,
): Rule<Hardware> {
  return {
    ...plan(
      'measurement',
      "what the hardware measured, in one of the manifest's entries",
      hardware,
      table,
    ),
    mismatch: (entry, evidence) =>
      equalBytes(measurementOf(evidence.hardware), entry.measurement)
        ? null
        : 'another measurement',
    match: (_, evidence) => describe(evidence),
  };
}

const registers = pcrRule<AzureEntry, AzureEvidence<unknown>>(
  [],
  'the vTPM, in its quote; judged by the manifest',
  `UAPI group, "Linux TPM PCR Registry"; ${table}`,
  (entry) =>
    coversBoot(entry)
      ? null
      : 'zero where something must be measured, or 11 without 12: they do not cover the whole start',
);

const vmpl: Rule<SnpEvidence> = {
  ...vmplCheck,
  mismatch: (_, { hardware: { report } }) =>
    report.vmpl === 0 ? null : `VMPL 0 demanded, ${describeVmpl(report.vmpl)} found`,
  match: () => 'asked from VMPL 0',
};

const minimumTcb: Rule<SnpEvidence> = {
  ...plan(
    'minimum-tcb',
    "no part of REPORTED, COMMITTED and LAUNCH_TCB below the entry's floor, if it has one",
    hardware,
    `AMD 56860, "ATTESTATION_REPORT"; ${table}`,
  ),
  mismatch: (entry, evidence) =>
    entry.minimumTcb && describeBelow(entry.minimumTcb, evidence.hardware.tcb),
  match: (entry, evidence) =>
    entry.minimumTcb
      ? `at least ${describeTcb(entry.minimumTcb)}`
      : { weakened: `${describeTcb(evidence.hardware.tcb.reported)}; no floor demanded` },
};

/** What an `[[azure]]` entry compares with SEV-SNP evidence, in the order of the rows. */
export const azureSnpEntryRules: EntryRules<AzureEntry, AzureEvidence<SnpEvidence>> = {
  table: 'azure',
  entriesOf: (manifest) => manifest.azure,
  measurement: describeSnp,
  rules: [
    measurementRule(({ report }) => report.measurement, describeSnp),
    registers,
    vmpl,
    minimumTcb,
    entryRule({
      mismatch: (entry) => (entry.platform ? 'it is for machines of Intel TDX' : null),
      demands: () => [],
    }),
    platformRule(
      (entry) => entry.chipId,
      (evidence) => [evidence.hardware.chipId],
      'the chip id',
    ),
  ],
};

/** The same with TDX evidence. */
export const azureTdxEntryRules: EntryRules<AzureEntry, AzureEvidence<TdxEvidence>> = {
  table: 'azure',
  entriesOf: (manifest) => manifest.azure,
  measurement: describeTdx,
  rules: [
    measurementRule(({ report }) => report.mrTd, describeTdx),
    registers,
    entryRule({
      mismatch: (entry) =>
        entry.minimumTcb || entry.chipId ? 'it is for machines of AMD SEV-SNP' : null,
      demands: () => [],
    }),
    platformRule(
      (entry) => entry.platform,
      (evidence) => [
        evidence.hardware.platform.ppid,
        evidence.hardware.platform.platformInstanceId,
      ],
      'neither PPID nor platform instance id',
    ),
  ],
};

function describeSnp(evidence: AzureEvidence<SnpEvidence>): string {
  return `MEASUREMENT ${encodeHex(evidence.hardware.report.measurement)}`;
}

function describeTdx(evidence: AzureEvidence<TdxEvidence>): string {
  return `MRTD ${encodeHex(evidence.hardware.report.mrTd)}`;
}
