import { collateralJson, createAzureMachine } from '@blindai/simulator';
import type {
  AzureEvidence,
  AzureEvidenceOptions,
  AzureTpmQuote,
  PlatformOptions,
  RuntimeClaims,
  SimulatedCollateral,
  SnpPlatformOptions,
} from '@blindai/simulator';
import { at, base64, type CaseTable, type FormatCases, mapTable, reportData } from './case.ts';
import { connection, nonceReportData } from './connection.ts';
import { flip } from './bytes.ts';
import { dcapCases, endorse, machineOptions } from './dcap.ts';
import { firstOf, mergeTables } from './merge-tables.ts';
import { pem } from './pem.ts';
import { type SnpFlaw, snpTable } from './snp.ts';
import { type TdxFlaw, tdxOffsets, tdxOnly } from './tdx.ts';

type Tee = 'snp' | 'tdx';

/** What is wrong with the evidence of a confidential virtual machine of Azure. */
interface AzureFlaw {
  readonly snp?: Omit<SnpPlatformOptions, 'at'>;
  readonly tdx?: Omit<PlatformOptions, 'at'>;
  readonly asked?: Partial<AzureEvidenceOptions>;
  /** Changes the JSON text. */
  readonly text?: (text: string) => string;
  /** Changes the endorsements, in JSON form. */
  readonly endorsements?: (given: unknown) => unknown;
}

const measurement = new Uint8Array(48).fill(0x7a);
/** Boot loader, kernel, initrd and command line. */
const pcrs = Object.fromEntries(
  [4, 8, 9, 11].map((index) => [index, new Uint8Array(32).fill(index)]),
);

/** Floors for AMD's hardware. */
const floors = 'minimum_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 219 }\n';

function azureEntry({ pcr9 = '09', demands = '' } = {}): string {
  return `version = 1

[[azure]]
covers = ["firmware", "kernel", "initrd", "cmdline", "rootfs"]
measurement = "${'7a'.repeat(48)}"
pcrs = { 4 = "${'04'.repeat(32)}", 8 = "${'08'.repeat(32)}", 9 = "${pcr9.repeat(32)}", 11 = "${'0b'.repeat(32)}" }
${demands}`;
}

const intel = `
[intel]
min_tcb_evaluation_data_number = 17
`;

/** Ten PCRs. */
const withoutPcr9: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11];

const someoneElse = await crypto.subtle.generateKey(
  {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  },
  true,
  ['sign', 'verify'],
);

/** Changes what is beside the quote's signature, or the signature. */
function editQuote(edit: (quote: AzureTpmQuote) => AzureTpmQuote): Pick<AzureFlaw, 'asked'> {
  return {
    asked: {
      edit: (evidence) =>
        'quote' in evidence
          ? { ...evidence, quote: edit(evidence.quote) }
          : { ...evidence, tpm_quote: edit(evidence.tpm_quote) },
    },
  };
}

function editKeys(
  edit: (keys: RuntimeClaims['keys']) => RuntimeClaims['keys'],
): Pick<AzureFlaw, 'asked'> {
  return { asked: { editClaims: (claims) => ({ ...claims, keys: edit(claims.keys) }) } };
}

