import {
  acceptBootEvidence,
  appendToReport,
  AttestationError,
  verifyAttestation,
  type Check,
  type ExpectedReportData,
  type Report,
  type ConnectionRow,
  type ReportRow,
  type UnmatchedClaims,
  type VerifiedClaims,
} from '@blindai/attestation';
import {
  decodeAttestationReply,
  decodeKeyset,
  ProtocolError,
  type AttestationReply,
  type Keyset,
  type ServerConfig,
} from '@blindai/protocol';
import { enforceConfig } from './enforce-config.ts';
import { enforceTransport } from './enforce-transport.ts';
import {
  attestationPolicy,
  type ServerPolicy,
  type UnmatchedServerPolicy,
} from './server-policy.ts';

/** A server that proved what it is, on one connection. */
export interface AttestedServer<Claims extends UnmatchedClaims = VerifiedClaims> {
  /** What the evidence says. */
  readonly claims: Claims;
  /** Each check that was made, those of the client included. */
  readonly report: Report;
  readonly keyset: Keyset;
  /** The very bytes that the evidence covers. */
  readonly encodedKeyset: Uint8Array;
  /** The settings that the keyset vouches for. */
  readonly config: ServerConfig;
  /** Of the connection, DER. */
  readonly certificate: Uint8Array;
  readonly tls: {
    /** The key exchange's group, as the TLS library names it. */
    readonly group: string;
  };
}

/** What a server sent on a connection, and what is known of the connection itself. */
export interface ReceivedEvidence {
  /** The body of the answer to `GET /attestation`, CBOR. */
  readonly reply: Uint8Array;
  /** The certificate that the peer used in the handshake, DER. */
  readonly certificate: Uint8Array;
  /** What the client sent; null where it asked for the quote made at boot. */
  readonly nonce: Uint8Array | null;
  readonly tlsGroup: string;
}

/** The checks that are made after those of the evidence. */
const ownChecks = ['keyset', 'config', 'transport'] as const satisfies readonly Check[];

/**
 * Judges a server, in the order of trust.md: evidence, keyset, config, transport. The certificate that the
 * evidence must name is the connection's, whatever the reply says.
 *
 * @throws {AttestationError} naming the check that refused.
 */
export async function verifyServerEvidence(
  received: ReceivedEvidence,
  policy: ServerPolicy,
  at: Date,
): Promise<AttestedServer>;
export async function verifyServerEvidence(
  received: ReceivedEvidence,
  policy: ServerPolicy | UnmatchedServerPolicy,
  at: Date,
): Promise<AttestedServer<UnmatchedClaims>>;
export async function verifyServerEvidence(
  received: ReceivedEvidence,
  policy: ServerPolicy | UnmatchedServerPolicy,
  at: Date,
): Promise<AttestedServer<UnmatchedClaims>> {
  const { certificate, tlsGroup } = received;
  const reply = decodeReply(received.reply, policy);
  const claims = await verifyClaims(reply, received, policy, at);
  const keyset = await openKeyset(reply, certificate, claims.report);
  const { config } = keyset.value;
  const report = enforce(claims.report, [
    keyset.row,
    enforceConfig(config, claims, policy.manifest),
    enforceTransport(tlsGroup, policy.manifest),
  ]);
  return {
    claims,
    report,
    keyset: keyset.value,
    encodedKeyset: reply.keyset,
    config,
    certificate,
    tls: { group: tlsGroup },
  };
}

/**
 * Judges a further connection of a server that was verified: its key exchange is one of its own.
 *
 * @throws {AttestationError} `transport`.
 */
export function verifyFurtherConnection(
  server: AttestedServer<UnmatchedClaims>,
  tlsGroup: string,
  policy: ServerPolicy | UnmatchedServerPolicy,
): void {
  const rows = server.report.checks.filter(
    (row): row is ReportRow & ConnectionRow => row.name === 'keyset' || row.name === 'config',
  );
  enforce(server.claims.report, [...rows, enforceTransport(tlsGroup, policy.manifest)]);
}

function decodeReply(
  bytes: Uint8Array,
  policy: ServerPolicy | UnmatchedServerPolicy,
): AttestationReply {
  try {
    return decodeAttestationReply(bytes, 'cbor');
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const unread: Report = {
      verdict: 'refuse',
      check: 'layout',
      message: error.message,
      format: null,
      anchor: policy.simulation === true ? 'simulation' : 'vendor',
      tcbStatus: null,
      debug: null,
      measurement: null,
      reportData: null,
      checks: [
        {
          name: 'layout',
          result: 'refused',
          detail: error.message,
          demanded: 'a reply of /attestation',
          vouchedBy: 'nobody',
          specification: 'docs/wire.md, "Attestation"',
        },
      ],
    };
    throw new AttestationError(appendToReport(unread, notReached(0)));
  }
}

async function verifyClaims(
  reply: AttestationReply,
  { certificate, nonce }: ReceivedEvidence,
  policy: ServerPolicy | UnmatchedServerPolicy,
  at: Date,
): Promise<UnmatchedClaims> {
  const { keyset } = reply;
  const expected: ExpectedReportData =
    nonce === null
      ? { certificate, keyset, [acceptBootEvidence]: true }
      : { certificate, keyset, nonce };
  try {
    return await verifyAttestation(reply, expected, await attestationPolicy(policy), at);
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    throw new AttestationError(appendToReport(error.report, notReached(0)));
  }
}

/** Decodes the keyset that the evidence vouches for, and compares it with the connection. */
async function openKeyset(
  reply: AttestationReply,
  certificate: Uint8Array,
  report: Report,
): Promise<{ value: Keyset; row: ConnectionRow }> {
  try {
    if (!equalBytes(reply.certificate, certificate)) {
      throw new ProtocolError('malformed', "the reply must name the connection's certificate");
    }
    const value = await decodeKeyset(reply.keyset, certificate);
    const detail = "core deterministic encoding, names the connection's certificate";
    return { value, row: { name: 'keyset', result: 'passed', detail } };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const refused: ConnectionRow = { name: 'keyset', result: 'refused', detail: error.message };
    throw new AttestationError(appendToReport(report, [refused, ...notReached(1)]));
  }
}

/** Adds the rows of the client to the report; those after a refusal are not reached. */
function enforce(report: Report, rows: readonly ConnectionRow[]): Report {
  const refused = rows.findIndex((row) => row.result === 'refused');
  if (refused === -1) return appendToReport(report, rows);
  const reached = [...rows.slice(0, refused + 1), ...notReached(refused + 1)];
  throw new AttestationError(appendToReport(report, reached));
}

/** Rows for the client's own checks from one of them on. */
function notReached(from: number): ConnectionRow[] {
  return ownChecks.slice(from).map((name) => ({ name, result: 'not-reached', detail: '' }));
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
