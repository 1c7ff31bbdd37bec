import { describe, expect, test } from 'vitest';
import type { CageStep } from '../../src/inference/messages.ts';
import { systemCalls } from '../../src/platform/system-calls.ts';
import { allowedNames } from '../../src/runner/cage/allow-list.ts';
import { askElsewhere, isPossible, surroundings } from './elsewhere.ts';

/** A program that closes the cage, then does something, and prints what `answer` is then. */
function caged(act: string): string {
  return `
    import { readdirSync, writeSync } from 'node:fs';
    import { open } from 'node:fs/promises';
    import koffi from 'koffi';
    import { prepareRunner } from 'BUILT/runner/prepare.js';
    import { enterCage } from 'BUILT/runner/cage/cage.js';
    import { onnxEngine } from 'BUILT/runner/onnx-engine.js';
    import { callKernel } from 'BUILT/platform/kernel.js';
    import { callOnThread } from 'BUILT/platform/native-thread.js';
    import { endProcess } from 'BUILT/platform/process-control.js';
    await prepareRunner();
    const syscall = koffi.load(null).func(
      'long syscall(long number, long a, long b, long c, long d, long e, long f)',
    );
    const attempt = (call) => {
      try { call(); return 'done'; } catch (error) { return error.errno; }
    };
    const attempts = (calls) => calls.map(([name, ...given]) => attempt(() => callKernel(name, ...given)));
    // What is bound now need not be loaded later.
    callKernel('getpid');
    callOnThread('opendir', '/');
    const main = readdirSync('/proc/self/task').map(Number)[0];
    const page = callKernel('mmap', 0, 4096, 3, 0x22, -1, 0);
    const steps = enterCage({
      parent: process.ppid, memoryBytes: 512 * 1024 ** 2, user: null, reportsDenials: false,
    });
    let answer;
    ${act}
    writeSync(1, JSON.stringify(answer));
    endProcess(0);
  `;
}

const kinds = [surroundings.nobody, surroundings.namespace].filter(isPossible);

// A file without a test is taken for a mistake.
if (kinds.length === 0) test.skip('nobody here can be caged');

describe.each(kinds)('caged as $name', (around) => {
  test('every mechanism is in force that needs no help from the server', () => {
    const steps = askElsewhere(caged('answer = steps;'), around) as CageStep[];
    const off = steps.filter(({ inForce }) => !inForce).map(({ mechanism }) => mechanism);
    // A user of one's own, threads that begin without capabilities, and somebody who hears reports.
    const helped = ['own-user', 'capabilities', 'denial-reports'];
    expect(off.filter((mechanism) => !helped.includes(mechanism))).toEqual([]);
    for (const { detail } of steps) expect(detail).toMatch(/^[\x20-\x7e]{1,160}$/);
  });

  test('the engine works', () => {
    const source = caged(`
      const session = await onnxEngine.tryOut(2);
      const x = { datatype: 'FP32', data: Float32Array.of(7), shape: [1] };
      const outputs = await session.run(new Map([['x', x]]));
      answer = [...outputs.values()].map(({ data }) => [...data]);
    `);
    expect(askElsewhere(source, around)).toEqual([[7]]);
  });

  test('every system call that is not on the list fails with EPERM, by each of its numbers', () => {
    // The kernel lets the last two past every filter, and kills whoever calls them outside of a probe.
    const allowed = new Set([...allowedNames(), 'clone3', 'uretprobe', 'uprobe']);
    const numbers = Array.from({ length: 512 }, (_, number) => number).filter(
      (number) => !allowed.has(systemCalls!.nameOf(number) ?? ''),
    );
    expect(numbers.length).toBeGreaterThan(400);
    const source = caged(`
      const isRefused = (number) => syscall(number, 0, 0, 0, 0, 0, 0) === -1 && koffi.errno() === 1;
      // Without a filter some of them would do harm.
      if (!isRefused(${systemCalls!.numberOf('getppid')})) throw new Error('there is no filter');
      const numbers = ${JSON.stringify(numbers)};
      answer = [...numbers, ...numbers.map((number) => number + 0x40000000)].filter((number) => !isRefused(number));
    `);
    expect(askElsewhere(source, around)).toEqual([]);
  });

  test('calls on the list fail with the arguments that would reach out', () => {
    const source = caged(`
      answer = attempts([
        ['mmap', 0, 4096, 7, 0x22, -1, 0],
        ['mmap', 0, 4096, 3, 0x21, -1, 0],
        ['mmap', 0, 4096, 3, 0x122, -1, 0],
        ['mmap', 0, 4096, 1, 0x02, 0, 0],
        ['mprotect', page, 4096, 5],
        ['clone', 17, 0, 0, 0, 0],
        ['tgkill', process.ppid, process.ppid, 0],
        ['prlimit64', process.ppid, 7, 0, new BigUint64Array(2)],
        ['prlimit64', 0, 7, new BigUint64Array(2), 0],
        ['prctl', 4, 1],
        ['prctl', 1, 0],
        ['fcntl', 0, 0, 50],
        ['futex', page, 6, 0, 0, 0, 0],
      ]);
    `);
    expect(new Set(askElsewhere(source, around) as string[])).toEqual(new Set(['EPERM']));
  });

  test('addresses are bounded: also memory that is only read costs the kernel tables', () => {
    const source = caged(`
      // Of a mapping that is only read nothing counts towards the limit of data.
      const map = (gibibytes) => ['mmap', 0, gibibytes * 1024 ** 3, 1, 0x4022, -1, 0];
      answer = attempts([map(17), map(8), map(8), map(8)]);
    `);
    expect(askElsewhere(source, around)).toEqual(['ENOMEM', 'done', 'done', 'ENOMEM']);
  });

  test('and do what runners need with others', () => {
    const source = caged(`
      answer = attempts([
        ['mmap', 0, 4096, 3, 0x22, -1, 0],
        ['mprotect', page, 4096, 1],
        ['tgkill', process.pid, main, 0],
        ['prlimit64', 0, 7, 0, new BigUint64Array(2)],
        ['prctl', 15, 'runner'],
        ['fcntl', 0, 3, 0],
        ['clock_gettime', 0, new BigUint64Array(2)],
      ]);
    `);
    expect(new Set(askElsewhere(source, around) as string[])).toEqual(new Set(['done']));
  });

  test('no thread opens a file, whenever it was started', () => {
    const source = caged(`
      answer = [
        attempt(() => callKernel('openat', -100, '/', 0, 0)),
        await open('/', 'r').then(() => 'done', (error) => error.code),
        attempt(() => callOnThread('opendir', '/')),
      ];
    `);
    // A thread starts, and opens nothing: it returns null.
    expect(askElsewhere(source, around)).toEqual(['EPERM', 'EPERM', 'ENODATA']);
  });

  test('no memory is executable that is not the text of a file', () => {
    const source = caged(`answer = maps;`).replace(
      'const steps =',
      "const { readFileSync } = await import('node:fs');\n    const maps = readFileSync('/proc/self/maps', 'latin1');\n    const steps =",
    );
    const lines = (askElsewhere(source, around) as string).trim().split('\n');
    const executable = lines.filter((line) => /^\S+ ..x/.test(line));
    expect(executable.length).toBeGreaterThan(3);
    for (const line of executable) {
      expect(line).toMatch(
        /^\S+ r-xp .* (?:\/.*|\[vdso\]|\[vsyscall\])$|^\S+ --xp .*\[vsyscall\]$/,
      );
    }
  });
});
