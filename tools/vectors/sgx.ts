import { flags } from '@blindai/simulator';
import type { QuoteOptions } from '@blindai/simulator';
import { flip } from './bytes.ts';
import { base64, type CaseTable, type FormatCases, reportData } from './case.ts';
import { connection, nonceReportData } from './connection.ts';
import {
  createMachine,
  type DcapFlaw,
  dcapAccepted,
  dcapCases,
  endorse,
  type QuoteOffsets,
} from './dcap.ts';
import { divide, mergeTables } from './merge-tables.ts';

type SgxFlaw = DcapFlaw<Partial<QuoteOptions>>;

const measurement = new Uint8Array(32).fill(0x5a);
const entry = `version = 1

[[sgx]]
mr_enclave = "${'5a'.repeat(32)}"
`;
const intel = `
[intel]
min_tcb_evaluation_data_number = 17
`;
const manifest = entry + intel;
/** The entry with more demands. */
const demanding = (demands: string): { manifest: string } => ({
  manifest: entry + demands + intel,
});

/** "Intel SGX ECDSA Quote Library API", appendix A: a header of 48 bytes, a report of 384. */
const offsets: QuoteOffsets = {
  measurement: 48 + 64,
  qeReport: 436 + 128,
  qeAuthData: 436 + 128 + 384 + 64 + 2,
};
const reserved = 48 + 20;

const { init, mode64Bit, provisionKey } = flags;
/** A manifest in the form of BlindAI's own file. */
const legacy = `mr_enclave = "${'5a'.repeat(32)}"
allow_debug = false
attributes_flags_hex = "0x0000000000000004"
attributes_mask_flags_hex = "0xffffffffffffffff"
attributes_xfrm_hex = "0x0000000000000003"
attributes_mask_xfrm_hex = "0xffffffffffffff1b"
misc_select_hex = "0x00000000"
misc_mask_hex = "0xffffffff"
`;

const headerOnly: SgxFlaw = { evidence: (quote) => quote.slice(0, 48), file: () => null };

const own: CaseTable<SgxFlaw> = {
  accept: {
    padded: {
      about: 'Zeros follow the quote; they are cut off.',
      quote: { padding: 64 },
    },
    'nonce-answered': {
      about:
        'The evidence vouches for the TLS certificate, the keyset and the nonce of a connection.',
      quote: { reportData: nonceReportData },
      reportData: connection,
    },
    'debug-allowed': {
      about: 'A debug enclave, which the caller accepts.',
      quote: { debug: true },
      weakenings: ['allowDebug'],
      weakened: ['debug'],
    },
    'manifest-of-blindai': {
      about: "A manifest in the form of BlindAI's own file.",
      manifest: legacy,
      weakened: ['tcb-evaluation-number'],
    },
  },
  layout: {
    'reserved-not-zero': {
      about: 'A reserved byte of the report is not zero.',
      evidence: flip(reserved),
    },
    'unknown-format': { about: 'The format is none that exists.', ...headerOnly, format: 'sgx' },
    'no-format': { about: 'Nobody recognised the format.', ...headerOnly, format: null },
  },
  debug: {
    'weak-mask': {
      about: 'A debug enclave, and a mask in the manifest that does not look.',
      quote: { debug: true },
      ...demanding('attributes_mask_flags_hex = "0xfffffffffffffffd"\n'),
    },
    'manifest-of-blindai-allows': {
      about: "BlindAI's manifest allows debug enclaves, which a file alone cannot do.",
      quote: { debug: true },
      manifest: legacy.replace('false', 'true'),
    },
  },
  mode: {
    'not-64-bit-weak-mask': {
      about: 'The enclave does not run in 64-bit mode, and a mask that does not look.',
      quote: { report: { flags: init } },
      ...demanding('attributes_flags_hex = "0"\nattributes_mask_flags_hex = "1"\n'),
    },
  },
  'provisioning-key': {
    'weak-mask': {
      about: 'The enclave has access to the provisioning key, and a mask that does not look.',
      quote: { report: { flags: init | mode64Bit | provisionKey } },
      ...demanding('attributes_mask_flags_hex = "5"\n'),
    },
  },
  measurement: {
    'other-code': {
      about: 'Genuine evidence of other code.',
      quote: { measurement: new Uint8Array(32) },
    },
  },
  attributes: {
    'flag-too-many': {
      about: 'The enclave has a flag (KSS) that the entry does not list.',
      quote: { report: { flags: init | mode64Bit | 0x80n } },
    },
  },
  'misc-select': {
    'bit-too-many': {
      about: 'MISCSELECT has a bit that the entry does not allow.',
      quote: { report: { miscSelect: 1 } },
    },
  },
  entry: {
    ended: {
      about: 'The entry ends at this very moment.',
      ...demanding('until = 2026-01-15T12:00:00Z\n'),
    },
    'tuples-mixed': {
      about: 'The measurement is that of one entry and the signer that of another.',
      quote: { report: { mrSigner: new Uint8Array(32).fill(0xa7) } },
      manifest: `${entry}mr_signer = "${'a8'.repeat(32)}"

[[sgx]]
mr_enclave = "${'5b'.repeat(32)}"
mr_signer = "${'a7'.repeat(32)}"
${intel}`,
    },
  },
  platform: {
    'another-machine': {
      about: 'The entry lists a machine, and this is another.',
      ...demanding(`platform = ["${'00'.repeat(16)}"]\n`),
    },
  },
  'report-data': {
    'other-bytes': {
      about: 'Other 64 bytes than demanded.',
      reportData: { exact: base64(flip(63)(reportData)) },
    },
  },
};

/** The cases of SGX quotes, version 3. */
export function sgxCases(): FormatCases<SgxFlaw> {
  const [shared] = divide(dcapCases('SGX', entry, offsets));
  return {
    format: 'sgx-dcap',
    manifest,
    table: mergeTables<SgxFlaw>({ accept: dcapAccepted(entry) }, shared, own),
    make: async (flaw) => {
      const platform = await createMachine('sgx', flaw);
      const quote = await platform.quote({ reportData, measurement, ...flaw.quote });
      return {
        evidence: flaw.evidence?.(quote) ?? quote,
        endorsements: endorse(flaw, platform.collateral),
      };
    },
  };
}
