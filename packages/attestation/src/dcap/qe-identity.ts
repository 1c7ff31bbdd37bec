import { type Bytes, ByteReader } from '../encoding/byte-reader.ts';
import { decodeHex } from '../encoding/hex.ts';
import { JsonObject } from '../encoding/json.ts';
import type { Period } from '../x509/period.ts';
import type { SgxReport } from './sgx-report.ts';
import { parseJudgement } from './tcb-info.ts';
import { qeStatuses, type QeStatus } from './tcb-status.ts';

const maxLevels = 256;
const maxNumber = 0xffff_ffff;

/** One level: the version that a quoting enclave must reach, and what Intel says of one that does. */
export interface QeLevel {
  readonly isvSvn: number;
  readonly date: Date;
  readonly status: QeStatus;
  readonly advisories: readonly string[];
}

/** What Intel's quoting enclave looks like (PCS API, "Enclave Identity V2"). */
export interface QeIdentity {
  /** From issueDate to nextUpdate. */
  readonly validity: Period;
  readonly evaluationDataNumber: number;
  readonly miscSelect: number;
  readonly miscSelectMask: number;
  readonly attributes: Attributes;
  readonly attributesMask: Attributes;
  /** MRSIGNER, 32 bytes. */
  readonly mrSigner: Bytes;
  readonly isvProdId: number;
  /** In Intel's order, the highest first. */
  readonly levels: readonly QeLevel[];
}

interface Attributes {
  readonly flags: bigint;
  readonly xfrm: bigint;
}

/** Name of a quoting enclave: of the one for enclaves, or the one for TDs. */
export type QeId = 'QE' | 'TD_QE';

/**
 * Reads the identity of a quoting enclave, version 2. Members that Intel adds some day are read past: it
 * signed them.
 *
 * @throws {FormatError} for another version or enclave, or a status unknown.
 */
export function parseQeIdentity(text: string, id: QeId): QeIdentity {
  const json = JsonObject.parse('qeIdentity', text);
  json.oneOf('id', [id]);
  const version = json.uint('version', maxNumber);
  if (version !== 2) json.fail('version', `2 expected, ${version} found`);
  return {
    validity: { from: json.time('issueDate'), to: json.time('nextUpdate') },
    evaluationDataNumber: json.uint('tcbEvaluationDataNumber', maxNumber),
    miscSelect: parseMiscSelect(json, 'miscselect'),
    miscSelectMask: parseMiscSelect(json, 'miscselectMask'),
    attributes: parseAttributes(json, 'attributes'),
    attributesMask: parseAttributes(json, 'attributesMask'),
    mrSigner: decodeHex('qeIdentity.mrsigner', json.string('mrsigner'), 32),
    isvProdId: json.uint('isvprodid', 0xffff),
    levels: json.objects('tcbLevels', maxLevels).map((level) => ({
      isvSvn: level.object('tcb').uint('isvsvn', 0xffff),
      ...parseJudgement(level, qeStatuses),
    })),
  };
}

/** The first level that the quoting enclave reaches; `null` if there is none. */
export function matchQeLevel(identity: QeIdentity, qeReport: SgxReport): QeLevel | null {
  return identity.levels.find((level) => qeReport.isvSvn >= level.isvSvn) ?? null;
}

/** Four bytes as they stand in a report. */
function parseMiscSelect(json: JsonObject, name: string): number {
  const read = new ByteReader('qeIdentity', decodeHex(`qeIdentity.${name}`, json.string(name), 4));
  return read.u32(name);
}

/** Sixteen bytes as they stand in a report. */
function parseAttributes(json: JsonObject, name: string): Attributes {
  const read = new ByteReader('qeIdentity', decodeHex(`qeIdentity.${name}`, json.string(name), 16));
  return { flags: read.u64(name), xfrm: read.u64(name) };
}
