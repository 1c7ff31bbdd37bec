import { tdAttributeBits } from '@blindai/simulator';
import type { TdQuoteOptions } from '@blindai/simulator';
import { flip } from './bytes.ts';
import { base64, type CaseTable, type FormatCases, reportData } from './case.ts';
import { createMachine, type DcapFlaw, dcapCases, endorse, type QuoteOffsets } from './dcap.ts';
import { divide, mergeTables } from './merge-tables.ts';

/** What is wrong with a TD quote. */
export type TdxFlaw = DcapFlaw<Partial<TdQuoteOptions>>;

const measurement = new Uint8Array(48).fill(0x7d);
/** RTMR0 to RTMR3; the last one is unused. */
const rtmrs = [0x10, 0x11, 0x12, 0].map((byte) => new Uint8Array(48).fill(byte));
const septVeDisable = tdAttributeBits.septVeDisable;
const xfam = 0x602e7n;

interface Entry {
  readonly rtmr3?: string;
  readonly covers?: string;
  readonly xfamMask?: string;
  /** More lines. */
  readonly demands?: string;
}

function tdxEntry({ rtmr3, covers, xfamMask, demands }: Entry = {}): string {
  const hashes = ['10', '11', '12'].map((byte) => `"${byte.repeat(48)}"`).join(', ');
  return `version = 1

[[tdx]]
covers = ${covers ?? '["firmware", "kernel", "initrd", "cmdline", "rootfs"]'}
mr_td = "${'7d'.repeat(48)}"
rtmr = [${hashes}, "${rtmr3 ?? 'unused'}"]
td_attributes = "0000001000000000"
xfam_mask = "${xfamMask ?? 'e702060000000000'}"
${demands ?? ''}`;
}

const intel = `
[intel]
min_tcb_evaluation_data_number = 17
`;
const demanding = (entry: Entry, statuses = ''): { manifest: string } => ({
  manifest: tdxEntry(entry) + intel + statuses,
});

/** "Intel TDX DCAP Quoting Library API", appendix A.3: a header of 48 bytes, a report of 584. */
export const tdxOffsets: QuoteOffsets = {
  measurement: 48 + 136,
  qeReport: 636 + 128 + 6,
  qeAuthData: 636 + 128 + 6 + 384 + 64 + 2,
};

const relaunched: Pick<TdxFlaw, 'platform' | 'quote'> = {
  platform: { tdx: { moduleStatus: 'OutOfDate', updatedSinceLaunch: true } },
  quote: { version: 5, td: '1.5' },
};
const withRtmr = (index: number, byte: number): Pick<TdxFlaw, 'quote'> => ({
  quote: { rtmrs: rtmrs.map((rtmr, at) => (at === index ? new Uint8Array(48).fill(byte) : rtmr)) },
});

