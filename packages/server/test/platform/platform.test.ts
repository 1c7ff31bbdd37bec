import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bindSystemCall, SystemCallError } from '../../src/platform/c-library.ts';
import { fcntl } from '../../src/platform/fcntl.ts';
import { createMemfd, sealMemfd } from '../../src/platform/memfd.ts';
import { readProcessMemory } from '../../src/platform/process-memory.ts';

const F_GETFD = 1;
const FD_CLOEXEC = 1;
const onLinux = process.platform === 'linux';

/** Runs a program in a process of its own, and gives what it prints. */
function runElsewhere(source: string): string {
  const platform = fileURLToPath(new URL('../../dist/platform', import.meta.url));
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--jitless', '--input-type=module', '-e', source.replaceAll('PLATFORM', platform)],
    { encoding: 'utf8' },
  );
  return status === 0 ? stdout.trim() : `status ${status}: ${stderr}`;
}

function memfd(): number {
  const descriptor = createMemfd('test');
  onTestFinished(() => closeSync(descriptor));
  writeSync(descriptor, 'abc', 0);
  return descriptor;
}

describe.runIf(onLinux)('a sealed memfd', () => {
  test('can be read, and not be written, grown, shrunk or sealed again', () => {
    const descriptor = memfd();
    sealMemfd(descriptor);
    const bytes = Buffer.alloc(4);
    expect(readSync(descriptor, bytes, 0, 4, 0)).toBe(3);
    for (const change of [
      () => writeSync(descriptor, 'x', 0),
      () => writeSync(descriptor, 'x', 3),
      () => ftruncateSync(descriptor, 1),
      () => ftruncateSync(descriptor, 9),
      () => sealMemfd(descriptor),
    ]) {
      expect(change).toThrow(expect.objectContaining({ message: expect.stringMatching(/EPERM/) }));
    }
    expect(fstatSync(descriptor).size).toBe(3);
  });

  test('not even through another descriptor of the same file', () => {
    const descriptor = memfd();
    sealMemfd(descriptor);
    const again = openSync(`/proc/self/fd/${descriptor}`, 'r+');
    onTestFinished(() => closeSync(again));
    expect(() => writeSync(again, 'x', 0)).toThrow('EPERM');
  });

  test('is not inherited unless it is handed over', () => {
    expect(fcntl(memfd(), F_GETFD, 0)).toBe(FD_CLOEXEC);
  });
});

describe.runIf(onLinux)('a system call', () => {
  test('that fails tells its name and its errno', () => {
    expect(() => fcntl(-1, F_GETFD, 0)).toThrow(SystemCallError);
    expect(() => fcntl(-1, F_GETFD, 0)).toThrow('fcntl failed with EBADF');
  });
});

test.runIf(!onLinux)('elsewhere there are no system calls', () => {
  const getpid = bindSystemCall('getpid', 'int getpid()');
  expect(() => getpid()).toThrow('getpid failed with ENOSYS');
});

describe.runIf(onLinux)('a process', () => {
  test('limits itself for good, and never to more than before', () => {
    const printed = runElsewhere(`
      import { readFileSync } from 'node:fs';
      import { lowerResourceLimit } from 'PLATFORM/resource-limits.js';
      const limits = { coreDump: 0, fileSize: 2, openFiles: 50, data: 256 * 1024 ** 2 };
      for (const [resource, most] of Object.entries(limits)) lowerResourceLimit(resource, most);
      for (const resource of Object.keys(limits)) lowerResourceLimit(resource, 2 ** 40);
      console.log(readFileSync('/proc/self/limits', 'utf8'));
    `);
    for (const [name, most] of [
      ['core file size', 0],
      ['file size', 2],
      ['open files', 50],
      ['data size', 268_435_456],
    ] as const) {
      expect(printed).toMatch(new RegExp(`^Max ${name} +${most} +${most} `, 'm'));
    }
  });

  test('cannot allocate beyond its data limit', () => {
    const printed = runElsewhere(`
      import { lowerResourceLimit } from 'PLATFORM/resource-limits.js';
      lowerResourceLimit('data', 256 * 1024 ** 2);
      try { new Uint8Array(512 * 1024 ** 2); } catch (error) { console.log(error.message); }
    `);
    expect(printed).toBe('Array buffer allocation failed');
  });

  test('can keep others from reading its memory', () => {
    const printed = runElsewhere(`
      import { forbidDumping, isDumpable } from 'PLATFORM/process-control.js';
      console.log(isDumpable());
      forbidDumping();
      console.log(isDumpable());
    `);
    expect(printed.split('\n')).toEqual(['true', 'false']);
  });

  test('is seen from outside: what is resident, and what counts as data', () => {
    const before = readProcessMemory(process.pid)!;
    const hoard = new Uint8Array(64 * 1024 ** 2).fill(1);
    const after = readProcessMemory(process.pid)!;
    expect(hoard[0]).toBe(1);
    expect(after.dataBytes - before.dataBytes).toBeGreaterThan(60 * 1024 ** 2);
    expect(after.residentBytes).toBeGreaterThan(64 * 1024 ** 2);
  });

  test('that is gone has no memory', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    expect(readProcessMemory(pid)).toBe(null);
  });
});
