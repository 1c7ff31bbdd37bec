import { createPublicKey, type KeyObject } from 'node:crypto';
import { publicAmdPrivateKeys } from '@blindai/simulator';
import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import type { Submission } from '../submission.ts';
import {
  extensionOf,
  hex,
  objectionToCertificate,
  objectionToCrl,
  serialNumber,
} from '../x509-objection.ts';

/** 1.3.6.1.4.1.3704.1, encoded. */
const amd = '2b060104019c7801';
/** Start and end of what is reserved in every version: AMD 56860, table "ATTESTATION_REPORT Structure". */
const reserved = [
  [0x4c, 0x50],
  [0x18b, 0x1a0],
  [0x1eb, 0x1ec],
  [0x1ef, 0x1f0],
  [0x208, 0x2a0],
  [0x2a0 + 48, 0x2a0 + 72],
  [0x2a0 + 120, 1184],
] as const;
const mitigations = [0x1f8, 0x208] as const;
const cpuid = [0x188, 0x18b] as const;
/** Bits 26 to 63 of the guest policy. */
const reservedPolicy = ~0n << 26n;
const mustBeOne = 1n << 17n;
/** A migration agent, debugging. */
const forbidden = (1n << 18n) | (1n << 19n);
/** Which extension is which byte of a TCB_VERSION of Milan, by the last arc. */
const tcbArcs = [1, 2, 4, 5, 6, 7, 3, 8];
const milan = { family: 0x19, model: 0x0 };

/** As a simulated seed of Milan with a VCEK is made. */
export function objectionToSnp({ evidence, endorsements }: Submission, at: Date): string | null {
  const { ek, crl } = endorsements as { readonly ek: Bytes; readonly crl: Bytes };
  return objectionToHardware(evidence, ek, crl, at);
}

/**
 * Why a report from Milan with a VCEK must be refused by a policy without debugging; `null` if nothing is known
 * against it.
 */
export function objectionToHardware(report: Bytes, ek: Bytes, crl: Bytes, at: Date): string | null {
  const serials = ['010000', '010001', serialNumber(ek)];
  return (
    objectionToReport(report) ??
    objectionToMachine(report, ek) ??
    objectionToCertificate(ek, keyOf('ask'), { isCa: false, at }) ??
    objectionToCrl(crl, keyOf('ark'), { issuerName: crlIssuer, serials, at })
  );
}

function keyOf(name: 'ask' | 'ark'): KeyObject {
  const { n } = publicAmdPrivateKeys[name];
  return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
}

/** Name of the simulated ARK of Milan. */
const crlIssuer = [
  '55040b=BlindAI SIMULATION - protects nothing',
  '550406=US',
  '550407=Santa Clara',
  '550408=CA',
  '55040a=Advanced Micro Devices',
  '550403=ARK-Milan',
].join();

function objectionToReport(report: Bytes): string | null {
  if (report.length !== 1184) return 'not as long as reports are';
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
  const version = view.getUint32(0, true);
  const policy = view.getBigUint64(8, true);
  if (![2, 3, 5].includes(version)) return 'of an unknown version';
  const zeros = [
    ...reserved,
    ...(version < 5 ? [mitigations] : []),
    ...(version < 3 ? [cpuid] : []),
  ];
  if (zeros.some(([start, end]) => report.subarray(start, end).some((byte) => byte !== 0))) {
    return 'reserved bytes are not zero';
  }
  if ((policy & mustBeOne) === 0n || (policy & reservedPolicy) !== 0n)
    return 'reserved policy bits';
  if ((policy & forbidden) !== 0n) return 'debugging or migration';
  if (view.getUint32(0x30, true) !== 0) return 'another privilege level';
  if (view.getUint32(0x34, true) !== 1) return 'another signature algorithm';
  return view.getUint32(0x48, true) >> 2 === 0 ? null : 'signed by another key, or reserved bits';
}

function objectionToMachine(report: Bytes, ek: Bytes): string | null {
  const value = (arcs: string): Bytes => extensionOf(ek, amd + arcs)?.content ?? new Uint8Array();
  const small = (arcs: string): number => Number(`0x${hex(value(arcs)).slice(4) || 'ff'}`);
  if (small('01') !== 0) return 'another structure of extensions';
  const certified = tcbArcs.map((arc) => small(`03${arc.toString(16).padStart(2, '0')}`));
  const reported = [...report.subarray(0x180, 0x188)];
  if (certified.join() !== reported.join()) return 'a certificate for another TCB';
  const versions = [0x38, 0x180, 0x1e0, 0x1f0].map((start) =>
    report.subarray(start + 2, start + 6),
  );
  if (versions.some((parts) => parts.some((byte) => byte !== 0))) return 'reserved bytes of a TCB';
  const chipId = hex(report.subarray(0x1a0, 0x1e0));
  if (/^0+$/.test(chipId) || !hex(value('04')).endsWith(chipId))
    return 'a certificate of another chip';
  const isMilan = report[0x188] === milan.family && report[0x189]! >> 4 === milan.model;
  return report[0] === 2 || isMilan ? null : 'a processor of another product';
}
