import { decodeHex, encodeHex } from '../encoding/hex.ts';
import { JsonObject } from '../encoding/json.ts';
import type { Period } from '../x509/period.ts';
import type { PckExtensions } from './pck-extensions.ts';
import { type PlatformStatus, tcbStatuses } from './tcb-status.ts';

const componentCount = 16;
const maxLevels = 256;
const maxAdvisories = 256;
const maxNumber = 0xffff_ffff;

/** One level: the versions that a platform must reach, and what Intel says of one that does. */
export interface TcbLevel {
  readonly components: readonly number[];
  readonly pceSvn: number;
  readonly date: Date;
  readonly status: PlatformStatus;
  readonly advisories: readonly string[];
}

/** Intel's TCB info for one kind of SGX platform (PCS API, "TCB Info V2" and "V3"). */
export interface TcbInfo {
  /** From issueDate to nextUpdate. */
  readonly validity: Period;
  /** 6 bytes, lower-case hex. */
  readonly fmspc: string;
  /** 2 bytes, lower-case hex. */
  readonly pceId: string;
  readonly evaluationDataNumber: number;
  /** The highest first. */
  readonly levels: readonly TcbLevel[];
}

/**
 * Reads TCB info of version 2 or 3. Members that Intel adds some day are read past: it signed them.
 *
 * @throws {FormatError} for another version, TCB type or TEE than SGX, doubled levels, or a status unknown.
 */
export function parseTcbInfo(text: string): TcbInfo {
  const json = JsonObject.parse('tcbInfo', text);
  const version = json.uint('version', maxNumber);
  if (version !== 2 && version !== 3) json.fail('version', `2 or 3 expected, ${version} found`);
  if (version === 3) {
    json.oneOf('id', ['SGX']);
    for (const name of ['tdxModule', 'tdxModuleIdentities']) {
      if (json.has(name)) json.fail(name, 'not expected in TCB info for SGX');
    }
  }
  if (json.uint('tcbType', maxNumber) !== 0) json.fail('tcbType', '0 expected');
  const levels = json
    .objects('tcbLevels', maxLevels)
    .map((level) => parseLevel(level, version))
    .sort((a, b) => compareLevels(b, a));
  if (levels.some((level, index) => index > 0 && compareLevels(level, levels[index - 1]!) === 0)) {
    json.fail('tcbLevels', 'a doubled level');
  }
  return {
    validity: { from: json.time('issueDate'), to: json.time('nextUpdate') },
    fmspc: encodeHex(decodeHex('tcbInfo.fmspc', json.string('fmspc'), 6)),
    pceId: encodeHex(decodeHex('tcbInfo.pceId', json.string('pceId'), 2)),
    evaluationDataNumber: json.uint('tcbEvaluationDataNumber', maxNumber),
    levels,
  };
}

/** The highest level all of whose versions the platform reaches; `null` if there is none. */
export function matchTcbLevel(
  tcbInfo: TcbInfo,
  platform: Pick<PckExtensions, 'components' | 'pceSvn'>,
): TcbLevel | null {
  const reached = tcbInfo.levels.find(
    (level) =>
      platform.pceSvn >= level.pceSvn &&
      level.components.every((version, index) => (platform.components[index] ?? -1) >= version),
  );
  return reached ?? null;
}

function parseLevel(json: JsonObject, version: number): TcbLevel {
  const tcb = json.object('tcb');
  return {
    components: version === 2 ? parseComponentsV2(tcb) : parseComponentsV3(tcb),
    pceSvn: tcb.uint('pcesvn', 0xffff),
    date: json.time('tcbDate'),
    status: json.oneOf('tcbStatus', tcbStatuses),
    advisories: json.optionalStrings('advisoryIDs', maxAdvisories),
  };
}

function parseComponentsV2(tcb: JsonObject): number[] {
  return Array.from({ length: componentCount }, (_, index) =>
    tcb.uint(`sgxtcbcomp${String(index + 1).padStart(2, '0')}svn`, 0xff),
  );
}

function parseComponentsV3(tcb: JsonObject): number[] {
  const components = tcb.objects('sgxtcbcomponents', componentCount);
  if (components.length !== componentCount) {
    tcb.fail('sgxtcbcomponents', `${componentCount} of them expected`);
  }
  return components.map((component) => component.uint('svn', 0xff));
}

/** Component by component, then by PCESVN: the order in which Intel's library tries levels. */
function compareLevels(a: TcbLevel, b: TcbLevel): number {
  const differing = a.components.findIndex((version, index) => version !== b.components[index]);
  if (differing === -1) return a.pceSvn - b.pceSvn;
  return a.components[differing]! - b.components[differing]!;
}
