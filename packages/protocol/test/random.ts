/** A small seeded generator (xorshift32), so that a failing case can be run again. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A copy with one to four random changes: a byte replaced, removed, inserted or repeated. */
export function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const mutated = [...bytes];
  for (let change = random(4); change >= 0; change -= 1) {
    const at = random(mutated.length);
    const byte = random(256);
    const kind = random(4);
    if (kind === 0) mutated[at] = byte;
    else if (kind === 1 && mutated.length > 1) mutated.splice(at, 1);
    else if (kind === 2) mutated.splice(at, 0, byte);
    else mutated.splice(at, 0, ...mutated.slice(at, at + 4));
  }
  return Uint8Array.from(mutated);
}
