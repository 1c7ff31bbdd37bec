/** Copies of bytes, each with one to four changes: a byte replaced, taken out or put in, or the end cut off. The same in every run. */
export function* mutations(bytes: Uint8Array, count: number): Generator<Uint8Array> {
  let state = 0x2545f491;
  const below = (limit: number): number => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  for (let made = 0; made < count; made += 1) {
    let copy = Uint8Array.from(bytes);
    for (let changes = 1 + below(4); changes > 0; changes -= 1) {
      const at = below(Math.max(1, copy.length));
      const kind = below(8);
      if (kind === 0) copy = Uint8Array.from([...copy.subarray(0, at), ...copy.subarray(at + 1)]);
      else if (kind === 1)
        copy = Uint8Array.from([...copy.subarray(0, at), below(256), ...copy.subarray(at)]);
      else if (kind === 2 && below(4) === 0) copy = copy.slice(0, at);
      else copy[at] = below(256);
    }
    yield copy;
  }
}
