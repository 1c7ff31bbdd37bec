/** A system call as a filter sees it. */
export interface Call {
  readonly number: number;
  readonly audit: number;
  readonly arguments?: readonly bigint[];
}

const verdicts = new Map([
  [0x7fff_0000, 'allow'],
  [0x0005_0000, 'errno'],
  [0x7fc0_0000, 'announce'],
]);

/**
 * Runs a filter as the kernel does (linux/bpf_common.h), for the few instructions that ours are made of;
 * answers `allow`, `announce`, or `errno` with its number.
 */
export function runFilter(filter: Uint8Array, call: Call): string {
  const read = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.audit, true);
  (call.arguments ?? []).forEach((value, at) =>
    data.setBigUint64(16 + 8 * at, BigInt.asUintN(64, value), true),
  );
  let accumulator = 0;
  for (let at = 0; at * 8 < filter.length; at++) {
    const code = read.getUint16(at * 8, true);
    const operand = read.getUint32(at * 8 + 4, true);
    const jump = (holds: boolean): void => {
      at += read.getUint8(at * 8 + (holds ? 2 : 3));
    };
    if (code === 0x20) accumulator = data.getUint32(operand, true);
    else if (code === 0x54) accumulator = (accumulator & operand) >>> 0;
    else if (code === 0x15) jump(accumulator === operand);
    else if (code === 0x35) jump(accumulator >= operand);
    else if (code === 0x06) {
      const kind = verdicts.get((operand & 0xffff_0000) >>> 0)!;
      return kind === 'errno' ? `errno ${operand & 0xffff}` : kind;
    } else throw new Error(`an instruction of code ${code}`);
  }
  throw new Error('a filter that comes to no end');
}