/** What the evidence of both kinds of machine shares, around the hardware's own. */
function azureOnly(fixed: string, tail: string): CaseTable<AzureFlaw> {
  return {
    layout: {
      'cut-off': { about: 'The JSON text is cut off.', text: (text) => text.slice(0, -1) },
      'no-hcl-report': {
        about: 'The HCL report does not begin as one.',
        asked: { hcl: { signature: 'HCLB' } },
      },
    },
    'runtime-data': {
      'doubled-member': {
        about: 'The runtime claims for which the hardware vouches have their keys twice.',
        asked: { editClaimsText: (text) => text.replace('{"keys"', '{"keys":[],"keys"') },
      },
      'no-attestation-key': {
        about: 'The runtime claims have no attestation key.',
        ...editKeys((keys) => keys.filter(({ kid }) => kid !== 'HCLAkPub')),
      },
      'two-attestation-keys': {
        about: 'The runtime claims have two attestation keys.',
        ...editKeys((keys) => [...keys, { ...keys[0]!, n: keys[1]!.n }]),
      },
    },
    'runtime-binding': {
      'claims-changed': {
        about: 'The runtime claims were changed after the hardware vouched for them.',
        asked: {
          tamperClaimsText: (text) => text.replace('"secure-boot":true', '"secure-boot":null'),
        },
      },
      'other-claims': {
        about: 'The hardware vouches for something else.',
        asked: { hardwareReportData: new Uint8Array(64).fill(0x66) },
      },
    },
    'tpm-quote': {
      'not-made-by-a-tpm': {
        about: 'The magic number is another: the TPM may sign such bytes for anybody.',
        asked: { quote: { magic: 0x0000_4347 } },
      },
      'no-quote': {
        about: 'The attestation key signed a statement about a key, and no quote.',
        asked: { quote: { type: 0x8017 } },
      },
    },
    'tpm-quote-signature': {
      'signed-by-someone-else': {
        about: 'The quote is not signed by the attestation key in the runtime claims.',
        asked: { signedBy: someoneElse.privateKey },
      },
    },
    'pcr-digest': {
      'pcr-changed': {
        about: 'PCR9 is not the one that was quoted.',
        ...editQuote((quote) => ({
          ...quote,
          pcrs: quote.pcrs.map((pcr, index) => (index === 9 ? pcr.map(() => 0x66) : pcr)),
        })),
        manifest: azureEntry({ pcr9: '66', demands: fixed }) + tail,
      },
      'pcrs-beside-the-quote': {
        about: 'All 24 PCRs stand beside the quote, which covers ten of them.',
        asked: { selected: withoutPcr9 },
      },
    },
    measurement: {
      'other-paravisor': {
        about: 'Genuine evidence with another measurement of the hardware.',
        asked: { measurement: new Uint8Array(48) },
      },
    },
    registers: {
      'other-pcr9': {
        about: 'PCR9 is not the one that is demanded.',
        asked: { pcrs: { ...pcrs, 9: new Uint8Array(32).fill(0x66) } },
      },
      'pcr9-not-quoted': {
        about: 'PCR9 is demanded, and the quote does not cover it.',
        asked: {
          selected: withoutPcr9,
          ...editQuote((quote) => ({
            ...quote,
            pcrs: withoutPcr9.map((index) => quote.pcrs[index]!),
          })).asked,
        },
      },
    },
    entry: {
      ended: {
        about: 'The entry ends at this very moment.',
        manifest: azureEntry({ demands: `${fixed}until = 2026-01-15T12:00:00Z\n` }) + tail,
      },
    },
    'report-data': {
      'other-bytes': {
        about: 'The quote is for other 64 bytes than demanded.',
        reportData: { exact: base64(flip(63)(reportData)) },
      },
      'bytes-not-hashed': {
        about: 'The quote has the first 32 of the 64 bytes themselves, and not their hash.',
        asked: { extraData: reportData.slice(0, 32) },
      },
    },
  };
}

/** Checks of the hardware's own evidence that Azure's makes too, with one case each. */
const snpChecks = [
  'certificate',
  'crl',
  'trust-anchor',
  'certificate-chain',
  'certificate-validity',
  'crl-signature',
  'crl-validity',
  'certificate-revoked',
  'platform-match',
  'report-signature',
  'debug',
  'migration',
  'vmpl',
] as const;

function snpInside(): CaseTable<AzureFlaw> {
  const inside: CaseTable<SnpFlaw> = Object.fromEntries(
    snpChecks.map((check) => [check, snpTable[check]]),
  );
  return mapTable(firstOf(inside, 1), ({ platform, report, endorsements, ...rest }) => ({
    ...rest,
    ...(platform && { snp: platform }),
    ...(report && { asked: { report } }),
    ...(endorsements && { endorsements: () => ({}) }),
  }));
}

