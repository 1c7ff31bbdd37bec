import type { UnmatchedClaims } from '@blindai/attestation';
import { toHex } from '../connection-options.ts';

/** A line of a report: what, and its value. */
export type Fact = readonly [name: string, value: string];

/** What accepted evidence says besides its report: what one needs to write a manifest for it. */
export function claimFacts({
  registers,
  tcb,
  hardwareId,
  validUntil,
  entry,
}: UnmatchedClaims): Fact[] {
  const named = Object.entries(registers).map(
    ([name, value]) => [name.toUpperCase(), value] as const,
  );
  const zeros = named.filter(([, value]) => isZero(value)).map(([name]) => name);
  const parts = Object.entries(tcb.parts).map(([name, version]) => `${name} ${version}`);
  return [
    ...named
      .filter(([, value]) => !isZero(value))
      .map(([name, value]) => [name, toHex(value)] as const),
    ...(zeros.length === 0 ? [] : [['zeros', zeros.join(', ')] as const]),
    ...(parts.length === 0 ? [] : [['versions', parts.join(', ')] as const]),
    ...(hardwareId === null ? [] : [['machine', hardwareId] as const]),
    ...(entry === null ? [] : [['entry', entry] as const]),
    ['valid until', validUntil.toISOString()],
  ];
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Claims as JSON, without their report: bytes in hex, numbers that JSON rounds as `0x…`, times in ISO 8601. */
export function claimsToJson(claims: UnmatchedClaims): unknown {
  const { report: _, ...others } = claims;
  return toJson(others);
}

function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toJson(member)]));
}
