import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { available } from '../../../../test/support/optional.ts';
import { systemCallsOf, type SystemCallTable } from '../../src/platform/system-calls.ts';
import { allowedNames, allowList } from '../../src/runner/cage/allow-list.ts';
import { assembleFilter } from '../../src/runner/cage/filter-program.ts';
import { runFilter, type Call } from './filter-machine.ts';

const self = 4711;
const socket = 5;
const other = 1n;
const refusal = 'errno 1';

const architectures = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;

/** Where the kernel's headers, if they are installed, have the numbers of this machine. */
const headers = {
  x64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h',
  arm64: '/usr/include/asm-generic/unistd.h',
} as const;

describe.each(Object.entries(architectures))('on %s', (architecture, audit) => {
  const calls = systemCallsOf(architecture)!;
  const filter = assembleFilter({
    audit: calls.audit,
    numbersBelow: 0x4000_0000,
    rules: allowList(calls, self, socket),
    refusal: { kind: 'errno', errno: 1 },
  });
  const judge = (name: string, given: readonly (number | bigint)[] = []): string =>
    runFilter(filter, callOf(calls, name, given));

  test('the architecture is that of the kernel', () => expect(calls.audit).toBe(audit));

  const header = headers[architecture as keyof typeof headers];
  test.runIf(available(header, existsSync(header), { environmental: true }))(
    "every number is that of the kernel's headers",
    () => {
      const found = numbersIn(header);
      expect(found.size).toBeGreaterThan(250);
      for (const [name, number] of found) expect(calls.numberOf(name), name).toBe(number);
    },
  );

  test('what is on no list is refused, whatever its arguments', () => {
    const allowed = new Set([...allowedNames().map(calls.numberOf), calls.numberOf('clone3')]);
    expect(judge('sched_getparam')).toBe(refusal);
    let refused = 0;
    for (let number = 0; number < 1024; number++) {
      if (allowed.has(number)) continue;
      refused += 1;
      for (const value of [0n, 1n, BigInt(self), BigInt(socket), 2n ** 64n - 1n]) {
        const call: Call = { number, audit, arguments: Array<bigint>(6).fill(value) };
        expect(runFilter(filter, call), calls.nameOf(number) ?? String(number)).toBe(refusal);
      }
    }
    expect(refused).toBeGreaterThan(950);
  });

  test('nothing of another architecture, or by the numbers of x32, is looked at', () => {
    const number = calls.numberOf('read')!;
    expect(runFilter(filter, { number, audit })).toBe('allow');
    for (const foreign of [0x4000_0003, 0x4000_0028, 0, 0xffff_ffff, audit ^ 0x8000_0000]) {
      expect(runFilter(filter, { number, audit: foreign >>> 0 })).toBe(refusal);
    }
    for (const bit of [0x4000_0000, 0x8000_0000]) {
      expect(runFilter(filter, { number: (number | bit) >>> 0, audit })).toBe(refusal);
    }
    expect(runFilter(filter, { number: 0xffff_ffff, audit })).toBe(refusal);
  });

  test('threads start, processes and namespaces do not', () => {
    expect(judge('clone', [0x3d_0f00])).toBe('allow');
    expect(judge('clone', [0x7d_0f00])).toBe('allow');
    const CLONE_NEWUSER = 0x1000_0000;
    for (const flags of [0, 17, 0x3d_0f00 & ~0x1_0000, 0x3d_0f00 | CLONE_NEWUSER]) {
      expect(judge('clone', [flags])).toBe(refusal);
    }
    expect(judge('clone3')).toBe('errno 38');
  });

  test('signals go to itself only', () => {
    expect(judge('tgkill', [self, 1, 6])).toBe('allow');
    expect(judge('tgkill', [other, 1, 6])).toBe(refusal);
  });

  test('limits are its own, and not set', () => {
    expect(judge('prlimit64', [0, 7, 0, 1])).toBe('allow');
    expect(judge('prlimit64', [self, 7, 0, 1])).toBe(refusal);
    expect(judge('prlimit64', [0, 7, 1, 0])).toBe(refusal);
    expect(judge('prlimit64', [0, 7, 2n ** 32n, 0])).toBe(refusal);
  });

  test('memory is private, nameless and never executable', () => {
    const map = (protection: number, flags: number): string =>
      judge('mmap', [0, 4096, protection, flags, -1, 0]);
    expect(map(3, 0x22)).toBe('allow');
    expect(map(0, 0x2_4022)).toBe('allow');
    for (const flags of [0x21, 0x23, 0x02, 0x01, 0x122]) expect(map(3, flags)).toBe(refusal);
    for (const protection of [4, 5, 7]) expect(map(protection, 0x22)).toBe(refusal);
    expect(judge('mprotect', [0, 4096, 3])).toBe('allow');
    for (const protection of [4, 5, 7]) {
      expect(judge('mprotect', [0, 4096, protection])).toBe(refusal);
    }
  });

  test('waiting for each other takes no more of futex than it needs', () => {
    for (const operation of [0, 1, 128, 129, 137, 128 | 256 | 9]) {
      expect(judge('futex', [0, operation])).toBe('allow');
    }
    const FUTEX_LOCK_PI = 6;
    for (const operation of [FUTEX_LOCK_PI, 128 | FUTEX_LOCK_PI, 2, 11, 12, 13, 1024]) {
      expect(judge('futex', [0, operation])).toBe(refusal);
    }
  });

  test('advice is about memory of its own, clocks and processors are its own', () => {
    for (const advice of [4, 8, 10, 14]) expect(judge('madvise', [0, 1, advice])).toBe('allow');
    const MADV_MERGEABLE = 12;
    for (const advice of [MADV_MERGEABLE, 9, 18, 20, 21, 22, 25, 100, 101]) {
      expect(judge('madvise', [0, 1, advice])).toBe(refusal);
    }
    for (const call of ['clock_gettime', 'clock_getres', 'clock_nanosleep']) {
      for (const clock of [0, 1, 2, 3, 4, 7, 11]) expect(judge(call, [clock])).toBe('allow');
      // The clock of process 1, as the kernel numbers it.
      expect(judge(call, [(~1 << 3) | 2])).toBe(refusal);
    }
    expect(judge('sched_getaffinity', [0])).toBe('allow');
    expect(judge('sched_getaffinity', [1])).toBe(refusal);
  });

  test('names of threads are all that prctl does, and flags all that fcntl tells', () => {
    expect(judge('prctl', [15])).toBe('allow');
    const PR_SET_DUMPABLE = 4;
    for (const option of [PR_SET_DUMPABLE, 1, 22, 38, 24, 28]) {
      expect(judge('prctl', [option])).toBe(refusal);
    }
    expect(judge('fcntl', [1, 3])).toBe('allow');
    for (const command of [0, 2, 4, 8, 10, 1030, 1033]) {
      expect(judge('fcntl', [1, command])).toBe(refusal);
    }
  });

  test('a descriptor is handed over on the one socket, and on none where none is', () => {
    expect(judge('sendmsg', [socket])).toBe('allow');
    expect(judge('sendmsg', [3])).toBe(refusal);
    const without = allowList(calls, self, null);
    expect(without.map(({ number }) => number)).not.toContain(calls.numberOf('sendmsg'));
  });

  test('refusals are announced where somebody listens', () => {
    const listened = assembleFilter({
      audit,
      numbersBelow: 0x4000_0000,
      rules: allowList(calls, self, socket),
      refusal: { kind: 'announce' },
    });
    expect(runFilter(listened, callOf(calls, 'socket', []))).toBe('announce');
    expect(runFilter(listened, callOf(calls, 'mprotect', [0, 1, 4]))).toBe('announce');
    // But for what honest runners try, and can do without.
    expect(runFilter(listened, callOf(calls, 'clone3', []))).toBe('errno 38');
    expect(runFilter(listened, callOf(calls, 'sched_getparam', []))).toBe('errno 1');
    expect(runFilter(listened, { number: 0, audit: 0x4000_0003 })).toBe('announce');
    expect(runFilter(listened, callOf(calls, 'read', []))).toBe('allow');
  });
});

