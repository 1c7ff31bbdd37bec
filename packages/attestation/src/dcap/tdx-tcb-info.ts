import { type Bytes, ByteReader } from '../encoding/byte-reader.ts';
import { decodeHex } from '../encoding/hex.ts';
import { JsonObject } from '../encoding/json.ts';
import {
  rankOf,
  parseComponents,
  parseJudgement,
  parseSgxComponents,
  parseTcbInfo,
  parseTcbLevel,
  type TcbInfo,
  tcbInfoVersion,
  type TcbLevel,
} from './tcb-info.ts';
import { type ModuleStatus, moduleStatuses } from './tcb-status.ts';

const maxIdentities = 256;
const maxLevels = 256;

/** A level that demands something of the TD's part of the platform besides. */
export interface TdxTcbLevel extends TcbLevel {
  /** The 16 components of TEE_TCB_SVN. */
  readonly tdxComponents: readonly number[];
}

/** Whom a TDX module names as its signer, and its SEAMATTRIBUTES. */
export interface TdxModule {
  readonly mrSigner: Bytes;
  readonly attributes: bigint;
}

/** One version of the TDX module, with levels of its own. */
export interface TdxModuleIdentity extends TdxModule {
  /** `TDX_` and the version in two hexadecimal digits, upper case. */
  readonly id: string;
  /** The highest first. */
  readonly levels: readonly TdxModuleLevel[];
}

/** One level: the version that a TDX module must reach, and what Intel says of one that does. */
export interface TdxModuleLevel {
  readonly isvSvn: number;
  readonly date: Date;
  readonly status: ModuleStatus;
  readonly advisories: readonly string[];
}

/** TCB info for one kind of platform, as for its TDs. */
export interface TdxTcbInfo extends TcbInfo<TdxTcbLevel> {
  /** Modules of version 0: their levels are those of the platform. */
  readonly module: TdxModule;
  /** Modules of later versions. */
  readonly moduleIdentities: readonly TdxModuleIdentity[];
}

/**
 * Reads TCB info for TDX, which is of version 3 (PCS API, "TCB Info V3"). Members that Intel adds some day
 * are read past: it signed them.
 *
 * @throws {FormatError} for another version, TCB type or TEE, doubled levels or modules, or a status unknown.
 */
export function parseTdxTcbInfo(text: string): TdxTcbInfo {
  const json = JsonObject.parse('tcbInfo', text);
  const version = tcbInfoVersion(json);
  if (version !== 3) json.fail('version', `3 expected, ${version} found`);
  json.oneOf('id', ['TDX']);
  const moduleIdentities = json.has('tdxModuleIdentities')
    ? json.objects('tdxModuleIdentities', maxIdentities).map(parseIdentity)
    : [];
  if (new Set(moduleIdentities.map(({ id }) => id)).size !== moduleIdentities.length) {
    json.fail('tdxModuleIdentities', 'a doubled module');
  }
  return {
    ...parseTcbInfo(json, parseLevel, (level) => [...rankOf(level), ...level.tdxComponents]),
    module: parseModule(json.object('tdxModule')),
    moduleIdentities,
  };
}

function parseLevel(json: JsonObject): TdxTcbLevel {
  const tcb = json.object('tcb');
  return {
    ...parseTcbLevel(json, parseSgxComponents(tcb)),
    tdxComponents: parseComponents(tcb, 'tdxtcbcomponents'),
  };
}

function parseModule(json: JsonObject): TdxModule {
  parseSeamAttributes(json, 'attributesMask'); // Intel's library reads it and does without it.
  return {
    mrSigner: decodeHex('tdxModule.mrsigner', json.string('mrsigner'), 48),
    attributes: parseSeamAttributes(json, 'attributes'),
  };
}

function parseIdentity(json: JsonObject): TdxModuleIdentity {
  const levels = json
    .objects('tcbLevels', maxLevels)
    .map((level) => ({
      isvSvn: level.object('tcb').uint('isvsvn', 0xffff),
      ...parseJudgement(level, moduleStatuses),
    }))
    .sort((a, b) => b.isvSvn - a.isvSvn);
  if (new Set(levels.map(({ isvSvn }) => isvSvn)).size !== levels.length) {
    json.fail('tcbLevels', 'a doubled level');
  }
  return { id: json.string('id').toUpperCase(), ...parseModule(json), levels };
}

/** Eight bytes as they stand in a report. */
function parseSeamAttributes(json: JsonObject, name: string): bigint {
  return new ByteReader('tdxModule', decodeHex(`tdxModule.${name}`, json.string(name), 8)).u64(
    name,
  );
}
