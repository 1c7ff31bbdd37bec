/**
 * The shape of DER: one line per element, with the values that tell one kind of document from another
 * (object identifiers, booleans, texts, short octet strings) and without keys, numbers and times.
 */
export function derSkeleton(der: Uint8Array, depth = 0): string[] {
  const lines: string[] = [];
  for (let rest = der; rest.length > 0;) {
    const { tag, content, size } = element(rest);
    rest = rest.subarray(size);
    const head = `${' '.repeat(depth)}${tag.toString(16).padStart(2, '0')}`;
    if ((tag & 0x20) !== 0) lines.push(head, ...derSkeleton(content, depth + 1));
    else if (shown(tag, content)) lines.push(`${head} ${Buffer.from(content).toString('hex')}`);
    else if (tag === 0x04) lines.push(head, ...inside(content, depth + 1));
    else lines.push(head);
  }
  return lines;
}

/** The elements in DER, whole, in order. */
export function elements(der: Uint8Array): Uint8Array[] {
  if (der.length === 0) return [];
  const { size } = element(der);
  return [der.subarray(0, size), ...elements(der.subarray(size))];
}

/** The elements in one element. */
export function children(der: Uint8Array): Uint8Array[] {
  return elements(element(der).content);
}

function shown(tag: number, content: Uint8Array): boolean {
  return [0x01, 0x06, 0x0c, 0x13].includes(tag) || (tag === 0x04 && content.length <= 8);
}

/** What an octet string holds, if that is DER. */
function inside(content: Uint8Array, depth: number): string[] {
  try {
    return content[0] === 0x30 ? derSkeleton(content, depth) : [];
  } catch {
    return [];
  }
}

function element(der: Uint8Array): { tag: number; content: Uint8Array; size: number } {
  const [tag = 0, first = 0] = der;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const length =
    lengthBytes === 0
      ? first
      : Number.parseInt(Buffer.from(der.subarray(2, 2 + lengthBytes)).toString('hex'), 16);
  const start = 2 + lengthBytes;
  if (der.length < start + length) throw new RangeError('truncated DER');
  return { tag, content: der.subarray(start, start + length), size: start + length };
}
