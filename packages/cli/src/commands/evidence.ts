import {
  allowDebug,
  anyMeasurement,
  anyReportData,
  AttestationError,
  type AttestationInput,
  detectFormat,
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
import { type AttestationReply, decodeAttestationReply, decodeCollateral } from '@blindai/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  addPolicyOptions,
  parseHex,
  type PolicyFlags,
  policyOptions,
} from '../connection-options.ts';
import { UsageError } from '../exit-codes.ts';
import { maxFileBytes, readBounded } from '../input-files.ts';
import { formatReport } from '../print/report.ts';
import { type Context, json } from './context.ts';
import { printRefusal } from './verify.ts';

interface EvidenceFlags extends PolicyFlags {
  readonly format: Format | 'auto';
  readonly endorsements?: string;
  readonly crl?: string;
  readonly at?: Date;
  readonly reportData?: Uint8Array;
  readonly nonce?: Uint8Array;
  readonly json?: boolean;
}

/** `blindai evidence verify FILE`: judges evidence offline, whoever recorded it and whenever. */
export function addEvidence(program: Command, context: Context): void {
  const evidence = program.command('evidence').description('judge recorded evidence, offline');
  const command = evidence
    .command('verify')
    .description('verify evidence: every check, in order, and the verdict')
    .argument('<file>', 'raw evidence (an SGX quote), or a reply of /attestation (CBOR or JSON)')
    .addOption(
      new Option('--format <format>', 'what FILE is').choices(['auto', ...formats]).default('auto'),
    )
    .option('--endorsements <file>', 'the collateral: JSON, or the CBOR map of /collateral')
    .option('--crl <file>', 'a revocation list, for formats whose endorsements have none')
    .option('--at <time>', 'judge validity at this moment, ISO 8601 (default: now)', parseTime)
    .option('--report-data <hex>', 'the 64 bytes that the evidence must vouch for', parseHex(64))
    .option('--nonce <hex>', 'the 32 bytes that were sent for this reply', parseHex(32))
    .option('--json', 'print one JSON object');
  addPolicyOptions(command, { anyMeasurement: true });
  command.addHelpText(
    'after',
    `
Without --report-data, and without --nonce and a reply, nothing ties the evidence to keys or a moment: that row is
weakened. Exit status: 0 accepted, 2 refused.

Examples:
  blindai evidence verify quote.bin --endorsements collateral.json --any-measurement --at 2025-07-04T10:00:00Z
  blindai evidence verify reply.cbor --manifest manifest.toml --nonce HEX --json`,
  );
  command.action(async (file: string, flags: EvidenceFlags) => {
    if (flags.reportData !== undefined && flags.nonce !== undefined)
      throw new UsageError(
        '--report-data and --nonce say the same thing in two ways: give one of them',
      );
    if (flags.crl !== undefined)
      throw new UsageError(
        '--crl is for formats whose endorsements hold no revocation list; DCAP brings its own',
      );
    const policy = await policyOf(flags);
    const recorded = parseRecorded(await readBounded(file, maxFileBytes.evidence));
    const { input, expected } = await inputOf(recorded, flags);
    try {
      const claims = await verifyAttestation(input, expected, policy, flags.at ?? new Date());
      context.out(
        flags.json === true ? json(claims.report) : formatReport(claims.report, context.paint),
      );
    } catch (error) {
      if (!(error instanceof AttestationError)) throw error;
      printRefusal(error.report, flags.json === true, context);
    }
  });
}

async function policyOf(flags: EvidenceFlags): Promise<Policy | UnmatchedPolicy> {
  const { manifest, manifestSha256 } = await policyOptions(flags);
  return {
    anchors: flags.simulation === true ? simulationAnchors : vendorAnchors,
    ...(manifest === undefined ? {} : { manifest: await loadManifest(manifest, manifestSha256) }),
    ...(flags.allowDebug === true ? { [allowDebug]: true as const } : {}),
    ...(flags.anyMeasurement === true ? { [anyMeasurement]: true as const } : {}),
  };
}

/** A file is a reply if it begins like a JSON object or a CBOR map; no evidence does. */
function parseRecorded(bytes: Uint8Array): { raw: Uint8Array; reply: AttestationReply | null } {
  const form = mapForm(bytes);
  if (form === null) return { raw: bytes, reply: null };
  try {
    return { raw: bytes, reply: decodeAttestationReply(bytes, form) };
  } catch {
    return { raw: bytes, reply: null }; // the verifier will not recognise it either, and says so
  }
}

async function inputOf(
  recorded: ReturnType<typeof parseRecorded>,
  flags: EvidenceFlags,
): Promise<{ input: AttestationInput; expected: ExpectedReportData }> {
  const { raw, reply } = recorded;
  const endorsements =
    flags.endorsements === undefined
      ? reply?.endorsements
      : parseEndorsements(await readBounded(flags.endorsements, maxFileBytes.endorsements));
  const recognised = reply === null ? detectFormat(raw) : reply.format;
  const format = flags.format === 'auto' ? recognised : flags.format;
  if (flags.nonce !== undefined && reply === null && detectFormat(raw) !== null)
    throw new UsageError(
      '--nonce needs a reply of /attestation, which holds certificate and keyset; for raw evidence give --report-data',
    );
  return {
    input: { format, evidence: reply?.evidence ?? raw, endorsements },
    expected: expectedOf(reply, flags),
  };
}

const nothing = new Uint8Array();

function expectedOf(reply: AttestationReply | null, flags: EvidenceFlags): ExpectedReportData {
  if (flags.reportData !== undefined) return { reportData: flags.reportData };
  if (flags.nonce === undefined) return { [anyReportData]: true };
  // Without a reply there is nothing that could fit the nonce: what was demanded is refused, never dropped.
  const { certificate, keyset } = reply ?? { certificate: nothing, keyset: nothing };
  return { certificate, keyset, nonce: flags.nonce };
}

/** JSON goes to the verifier as it is, so that doubled members are seen; a CBOR map is decoded strictly here. */
function parseEndorsements(bytes: Uint8Array): unknown {
  if (mapForm(bytes) !== 'cbor') return bytes;
  try {
    return decodeCollateral(bytes);
  } catch {
    return bytes; // the verifier refuses it under its own check
  }
}

function mapForm(bytes: Uint8Array): 'json' | 'cbor' | null {
  const first = bytes.find((byte) => ![0x20, 0x09, 0x0a, 0x0d].includes(byte));
  if (first === 0x7b) return 'json';
  return bytes[0] !== undefined && bytes[0] >= 0xa0 && bytes[0] <= 0xbf ? 'cbor' : null;
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (
    !/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) ||
    Number.isNaN(time.getTime())
  )
    throw new InvalidArgumentError('expected a time like 2025-07-04T10:00:00Z.');
  return time;
}
