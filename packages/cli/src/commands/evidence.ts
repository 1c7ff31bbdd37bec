import {
  acceptMissingCrl,
  allowDebug,
  anyMeasurement,
  anyReportData,
  AttestationError,
  type AttestationInput,
  type ExpectedReportData,
  type Format,
  formats,
  type Policy,
  type UnmatchedPolicy,
  vendorAnchors,
  verifyAttestation,
} from '@blindai/attestation';
import { simulationAnchors } from '@blindai/attestation/simulation';
import { loadManifest } from '@blindai/client';
import type { AttestationReply } from '@blindai/protocol';
import { type Command, Option } from 'commander';
import {
  addPolicyOptions,
  parseHex,
  type PolicyFlags,
  policyOptions,
} from '../connection-options.ts';
import { endorsementsOf, type GivenEndorsements, isAmd } from '../evidence/endorsements.ts';
import { parseRecorded } from '../evidence/recorded-evidence.ts';
import { UsageError } from '../exit-codes.ts';
import { maxFileBytes, readBounded } from '../input-files.ts';
import { parseTime } from '../time.ts';
import type { Context } from './context.ts';
import {
  addReportOptions,
  printAccepted,
  printRefusal,
  type ReportFlags,
} from './report-options.ts';

interface EvidenceFlags extends PolicyFlags, ReportFlags {
  readonly format: Format | 'auto';
  readonly endorsements?: string;
  readonly crl?: string;
  readonly at?: Date;
  readonly reportData?: Uint8Array;
  readonly nonce?: Uint8Array;
}

/** `blindai evidence verify FILE`: judges evidence offline, whoever recorded it and whenever. */
export function addEvidence(program: Command, context: Context): void {
  const evidence = program.command('evidence').description('judge recorded evidence, offline');
  const command = evidence
    .command('verify')
    .description('verify evidence: every check, in order, and the verdict')
    .argument('<file>', "raw evidence, Azure's as JSON; or a reply of /attestation (CBOR or JSON)")
    .addOption(
      new Option('--format <format>', 'what FILE is').choices(['auto', ...formats]).default('auto'),
    )
    .option(
      '--endorsements <file>',
      "Intel's collateral (JSON, or the CBOR map of /collateral); AMD's VCEK or VLEK (DER or PEM)",
    )
    .option('--crl <file>', "AMD's revocation list (DER or PEM); Intel's collateral brings its own")
    .option('--at <time>', 'judge validity at this moment, ISO 8601 (default: now)', parseTime)
    .option('--report-data <hex>', 'the 64 bytes that the evidence must vouch for', parseHex(64))
    .option('--nonce <hex>', 'the 32 bytes that were sent for this reply', parseHex(32));
  addReportOptions(command);
  addPolicyOptions(command, { anyMeasurement: true });
  command.addHelpText(
    'after',
    `
What each TEE needs besides FILE; a reply of /attestation brings it itself:
  Intel SGX, TDX        --endorsements: TCB info, the quoting enclave's identity, revocation lists, chains
  AMD SEV-SNP           --endorsements: the certificate of the chip's key, VCEK or VLEK; --crl: AMD's list.
                        Without --crl the rows of the list are weakened; only this command permits that
  AWS Nitro             nothing: the document has its chain, and AWS publishes no revocation list
  Azure, over SEV-SNP   --crl as above; the VCEK is in FILE
  Azure, over TDX       --endorsements as for TDX

Without --report-data, and without --nonce and a reply, nothing ties the evidence to keys or a moment: that row is
weakened. Exit status: 0 accepted, 2 refused.

Examples:
  blindai evidence verify reply.cbor --manifest manifest.toml --nonce HEX --json
  blindai evidence verify quote.bin --endorsements collateral.json --any-measurement --at 2025-07-04T10:00:00Z
  blindai evidence verify report.bin --endorsements vcek.der --crl milan.crl --manifest manifest.toml
  blindai evidence verify nitro.cbor --manifest manifest.toml --at 2025-07-04T10:00:00Z
  blindai evidence verify azure-snp.json --crl milan.crl --manifest manifest.toml
  blindai evidence verify azure-tdx.json --endorsements collateral.json --any-measurement --explain`,
  );
  command.action(async (file: string, flags: EvidenceFlags) => {
    if (flags.reportData !== undefined && flags.nonce !== undefined)
      throw new UsageError(
        '--report-data and --nonce say the same thing in two ways: give one of them',
      );
    const { manifest, policy } = await policyOf(flags);
    const recorded = parseRecorded(await readBounded(file, maxFileBytes.evidence));
    if (flags.nonce !== undefined && recorded.reply === null && recorded.format !== null)
      throw new UsageError(
        '--nonce needs a reply of /attestation, which holds certificate and keyset; for raw evidence give --report-data',
      );
    const format = flags.format === 'auto' ? recorded.format : flags.format;
    const endorsements = endorsementsOf(recorded, format, await readGiven(flags));
    const input: AttestationInput = { format, evidence: recorded.evidence, endorsements };
    // Evidence of AMD comes without a revocation list: one may be missing, to look at it. A given one is judged.
    const mayMiss = isAmd(format) && flags.crl === undefined;
    try {
      const claims = await verifyAttestation(
        input,
        expectedOf(recorded.reply, flags),
        mayMiss ? { ...policy, [acceptMissingCrl]: true } : policy,
        flags.at ?? new Date(),
      );
      printAccepted(claims, claims.report, { manifest }, flags, context);
    } catch (error) {
      if (!(error instanceof AttestationError)) throw error;
      printRefusal(error.report, { manifest }, flags, context);
    }
  });
}

async function policyOf(
  flags: EvidenceFlags,
): Promise<{ manifest: Uint8Array | undefined; policy: Policy | UnmatchedPolicy }> {
  const { manifest, manifestSha256 } = await policyOptions(flags);
  const policy = {
    anchors: flags.simulation === true ? simulationAnchors : vendorAnchors,
    ...(manifest === undefined ? {} : { manifest: await loadManifest(manifest, manifestSha256) }),
    ...(flags.allowDebug === true ? { [allowDebug]: true as const } : {}),
    ...(flags.anyMeasurement === true ? { [anyMeasurement]: true as const } : {}),
  };
  return { manifest, policy };
}

async function readGiven({ endorsements, crl }: EvidenceFlags): Promise<GivenEndorsements> {
  return {
    ...(endorsements === undefined ? {} : { endorsements: await readEndorsements(endorsements) }),
    ...(crl === undefined ? {} : { crl: await readEndorsements(crl) }),
  };
}

function readEndorsements(path: string): Promise<Uint8Array> {
  return readBounded(path, maxFileBytes.endorsements);
}

const nothing = new Uint8Array();

function expectedOf(reply: AttestationReply | null, flags: EvidenceFlags): ExpectedReportData {
  if (flags.reportData !== undefined) return { reportData: flags.reportData };
  if (flags.nonce === undefined) return { [anyReportData]: true };
  // Without a reply there is nothing that could fit the nonce: what was demanded is refused, never dropped.
  const { certificate, keyset } = reply ?? { certificate: nothing, keyset: nothing };
  return { certificate, keyset, nonce: flags.nonce };
}
