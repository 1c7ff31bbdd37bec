import type { SystemCallTable } from '../../platform/system-calls.ts';
import type { Condition, Rule } from './filter-program.ts';

/*
 * What Node and the engine do once they run: compute, take and give back memory, wait for each other, start
 * threads, and read and write what is open. Found by tracing real and hostile models on Node 20, 24 and 26;
 * a call that is missing here shows in the log and in `blindai isolation`. Nothing of it opens, connects,
 * creates, starts a program, or reaches another process.
 */

const EPERM = 1;
const ENOSYS = 38;

// futex(2), without the flags for private futexes (128) and the real-time clock (256).
const futexFlags = 128 | 256;
const futexOperations = {
  FUTEX_WAIT: 0,
  FUTEX_WAKE: 1,
  FUTEX_REQUEUE: 3,
  FUTEX_CMP_REQUEUE: 4,
  FUTEX_WAKE_OP: 5,
  FUTEX_WAIT_BITSET: 9,
  FUTEX_WAKE_BITSET: 10,
};

// mmap(2): the kind of a mapping, and the flags that bear on it.
const MAP_PRIVATE = 0x02;
const MAP_TYPE = 0x0f;
const MAP_ANONYMOUS = 0x20;
const MAP_GROWSDOWN = 0x100;
const PROT_EXEC = 0x4;

/**
 * What a thread shares with the one that starts it (clone(2)), as the C libraries ask for it: everything but
 * the stack. musl adds CLONE_DETACHED, which does nothing.
 */
const threadFlags = { glibc: 0x003d_0f00, musl: 0x007d_0f00 };

// prctl(2): the names of threads, and those of mappings.
const PR_SET_NAME = 15;
const PR_SET_VMA = 0x5356_4d41;

const F_GETFL = 3;

/**
 * madvise(2): what allocators say of memory that they do not need, and how it is to be kept. Not among them is
 * MADV_MERGEABLE, which would let a process find out what others have in memory.
 */
const advice = {
  MADV_NORMAL: 0,
  MADV_WILLNEED: 3,
  MADV_DONTNEED: 4,
  MADV_FREE: 8,
  MADV_DONTFORK: 10,
  MADV_HUGEPAGE: 14,
  MADV_NOHUGEPAGE: 15,
  MADV_DONTDUMP: 16,
  MADV_DODUMP: 17,
};

/** clock_gettime(2): beyond these bits are the clocks of other processes, the time that each has computed. */
const ownClocks = 0x0f;

/** An argument whose low half is exactly this; the kernel looks at no more of an `int`. */
function is(argument: number, equals: number): Condition {
  return { argument, half: 'low', mask: 0xffff_ffff, equals };
}

/** An argument that has, of the bits of the mask, exactly these. */
function has(argument: number, mask: number, equals: number): Condition {
  return { argument, half: 'low', mask, equals };
}

/** An address that is null. */
function isNull(argument: number): Condition[] {
  return [is(argument, 0), { argument, half: 'high', mask: 0xffff_ffff, equals: 0 }];
}

/** A call and when it is allowed: always, or if one of the lists of conditions holds. */
type Entry = readonly [name: string, provided?: readonly (readonly Condition[])[]];

const ownClock = [[has(0, ~ownClocks >>> 0, 0)]];

/** @param self - This process, as it is known to itself. */
function entries(self: number, denialSocket: number | null): readonly Entry[] {
  return [
    [
      'futex',
      Object.values(futexOperations).map((operation) => [has(1, ~futexFlags >>> 0, operation)]),
    ],
    ['read'],
    ['write'],
    // Only private memory counts towards the limit, and neither does a stack that grows by itself. Nothing
    // may become executable any more: models bring no code.
    [
      'mmap',
      [
        [
          has(2, PROT_EXEC, 0),
          has(3, MAP_TYPE | MAP_ANONYMOUS | MAP_GROWSDOWN, MAP_PRIVATE | MAP_ANONYMOUS),
        ],
      ],
    ],
    ['munmap'],
    ['mprotect', [[has(2, PROT_EXEC, 0)]]],
    ['mremap'],
    ['madvise', Object.values(advice).map((value) => [is(2, value)])],
    ['brk'],
    ['sched_yield'],
    // Asked of the kernel only where the clock cannot be read without it.
    ['clock_gettime', ownClock],
    ['clock_getres', ownClock],
    ['gettimeofday'],
    ['time'],
    ['getcpu'],
    ['nanosleep'],
    ['clock_nanosleep', ownClock],
    ['epoll_pwait'],
    ['epoll_wait'],
    ['epoll_ctl'],
    ['pread64'],
    ['close'],
    ['getrandom'],
    ['getpid'],
    ['gettid'],
    ['sched_getaffinity', [[is(0, 0)]]],
    // One's own limits, read but not set.
    ['prlimit64', [[is(0, 0), ...isNull(2)]]],
    ['getrlimit'],
    ['clone', Object.values(threadFlags).map((flags) => [is(0, flags)])],
    ['set_robust_list'],
    ['rseq'],
    ['prctl', [[is(0, PR_SET_NAME)], [is(0, PR_SET_VMA)]]],
    ['rt_sigaction'],
    ['rt_sigprocmask'],
    ['rt_sigreturn'],
    ['sigaltstack'],
    ['restart_syscall'],
    ['tgkill', [[is(0, self)]]],
    ['exit'],
    ['exit_group'],
    // Node looks at the standard streams when it ends.
    ['fstat'],
    ['fcntl', [[is(1, F_GETFL)]]],
    // For handing over the listener, right after the filter is there and before anything foreign is.
    ...(denialSocket === null ? [] : [['sendmsg', [[is(0, denialSocket)]]] as const]),
  ];
}

/**
 * The rules for the calls that a runner needs, on one architecture.
 *
 * @param self - Process id of the runner: it may signal nobody else.
 * @param denialSocket - Descriptor over which one may still be handed over; null if none is.
 */
export function allowList(
  calls: SystemCallTable,
  self: number,
  denialSocket: number | null,
): readonly Rule[] {
  const rules = entries(self, denialSocket).flatMap(([name, provided]): Rule[] => {
    const number = calls.numberOf(name);
    // A call that the architecture never had.
    if (number === undefined) return [];
    return [{ number, verdict: { kind: 'allow' }, ...(provided !== undefined && { provided }) }];
  });
  return [...rules, ...quietRefusals.map(([name, errno]) => refuse(calls.numberOf(name)!, errno))];
}

/**
 * Calls that honest runners make and can do without, so that nobody needs to hear of them. The arguments of
 * clone3 are out of a filter's reach; the C library then starts threads by clone. The others are asked by
 * threads of V8 that begin late, and would tell which processes there are.
 */
const quietRefusals = [
  ['clone3', ENOSYS],
  ['sched_getscheduler', EPERM],
  ['sched_getparam', EPERM],
] as const;

function refuse(number: number, errno: number): Rule {
  return { number, verdict: { kind: 'errno', errno } };
}

/** How many calls are allowed, some of them with some arguments only. */
export function countAllowed(calls: SystemCallTable): number {
  return allowList(calls, 1, null).filter(({ verdict }) => verdict.kind === 'allow').length;
}

/** The names on the list; for tests. */
export function allowedNames(): readonly string[] {
  return entries(1, 5).map(([name]) => name);
}
