/**
 * Groups and bits of a TD's ATTRIBUTES (Intel TDX Module ABI Reference Specification, "ATTRIBUTES"; Intel TDX
 * Module Base Architecture Specification, "TD Attributes").
 */
export const tdAttributes = {
  /** Bits 7 to 0: debugging and profiling. With any of them set the TD is untrusted, says the specification. */
  underDebug: 0xffn,
  migratable: 0x2000_0000n,
  septVeDisable: 0x1000_0000n,
} as const;

/** The bits above `underDebug` that have a meaning, by name. */
const named: readonly (readonly [bit: bigint, name: string])[] = [
  [16n, 'ICSSD'],
  [27n, 'LASS'],
  [28n, 'SEPT_VE_DISABLE'],
  [29n, 'MIGRATABLE'],
  [30n, 'PKS'],
  [31n, 'KL'],
  [62n, 'TPA'],
  [63n, 'PERFMON'],
];

const known = named.reduce<bigint>((bits, [bit]) => bits | (1n << bit), tdAttributes.underDebug);

/** The bits that are set and have no meaning yet. */
export function reservedTdAttributes(attributes: bigint): bigint {
  return attributes & ~known;
}

/** Names of the bits that are set, but for those of `underDebug`. */
export function namesOfTdAttributes(attributes: bigint): readonly string[] {
  return named.filter(([bit]) => (attributes & (1n << bit)) !== 0n).map(([, name]) => name);
}
