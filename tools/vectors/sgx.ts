import { flags } from '@blindai/simulator';
import type { QuoteOptions } from '@blindai/simulator';
import { flip, overwrite } from './bytes.ts';
import { base64, type CaseTable, type FormatCases, reportData } from './case.ts';
import { another, connection, nonceReportData } from './connection.ts';
import { createMachine, type DcapFlaw, dcapCases, endorse, type QuoteOffsets } from './dcap.ts';
import { mergeTables } from './merge-tables.ts';

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
const authDataLength = 432;

const { init, mode64Bit, provisionKey, debug } = flags;
const allDemands = `mr_signer = "${'a7'.repeat(32)}"
isv_prod_id = 3
isv_svn = 5
config_id = "${'c0'.repeat(64)}"
until = 2026-01-15T12:00:01Z
`;
const allDemanded: Partial<QuoteOptions> = {
  report: {
    mrSigner: new Uint8Array(32).fill(0xa7),
    isvProdId: 3,
    isvSvn: 6,
    configId: new Uint8Array(64).fill(0xc0),
  },
};

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
    'whole-tuple': {
      about: 'Signer, product, version, configuration and end are demanded and found.',
      quote: allDemanded,
      ...demanding(allDemands),
    },
    'manifest-of-blindai': {
      about: "A manifest in the form of BlindAI's own file.",
      manifest: legacy,
      weakened: ['tcb-evaluation-number'],
    },
  },
  layout: {
    'other-certification-data': {
      about: 'The certification data are of a kind that is not expected in version 3.',
      quote: { certification: { type: 6, data: new Uint8Array(9) } },
    },
    'reserved-not-zero': {
      about: 'A reserved byte of the report is not zero.',
      evidence: flip(reserved),
    },
    'length-too-large': {
      about: 'The length of the signature data is 4 GiB.',
      evidence: overwrite(authDataLength, 0xff, 0xff, 0xff, 0xff),
    },
    'unknown-format': { about: 'The format is none that exists.', ...headerOnly, format: 'sgx' },
    'no-format': { about: 'Nobody recognised the format.', ...headerOnly, format: null },
  },
  debug: {
    'debug-enclave': { about: 'The host can read the enclave.', quote: { debug: true } },
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
    'not-64-bit': {
      about: 'The enclave does not run in 64-bit mode.',
      quote: { report: { flags: init } },
    },
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
    'no-entry': { about: 'The manifest has no entry.', manifest: `version = 1\n${intel}` },
  },
  attributes: {
    'flag-too-many': {
      about: 'The enclave has a flag (KSS) that the entry does not list.',
      quote: { report: { flags: init | mode64Bit | 0x80n } },
    },
    'feature-too-few': {
      about: 'The enclave runs without SSE state.',
      quote: { report: { xfrm: 0x1n } },
    },
    'feature-too-many': {
      about: 'The enclave has a processor feature (MPX) that the entry does not allow.',
      quote: { report: { xfrm: 0xfn } },
    },
    'debug-demanded-off': {
      about: 'Debug enclaves are allowed, but this one has another flag too.',
      quote: { report: { flags: init | mode64Bit | debug | 0x80n } },
      weakenings: ['allowDebug'],
    },
  },
  'misc-select': {
    'bit-too-many': {
      about: 'MISCSELECT has a bit that the entry does not allow.',
      quote: { report: { miscSelect: 1 } },
    },
  },
  entry: {
    'other-signer': {
      about: 'Another signer than demanded.',
      ...demanding(`mr_signer = "${'00'.repeat(32)}"\n`),
    },
    'older-version': {
      about: 'Version 4, where at least 5 is demanded.',
      quote: { report: { isvSvn: 4 } },
      ...demanding('isv_svn = 5\n'),
    },
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
    'another-nonce': {
      about: 'The evidence answers another nonce: it is old.',
      quote: { reportData: nonceReportData },
      reportData: { ...connection, nonce: another },
    },
  },
};

/** The cases of SGX quotes, version 3. */
export function sgxCases(): FormatCases<SgxFlaw> {
  const shared = dcapCases('SGX', entry, offsets);
  return {
    format: 'sgx-dcap',
    manifest,
    table: mergeTables<SgxFlaw>(shared, own),
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
