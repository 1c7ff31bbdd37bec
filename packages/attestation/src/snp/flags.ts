/** Named bits of a number. */
export function readFlags<Name extends string>(
  value: bigint,
  bits: Readonly<Record<Name, number>>,
): Readonly<Record<Name, boolean>> {
  const flags = Object.entries<number>(bits).map(([name, bit]) => [
    name,
    ((value >> BigInt(bit)) & 1n) === 1n,
  ]);
  return Object.fromEntries(flags) as Record<Name, boolean>;
}