/** What TDX does not share with SGX. */
export const tdxOnly: CaseTable<TdxFlaw> = {
  accept: {
    'up-to-date': { about: 'A quote of version 4, of a platform that is up to date.' },
    'version-5-td-1-0': {
      about: 'A quote of version 5 whose body is that of TDX 1.0.',
      quote: { version: 5, td: '1.0' },
    },
    'version-5-td-1-5': {
      about: 'A quote of version 5 whose body is that of TDX 1.5.',
      quote: { version: 5, td: '1.5' },
    },
    'module-of-version-0': {
      about: 'A TDX module of version 0, which the levels of the platform judge.',
      platform: { tdx: { moduleVersion: 0 } },
    },
    'relaunch-advised-in-the-set': {
      about:
        'The TDX module was updated while the TD ran, and the manifest lists TDRelaunchAdvised.',
      ...relaunched,
      ...demanding({}, 'tcb_statuses = ["UpToDate", "TDRelaunchAdvised"]\n'),
      weakened: ['tcb-status'],
    },
    'whole-tuple': {
      about: 'RTMR3, MRCONFIGID, MROWNER, MROWNERCONFIG and MRSEAM are demanded and found.',
      quote: {
        ...withRtmr(3, 0x13).quote,
        mrConfigId: new Uint8Array(48).fill(0xc1),
        mrOwner: new Uint8Array(48).fill(0xc2),
        mrOwnerConfig: new Uint8Array(48).fill(0xc3),
        mrSeam: new Uint8Array(48).fill(0xc4),
      },
      ...demanding({
        rtmr3: '13'.repeat(48),
        demands: `mr_config_id = "${'c1'.repeat(48)}"
mr_owner = "${'c2'.repeat(48)}"
mr_owner_config = "${'c3'.repeat(48)}"
mr_seam = "${'c4'.repeat(48)}"
`,
      }),
    },
  },
  layout: {
    'body-of-another-type': {
      about: 'The descriptor of version 5 says that the body is of SGX.',
      quote: { version: 5, body: { type: 1 } },
    },
    'other-certification-data': {
      about:
        "The certification data are the PCK chain alone, without the quoting enclave's report.",
      quote: { qeReportCertification: { type: 5 } },
    },
  },
  'tdx-module': {
    'other-signer': {
      about: 'The TDX module is signed by somebody else than Intel.',
      quote: { mrSignerSeam: new Uint8Array(48).fill(0x66) },
    },
    'seam-attributes': {
      about: 'The TDX module has attributes: it may be one for debugging.',
      quote: { seamAttributes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) },
    },
    'unknown-version': {
      about: 'The TDX module is of a version for which Intel publishes no identity.',
      platform: { tdx: { moduleVersion: 2 } },
    },
  },
  debug: {
    'under-debug': { about: 'The host can read the TD.', quote: { debug: true } },
    'under-profiling': {
      about: 'Another bit of the group TUD is set, with which the TD is untrusted as well.',
      quote: { tdAttributes: septVeDisable | 0x10n },
    },
  },
  migration: {
    migratable: {
      about: 'The TD may be migrated to another machine.',
      quote: { tdAttributes: septVeDisable | tdAttributeBits.migratable },
    },
  },
  'td-attributes': {
    reserved: {
      about: 'A bit of the TD attributes is set that has no meaning yet.',
      quote: { tdAttributes: septVeDisable | (1n << 40n) },
    },
  },
  'tcb-status': {
    'module-out-of-date': {
      about: 'The platform is up to date and its TDX module is not.',
      platform: { tdx: { moduleStatus: 'OutOfDate' } },
    },
    'module-of-version-0-out-of-date': {
      about: 'A TDX module of version 0 that the levels of the platform say is out of date.',
      platform: { tdx: { moduleVersion: 0, moduleStatus: 'OutOfDate', tcbStatus: 'UpToDate' } },
    },
    'tdx-components-out-of-date': {
      about: 'The certificate says a platform up to date, and TEE_TCB_SVN one that is not.',
      platform: { tdx: { tcbStatus: 'OutOfDate' } },
    },
    'relaunch-advised': {
      about: 'The TDX module was updated while the TD ran: it must be started again.',
      ...relaunched,
    },
  },
  measurement: {
    'other-firmware': {
      about: 'Genuine evidence of a TD with another MRTD.',
      quote: { measurement: new Uint8Array(48) },
    },
  },
  registers: {
    ...Object.fromEntries(
      [0, 1].map((index) => [
        `other-rtmr${index}`,
        { about: `RTMR${index} is not the one that is demanded.`, ...withRtmr(index, 0x66) },
      ]),
    ),
    'unused-rtmr3': {
      about: 'RTMR3 is not zero, and the entry says that it is unused.',
      ...withRtmr(3, 0x66),
    },
  },
  attributes: {
    'other-attributes': {
      about: 'SEPT_VE_DISABLE is demanded and not set.',
      quote: { tdAttributes: 0n },
    },
    'feature-too-many': {
      about: 'XFAM has a bit that the entry does not allow.',
      ...demanding({ xfamMask: 'e702040000000000' }),
    },
  },
  entry: {
    'other-configuration': {
      about: 'Another MRCONFIGID than demanded.',
      ...demanding({ demands: `mr_config_id = "${'01'.repeat(48)}"\n` }),
    },
  },
  platform: {
    'another-machine': {
      about: 'The entry lists a machine, and this is another.',
      ...demanding({ demands: `platform = ["${'00'.repeat(16)}"]\n` }),
    },
  },
  'report-data': {
    'other-bytes': {
      about: 'Other 64 bytes than demanded.',
      reportData: { exact: base64(flip(63)(reportData)) },
    },
  },
};

/** The cases of TD quotes, versions 4 and 5.  */
export function tdxCases(): FormatCases<TdxFlaw> {
  const entry = tdxEntry();
  const [, shared] = divide(dcapCases('TDX', entry, tdxOffsets));
  return {
    format: 'tdx-dcap',
    manifest: entry + intel,
    table: mergeTables<TdxFlaw>(shared, tdxOnly),
    make: async (flaw) => {
      const platform = await createMachine('tdx', flaw);
      const quote = await platform.tdQuote({ reportData, measurement, rtmrs, xfam, ...flaw.quote });
      return {
        evidence: flaw.evidence?.(quote) ?? quote,
        endorsements: endorse(flaw, platform.collateral),
      };
    },
  };
}