/** The cases of Azure's confidential virtual machines on AMD's hardware. */
export function azureSnpCases(): FormatCases<AzureFlaw> {
  const own: CaseTable<AzureFlaw> = {
    accept: {
      'up-to-date': { about: "A vTPM's quote for report data, over an SNP report." },
      'nonce-answered': {
        about: 'The quote is for the TLS certificate, the keyset and the nonce of a connection.',
        asked: { reportData: nonceReportData },
        reportData: connection,
      },
      'no-floors': {
        about: 'The entry demands no version of the firmware, so the row says that it is weakened.',
        manifest: azureEntry(),
        weakened: ['minimum-tcb'],
      },
    },
    'minimum-tcb': {
      'launch-below': {
        about: 'LAUNCH_TCB is below the floor: the machine was started under older firmware.',
        snp: { launchTcb: { bootloader: 3 } },
      },
    },
    platform: {
      'another-machine': {
        about: 'The entry lists a chip, and this is another.',
        manifest: azureEntry({ demands: `${floors}chip_id = ["${'01'.repeat(64)}"]\n` }),
      },
    },
    endorsements: {
      'unknown-member': {
        about: 'There is a member that nobody knows.',
        endorsements: (given) => ({ ...(given as object), ask: '' }),
      },
    },
  };
  return {
    format: 'azure-snp-vtpm',
    manifest: azureEntry({ demands: floors }),
    table: mergeTables(own, azureOnly(floors, ''), snpInside()),
    make: async (flaw) => make('snp', flaw),
  };
}

function tdxInside(entry: string): CaseTable<AzureFlaw> {
  const { layout: _layout, ...shared } = dcapCases('TDX', entry, tdxOffsets);
  const names = ['tdx-module', 'debug', 'migration', 'td-attributes'] as const;
  const inside: CaseTable<TdxFlaw> = {
    ...shared,
    ...Object.fromEntries(names.map((name) => [name, tdxOnly[name]])),
  };
  return mapTable(firstOf(inside, 1), ({ platform, quote, evidence, file, map, ...rest }) => ({
    ...rest,
    ...(platform && { tdx: platform }),
    asked: {
      ...(quote && { tdQuote: quote }),
      ...(evidence && { edit: (members) => editTdQuote(members, evidence) }),
    },
    endorsements: (given) =>
      endorse({ ...(file && { file }), ...(map && { map }) }, given as SimulatedCollateral),
  }));
}

function editTdQuote(members: AzureEvidence, edit: (quote: Uint8Array) => Uint8Array): object {
  if (!('td_quote' in members)) throw new TypeError('no evidence over TDX');
  return { ...members, td_quote: [...edit(Uint8Array.from(members.td_quote))] };
}

/** The cases of Azure's confidential virtual machines on Intel's hardware. */
export function azureTdxCases(): FormatCases<AzureFlaw> {
  const own: CaseTable<AzureFlaw> = {
    accept: { 'up-to-date': { about: "A vTPM's quote for report data, over a TD quote." } },
    platform: {
      'another-machine': {
        about: 'The entry lists a machine, and this is another.',
        manifest: azureEntry({ demands: `platform = ["${'00'.repeat(16)}"]\n` }) + intel,
      },
    },
  };
  return {
    format: 'azure-tdx-vtpm',
    manifest: azureEntry() + intel,
    table: mergeTables(own, firstOf(azureOnly('', intel), 1), tdxInside(azureEntry())),
    make: async (flaw) => make('tdx', flaw),
  };
}

async function make(
  tee: Tee,
  flaw: AzureFlaw,
): Promise<{ evidence: string; endorsements: unknown }> {
  const machine = await createAzureMachine(
    tee === 'snp' ? { at, tee, ...flaw.snp } : { ...machineOptions('tdx', flaw.tdx), tee },
  );
  const bytes = await machine.evidence({ reportData, measurement, pcrs, ...flaw.asked });
  // Azure's tools write a number a line; that would be most of the file.
  const text = JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)));
  return {
    evidence: flaw.text?.(text) ?? text,
    endorsements: endorsementsOf(machine.endorsements, flaw),
  };
}

function endorsementsOf(
  given: { readonly crl: Uint8Array } | SimulatedCollateral,
  { endorsements }: AzureFlaw,
): unknown {
  if ('crl' in given) {
    const members = { crl: pem('X509 CRL', given.crl) };
    return endorsements ? endorsements(members) : members;
  }
  return endorsements ? endorsements(given) : (JSON.parse(collateralJson(given)) as unknown);
}
