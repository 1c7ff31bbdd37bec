import { equalBytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import type { Verdict } from '../verdict.ts';
import type { TdReport } from './td-report.ts';
import type { TdxModuleIdentity, TdxTcbInfo } from './tdx-tcb-info.ts';

/** What TEE_TCB_SVN says of a TDX module. */
export interface TdxModuleVersion {
  readonly version: number;
  readonly isvSvn: number;
}

export function tdxModuleOf(teeTcbSvn: Uint8Array): TdxModuleVersion {
  const [isvSvn = 0, version = 0] = teeTcbSvn;
  return { version, isvSvn };
}

/** What Intel says of modules of this version; `null` if nothing. */
export function findModuleIdentity(
  { moduleIdentities }: TdxTcbInfo,
  version: number,
): TdxModuleIdentity | null {
  const id = `TDX_${encodeHex(Uint8Array.of(version)).toUpperCase()}`;
  return moduleIdentities.find((identity) => identity.id === id) ?? null;
}

/**
 * Verifies that the TDX module under which the TD was started is one of Intel's. Version 0 has no identity of
 * its own.
 *
 * @returns The identity, whose levels then take the place of the platform's components 0 and 1; `null` for
 *   version 0.
 * @see Intel SGX DCAP Quote Verification Library, §4.1.2.4.11
 */
export function verifyTdxModule(
  report: TdReport,
  tcbInfo: TdxTcbInfo,
  verdict: Verdict,
): TdxModuleIdentity | null {
  const { version, isvSvn } = tdxModuleOf(report.teeTcbSvn);
  const identity = version === 0 ? null : findModuleIdentity(tcbInfo, version);
  if (version !== 0 && identity === null) {
    verdict.refuse('tdx-module', `Intel lists no TDX module of version ${version}`);
  }
  const { mrSigner, attributes } = identity ?? tcbInfo.module;
  if (!equalBytes(report.mrSignerSeam, mrSigner)) {
    verdict.refuse('tdx-module', 'the TDX module is signed by another key than Intel lists');
  }
  if (report.seamAttributes !== 0n || attributes !== 0n) {
    verdict.refuse('tdx-module', 'the SEAMATTRIBUTES of the TDX module must be zero');
  }
  verdict.passed('tdx-module', `version ${version}, ISVSVN ${isvSvn}, signed as Intel lists`);
  return identity;
}
