/*
 * Filters of system calls are programs for a small machine that the kernel keeps for packets (linux/filter.h,
 * linux/bpf_common.h): it loads 32-bit words of the call at hand (`struct seccomp_data`), compares, jumps
 * forward and returns what is to be done.
 */

const BPF_LD_W_ABS = 0x20;
const BPF_ALU_AND_K = 0x54;
const BPF_JMP_JEQ_K = 0x15;
const BPF_JMP_JGE_K = 0x35;
const BPF_RET_K = 0x06;

/** Where `struct seccomp_data` has the number of the call, its architecture, and its arguments. */
const numberOffset = 0;
const architectureOffset = 4;
const argumentsOffset = 16;

const SECCOMP_RET_ALLOW = 0x7fff_0000;
const SECCOMP_RET_ERRNO = 0x0005_0000;
const SECCOMP_RET_USER_NOTIF = 0x7fc0_0000;

/** What becomes of a call. */
export type Verdict =
  | { readonly kind: 'allow' }
  /** It fails with this number. */
  | { readonly kind: 'errno'; readonly errno: number }
  /** It waits for the listener's answer. */
  | { readonly kind: 'announce' };

/** A 32-bit half of an argument that has to be, where the mask has bits, what is given. */
export interface Condition {
  /** From 0. */
  readonly argument: number;
  readonly half: 'low' | 'high';
  readonly mask: number;
  readonly equals: number;
}

/** What is done about one system call. */
export interface Rule {
  readonly number: number;
  readonly verdict: Verdict;
  /** Lists of conditions, one of which has to hold as a whole, or else the call is refused. Default: none. */
  readonly provided?: readonly (readonly Condition[])[];
}

/** What a filter is made of. */
export interface FilterPlan {
  /** The only architecture whose calls are looked at further (`AUDIT_ARCH_…`). */
  readonly audit: number;
  /** Calls from this number on are refused, whatever the rules say. */
  readonly numbersBelow: number;
  /** The first ones are found fastest. */
  readonly rules: readonly Rule[];
  /** For whatever no rule is about, and for calls that miss their conditions. */
  readonly refusal: Verdict;
}

/** Code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, yes: number, no: number, operand: number];

/** The filter as the kernel takes it: 8 bytes for each instruction, little-endian. */
export function assembleFilter({ audit, numbersBelow, rules, refusal }: FilterPlan): Uint8Array {
  const refuse = decide(refusal);
  const program: Instruction[] = [
    load(architectureOffset),
    [BPF_JMP_JEQ_K, 1, 0, audit],
    refuse,
    load(numberOffset),
    [BPF_JMP_JGE_K, 0, 1, numbersBelow],
    refuse,
  ];
  for (const { number, verdict, provided } of rules) {
    const body =
      provided === undefined ? [decide(verdict)] : [...choose(provided, decide(verdict)), refuse];
    program.push([BPF_JMP_JEQ_K, 0, body.length, number], ...body);
  }
  program.push(refuse);
  return encode(program);
}

/** Alternatives one after the other: each comes to its verdict, or to the next. */
function choose(
  alternatives: readonly (readonly Condition[])[],
  verdict: Instruction,
): Instruction[] {
  return alternatives.flatMap((conditions) => {
    // Behind all conditions stands the verdict, and behind that the next alternative.
    let left = conditions.reduce((sum, condition) => sum + lengthOf(condition), 0);
    const checks = conditions.flatMap((condition): Instruction[] => {
      const { argument, half, mask, equals } = condition;
      left -= lengthOf(condition);
      return [
        load(argumentsOffset + 8 * argument + (half === 'high' ? 4 : 0)),
        ...(isWhole(mask) ? [] : [[BPF_ALU_AND_K, 0, 0, mask] as const]),
        [BPF_JMP_JEQ_K, 0, left + 1, equals],
      ];
    });
    return [...checks, verdict];
  });
}

/** In instructions. */
function lengthOf({ mask }: Condition): number {
  return isWhole(mask) ? 2 : 3;
}

function isWhole(mask: number): boolean {
  return mask === 0xffff_ffff;
}

function load(offset: number): Instruction {
  return [BPF_LD_W_ABS, 0, 0, offset];
}

function decide(verdict: Verdict): Instruction {
  const actions = {
    allow: SECCOMP_RET_ALLOW,
    errno: SECCOMP_RET_ERRNO | (verdict.kind === 'errno' ? verdict.errno : 0),
    announce: SECCOMP_RET_USER_NOTIF,
  };
  return [BPF_RET_K, 0, 0, actions[verdict.kind]];
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const write = new DataView(bytes.buffer);
  program.forEach(([code, yes, no, operand], index) => {
    if (yes > 255 || no > 255) throw new RangeError('a jump that is too far');
    write.setUint16(index * 8, code, true);
    write.setUint8(index * 8 + 2, yes);
    write.setUint8(index * 8 + 3, no);
    write.setUint32(index * 8 + 4, operand, true);
  });
  return bytes;
}
