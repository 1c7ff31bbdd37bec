import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SystemCallError } from '../../src/platform/c-library.ts';
import {
  createSocketPair,
  receiveDescriptor,
  sendDescriptor,
} from '../../src/platform/descriptor-passing.ts';
import { stateOf, watchDescriptor } from '../../src/platform/descriptor-watch.ts';
import { fcntl } from '../../src/platform/fcntl.ts';
import { callKernel } from '../../src/platform/kernel.ts';
import { createMemfd } from '../../src/platform/memfd.ts';

const onLinux = process.platform === 'linux';
const F_GETFD = 1;
const FD_CLOEXEC = 1;

function pair(): readonly [number, number] {
  const ends = createSocketPair();
  onTestFinished(() => {
    for (const end of ends) if (isOpen(end)) closeSync(end);
  });
  return ends;
}

function isOpen(descriptor: number): boolean {
  try {
    fcntl(descriptor, F_GETFD, 0);
    return true;
  } catch {
    return false;
  }
}

/** Long enough for every watch that is called back at all. */
async function anotherEvent(): Promise<void> {
  const [here, there] = pair();
  let isSeen = false;
  const watch = watchDescriptor(there, () => (isSeen = true));
  writeSync(here, 'x');
  await expect.poll(() => isSeen).toBe(true);
  watch.stop();
}

describe.runIf(onLinux)('a descriptor that is handed over', () => {
  test('is the same file under a number of its own, and not inherited', () => {
    const [here, there] = pair();
    const sent = createMemfd('test');
    onTestFinished(() => closeSync(sent));
    writeSync(sent, 'abc', 0);
    sendDescriptor(here, sent);
    const received = receiveDescriptor(there)!;
    onTestFinished(() => closeSync(received));
    expect(received).not.toBe(sent);
    const bytes = Buffer.alloc(4);
    expect(readSync(received, bytes, 0, 4, 0)).toBe(3);
    expect(fstatSync(received).ino).toBe(fstatSync(sent).ino);
    expect(fcntl(received, F_GETFD, 0)).toBe(FD_CLOEXEC);
  });

  test('is none where only bytes were sent, and nothing is waited for', () => {
    const [here, there] = pair();
    expect(() => receiveDescriptor(there)).toThrow('recvmsg failed with EAGAIN');
    writeSync(here, 'x');
    expect(receiveDescriptor(there)).toBe(null);
    closeSync(here);
    expect(receiveDescriptor(there)).toBe(null);
  });
});

describe.runIf(onLinux)('a descriptor that is watched', () => {
  test('is idle, readable, or gone', () => {
    const [here, there] = pair();
    expect(stateOf(there)).toBe('idle');
    writeSync(here, 'x');
    expect(stateOf(there)).toBe('readable');
    closeSync(there);
    expect(stateOf(there)).toBe('gone');
  });

  test('calls back while there is something to read, but not while that pauses', async () => {
    const [here, there] = pair();
    let events = 0;
    const watch = watchDescriptor(there, () => {
      events += 1;
      if (events === 2) watch.pause();
    });
    onTestFinished(() => watch.stop());
    writeSync(here, 'x');
    await expect.poll(() => events).toBe(2);
    await anotherEvent();
    expect(events).toBe(2);
    watch.resume();
    await expect.poll(() => events).toBeGreaterThan(2);
    watch.stop();
    watch.stop();
    watch.pause();
    watch.resume();
    const last = events;
    await anotherEvent();
    expect(events).toBe(last);
  });
});

describe.runIf(onLinux)('the kernel, called by name', () => {
  test('answers, and refuses under that name', () => {
    expect(callKernel('getpid')).toBe(process.pid);
    expect(() => callKernel('close', -1)).toThrow('close failed with EBADF');
  });

  test('has no call that no table has', () => {
    expect(() => callKernel('open_sesame')).toThrow(SystemCallError);
    expect(() => callKernel('open_sesame')).toThrow('open_sesame failed with ENOSYS');
  });
});
