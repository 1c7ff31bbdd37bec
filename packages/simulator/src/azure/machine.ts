import { concat, sha256, sha384, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import type { SimulatedCollateral } from '../collateral.ts';
import { createPlatform } from '../platform.ts';
import type { PlatformOptions, SimulatedPlatform } from '../platform.ts';
import { createSnpPlatform } from '../snp/platform.ts';
import type {
  SimulatedSnpPlatform,
  SnpPlatformOptions,
  SnpReportOptions,
} from '../snp/platform.ts';
import type { TdQuoteOptions } from '../td-quote.ts';
import { createAttestationKey } from '../tpm/attestation-key.ts';
import type { TpmAttestationKey } from '../tpm/attestation-key.ts';
import { digestPcrs, encodeTpmQuote, selectPcrs } from '../tpm/quote.ts';
import type { TpmQuote } from '../tpm/quote.ts';
import { encodeHclReport, padded } from './hcl-report.ts';
import type { HclHeader } from './hcl-report.ts';
import { createRuntimeClaims } from './runtime-claims.ts';
import type { RuntimeClaims } from './runtime-claims.ts';
import { tdReportOfQuote } from './td-report.ts';

/** A confidential virtual machine of the fake Azure: the options of the machine under it, and which it is. */
export type AzureMachineOptions =
  (SnpPlatformOptions & { readonly tee: 'snp' }) | (PlatformOptions & { readonly tee: 'tdx' });

/** What evidence is asked for, and how each of its links departs from a good one. */
export interface AzureEvidenceOptions {
  /** 64 bytes; the quote's `extraData` is their SHA-256. */
  readonly reportData: Uint8Array;
  /** Of the paravisor, 48 bytes. Default SHA-384 of "BlindAI SIMULATION paravisor". */
  readonly measurement?: Uint8Array;
  /** PCRs by index, 32 bytes, in place of the ones that it would have. */
  readonly pcrs?: Readonly<Record<number, Uint8Array>>;
  /** The PCRs that are quoted. Default all 24. */
  readonly selected?: readonly number[];
  /** What is quoted in place of the hash of the report data. */
  readonly extraData?: Uint8Array;
  /** Members of the quote; they win over the ones above. */
  readonly quote?: Partial<TpmQuote>;
  /** Signs the quote, with PKCS#1 v1.5 if it is such a key. Default the attestation key in the runtime claims. */
  readonly signedBy?: CryptoKey;
  /** Changes the quote before it is signed. */
  readonly editQuote?: (message: Bytes) => Bytes;
  /** Changes the runtime claims before the hardware vouches for them. */
  readonly editClaims?: (claims: RuntimeClaims) => object;
  /** Changes their JSON text before the hardware vouches for it. */
  readonly editClaimsText?: (text: string) => string;
  /** Changes their JSON text after the hardware vouched for it. */
  readonly tamperClaimsText?: (text: string) => string;
  /** 64 bytes for which the hardware vouches in place of the hash of the runtime claims. */
  readonly hardwareReportData?: Uint8Array;
  /** How the SNP report departs from a good one. */
  readonly report?: Partial<SnpReportOptions>;
  /** How the quote of the TD departs from a good one. */
  readonly tdQuote?: Partial<TdQuoteOptions>;
  /** Members of the heads of the HCL report. */
  readonly hcl?: Partial<HclHeader>;
  /** Changes the HCL report, which nothing signs as a whole. */
  readonly tamperHcl?: (report: Bytes) => Bytes;
  /** Changes the members of the evidence. */
  readonly edit?: (evidence: AzureEvidence) => object;
  /** Changes the JSON text of the evidence. */
  readonly tamper?: (text: string) => string;
}

/** A quote with what one needs to judge it; bytes as arrays of numbers. */
export interface AzureTpmQuote {
  /** TPMS_ATTEST. */
  readonly message: readonly number[];
  /** 24 PCRs of the SHA-256 bank. */
  readonly pcrs: readonly (readonly number[])[];
  /** 256 bytes. */
  readonly signature: readonly number[];
}

/** The members of evidence over SNP or over TDX; bytes as arrays of numbers. */
export type AzureEvidence =
  | {
      readonly quote: AzureTpmQuote;
      /** HCL report. */
      readonly report: readonly number[];
      /** PEM. */
      readonly vcek: string;
    }
  | {
      readonly tpm_quote: AzureTpmQuote;
      readonly hcl_report: readonly number[];
      readonly td_quote: readonly number[];
    };

/** What a verifier is given besides: over SNP the CRL, DER; over TDX Intel's collateral. */
export type AzureEndorsements = { readonly crl: Bytes } | SimulatedCollateral;

/** A virtual machine of the fake Azure. Its evidence has the real format and protects nothing. */
export interface SimulatedAzureMachine {
  readonly endorsements: AzureEndorsements;
  readonly attestationKey: TpmAttestationKey;
  /** What the hardware vouches for, as a JSON text. */
  readonly runtimeClaims: RuntimeClaims;
  /**
   * Makes evidence, the UTF-8 of a JSON text.
   *
   * @throws {TypeError} if a field has not the length that its format says.
   */
  evidence(options: AzureEvidenceOptions): Promise<Bytes>;
}

/** Makes a confidential virtual machine with a TPM of its own, on a machine of the fake AMD or the fake Intel. */
export async function createAzureMachine(
  options: AzureMachineOptions,
): Promise<SimulatedAzureMachine> {
  const attestationKey = await createAttestationKey();
  const runtimeClaims = createRuntimeClaims(options.tee, attestationKey.n);
  const hardware =
    options.tee === 'snp'
      ? snpHardware(await createSnpPlatform(options))
      : tdxHardware(await createPlatform(options));

  const evidence = async (asked: AzureEvidenceOptions): Promise<Bytes> => {
    const quote = await createQuote(attestationKey, asked);
    const claims = JSON.stringify(asked.editClaims?.(runtimeClaims) ?? runtimeClaims);
    const text = asked.editClaimsText?.(claims) ?? claims;
    const reportData = asked.hardwareReportData ?? padded(await sha256(utf8(text)), 64);
    const members = await hardware.evidence(
      quote,
      {
        reportData,
        measurement: asked.measurement ?? (await sha384(utf8('BlindAI SIMULATION paravisor'))),
      },
      asked.tamperClaimsText?.(text) ?? text,
      asked,
    );
    const json = JSON.stringify(asked.edit?.(members) ?? members, null, hardware.indent);
    return utf8(asked.tamper?.(`${json}\n`) ?? `${json}\n`);
  };
  return { endorsements: hardware.endorsements, attestationKey, runtimeClaims, evidence };
}

/** What the hardware is asked to vouch for. */
interface Vouched {
  readonly reportData: Uint8Array;
  readonly measurement: Uint8Array;
}

/** The part of a machine that differs between SNP and TDX. */
interface Hardware {
  readonly endorsements: AzureEndorsements;
  /** Of the JSON text, as the two tools write theirs. */
  readonly indent: number;
  readonly evidence: (
    quote: AzureTpmQuote,
    vouched: Vouched,
    claims: string,
    asked: AzureEvidenceOptions,
  ) => Promise<AzureEvidence>;
}

function snpHardware(platform: SimulatedSnpPlatform): Hardware {
  return {
    endorsements: { crl: platform.crl },
    indent: 2,
    evidence: async (quote, vouched, claims, asked) => {
      const report = await platform.report({ ...vouched, ...asked.report });
      const hcl = encodeHclReport('snp', report, claims, asked.hcl);
      return { quote, report: [...(asked.tamperHcl?.(hcl) ?? hcl)], vcek: platform.ekPem };
    },
  };
}

/** A guest is given its quote in a buffer, with what is left of it. */
const quotePadding = 70;

function tdxHardware(platform: SimulatedPlatform): Hardware {
  const cpuSvn = Uint8Array.from(platform.machine.componentSvns);
  return {
    endorsements: platform.collateral,
    indent: 0,
    evidence: async ({ signature, message, pcrs }, vouched, claims, asked) => {
      const padding = quotePadding;
      const tdQuote = await platform.tdQuote({ ...vouched, padding, ...asked.tdQuote });
      const report = await tdReportOfQuote(tdQuote, cpuSvn);
      const hcl = encodeHclReport('tdx', report, claims, asked.hcl);
      return {
        tpm_quote: { signature, message, pcrs }, // in the other tool's order
        hcl_report: [...(asked.tamperHcl?.(hcl) ?? hcl)],
        td_quote: [...tdQuote],
      };
    },
  };
}

async function createQuote(
  attestationKey: TpmAttestationKey,
  asked: AzureEvidenceOptions,
): Promise<AzureTpmQuote> {
  const pcrs = await Promise.all(
    Array.from({ length: 24 }, async (_, index) => asked.pcrs?.[index] ?? defaultPcr(index)),
  );
  const selected = asked.selected ?? [...pcrs.keys()];
  const encoded = encodeTpmQuote({
    magic: 0xff54_4347,
    type: 0x8018,
    qualifiedSigner: attestationKey.qualifiedName,
    extraData: asked.extraData ?? (await sha256(concat(asked.reportData))),
    clock: 1_800_000n,
    resetCount: 2,
    restartCount: 0,
    safe: true,
    firmwareVersion: 0x2020_0312_0012_0003n,
    selections: [selectPcrs(selected)],
    pcrDigest: await digestPcrs(pcrs.filter((_, index) => selected.includes(index))),
    ...asked.quote,
  });
  const message = asked.editQuote?.(encoded) ?? encoded;
  const key = asked.signedBy ?? attestationKey.keys.privateKey;
  const signature = await crypto.subtle.sign(
    { name: key.algorithm.name, hash: 'SHA-256', saltLength: 32 },
    key,
    message,
  );
  return {
    message: [...message],
    pcrs: pcrs.map((pcr) => [...pcr]),
    signature: [...new Uint8Array(signature)],
  };
}

/** A hash where Linux measures into it; ones where only a dynamic launch would have (17 to 22); else zeros. */
async function defaultPcr(index: number): Promise<Uint8Array> {
  if (index < 8 || [9, 11, 12, 14].includes(index)) {
    return sha256(utf8(`BlindAI SIMULATION PCR${index}`));
  }
  return new Uint8Array(32).fill(index >= 17 && index <= 22 ? 0xff : 0);
}
