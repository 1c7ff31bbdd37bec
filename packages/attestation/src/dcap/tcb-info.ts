import { decodeHex, encodeHex } from '../encoding/hex.ts';
import { JsonObject } from '../encoding/json.ts';
import type { Period } from '../x509/period.ts';
import type { PckExtensions } from './pck-extensions.ts';
import { type LevelStatus, levelStatuses } from './tcb-status.ts';

export const componentCount = 16;
const maxLevels = 256;
const maxAdvisories = 256;
const maxNumber = 0xffff_ffff;

/** One level: the versions that a platform must reach, and what Intel says of one that does. */
export interface TcbLevel {
  readonly components: readonly number[];
  readonly pceSvn: number;
  readonly date: Date;
  readonly status: LevelStatus;
  readonly advisories: readonly string[];
}

/** Intel's TCB info for one kind of platform (PCS API, "TCB Info V2" and "V3"). */
export interface TcbInfo<Level extends TcbLevel = TcbLevel> {
  /** From issueDate to nextUpdate. */
  readonly validity: Period;
  /** 6 bytes, lower-case hex. */
  readonly fmspc: string;
  /** 2 bytes, lower-case hex. */
  readonly pceId: string;
  readonly evaluationDataNumber: number;
  /** The highest first. */
  readonly levels: readonly Level[];
}

/**
 * Reads TCB info for SGX, of version 2 or 3. Members that Intel adds some day are read past: it signed them.
 *
 * @throws {FormatError} for another version, TCB type or TEE than SGX, doubled levels, or a status unknown.
 */
export function parseSgxTcbInfo(text: string): TcbInfo {
  const json = JsonObject.parse('tcbInfo', text);
  const version = tcbInfoVersion(json);
  if (version !== 2 && version !== 3) json.fail('version', `2 or 3 expected, ${version} found`);
  if (version === 3) {
    json.oneOf('id', ['SGX']);
    for (const name of ['tdxModule', 'tdxModuleIdentities']) {
      if (json.has(name)) json.fail(name, 'not expected in TCB info for SGX');
    }
  }
  const components = version === 2 ? parseComponentsV2 : parseSgxComponents;
  return parseTcbInfo(
    json,
    (level) => parseTcbLevel(level, components(level.object('tcb'))),
    rankOf,
  );
}

export function tcbInfoVersion(json: JsonObject): number {
  return json.uint('version', maxNumber);
}

/**
 * Reads what TCB info for either TEE says.
 *
 * @param rank - Numbers by which levels are ordered, and of which no two levels have the same.
 */
export function parseTcbInfo<Level extends TcbLevel>(
  json: JsonObject,
  parseLevel: (json: JsonObject) => Level,
  rank: (level: Level) => readonly number[],
): TcbInfo<Level> {
  if (json.uint('tcbType', maxNumber) !== 0) json.fail('tcbType', '0 expected');
  const compare = (a: Level, b: Level): number => compareNumbers(rank(b), rank(a));
  const levels = json.objects('tcbLevels', maxLevels).map(parseLevel).sort(compare);
  if (levels.some((level, index) => index > 0 && compare(level, levels[index - 1]!) === 0)) {
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

export function parseTcbLevel(json: JsonObject, components: readonly number[]): TcbLevel {
  return {
    components,
    pceSvn: json.object('tcb').uint('pcesvn', 0xffff),
    ...parseJudgement(json, levelStatuses),
  };
}

/** What Intel says of a level of anything: its status, since when, and why. */
export function parseJudgement<const Status extends string>(
  json: JsonObject,
  statuses: readonly Status[],
): { readonly date: Date; readonly status: Status; readonly advisories: readonly string[] } {
  return {
    date: json.time('tcbDate'),
    status: json.oneOf('tcbStatus', statuses),
    advisories: json.optionalStrings('advisoryIDs', maxAdvisories),
  };
}

export function parseSgxComponents(tcb: JsonObject): readonly number[] {
  return parseComponents(tcb, 'sgxtcbcomponents');
}

/** The versions of the 16 components, in version 3. */
export function parseComponents(tcb: JsonObject, name: string): readonly number[] {
  const components = tcb.objects(name, componentCount);
  if (components.length !== componentCount) tcb.fail(name, `${componentCount} of them expected`);
  return components.map((component) => {
    for (const text of ['category', 'type']) if (component.has(text)) component.string(text);
    return component.uint('svn', 0xff);
  });
}

function parseComponentsV2(tcb: JsonObject): readonly number[] {
  return Array.from({ length: componentCount }, (_, index) =>
    tcb.uint(`sgxtcbcomp${String(index + 1).padStart(2, '0')}svn`, 0xff),
  );
}

/** The highest level all of whose versions the platform reaches; `null` if there is none. */
export function matchTcbLevel(
  { levels }: TcbInfo,
  platform: Pick<PckExtensions, 'components' | 'pceSvn'>,
): TcbLevel | null {
  return levels.find((level) => reachesLevel(level, platform)) ?? null;
}

/** Whether the platform reaches every version that its certificate tells of. */
export function reachesLevel(
  level: TcbLevel,
  platform: Pick<PckExtensions, 'components' | 'pceSvn'>,
): boolean {
  return platform.pceSvn >= level.pceSvn && reachesAll(platform.components, level.components);
}

/** Whether every version is at least the one demanded. */
export function reachesAll(found: ArrayLike<number>, demanded: readonly number[]): boolean {
  return demanded.every((version, index) => (found[index] ?? -1) >= version);
}

/** Component by component, then by PCESVN: the order in which Intel's library tries levels. */
export function rankOf({ components, pceSvn }: TcbLevel): readonly number[] {
  return [...components, pceSvn];
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((number, index) => number !== b[index]);
  return differing === -1 ? 0 : a[differing]! - b[differing]!;
}