test('every name on the list is one that some architecture has', () => {
  const tables = Object.keys(architectures).map((name) => systemCallsOf(name)!);
  for (const name of allowedNames()) {
    expect(
      tables.some((table) => table.numberOf(name) !== undefined),
      name,
    ).toBe(true);
  }
});

test('there is no table for another architecture', () => {
  expect(systemCallsOf('riscv64')).toBe(null);
});

function callOf(calls: SystemCallTable, name: string, given: readonly (number | bigint)[]): Call {
  return { number: calls.numberOf(name)!, audit: calls.audit, arguments: given.map(BigInt) };
}

/** Of the calls that exist on 64 bits under one name. */
function numbersIn(header: string): Map<string, number> {
  const lines = readFileSync(header, 'latin1').matchAll(/^#define __NR(3264)?_(\w+)\s+(\d+)$/gm);
  const found = new Map<string, number>();
  for (const [, both, name, number] of lines) {
    // Calls with another name on 64 bits, calls for 32 bits only, and what is no call.
    if (both !== undefined && ['fstatat', 'fadvise64'].includes(name!)) continue;
    if (/time64$|^(?:clock_gettime64|clock_settime64|clock_adjtime64|timer\w*64)$/.test(name!))
      continue;
    if (['syscalls', 'arch_specific_syscall', 'sync_file_range2'].includes(name!)) continue;
    if (!found.has(name!)) found.set(name!, Number(number));
  }
  return found;
}
