import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CancellationSignal } from '../src/cancellation.ts';
import { Work } from '../src/work.ts';

const { signal: waiting } = new AbortController();

/** Work that goes on until it is told to end, and then some. */
async function forever(): Promise<never> {
  return new Promise(() => {});
}

describe('Work', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('does what it is given', async () => {
    const work = new Work();
    expect(await work.run(async () => 7, waiting)).toBe(7);
    const failing = work.run(async () => Promise.reject(new Error('no')), waiting);
    await expect(failing).rejects.toThrow('no');
    await work.drain(1000);
  });

  it('refuses new work with going-down as soon as it drains', async () => {
    const work = new Work();
    const drained = work.drain(1000);
    await expect(work.run(async () => 7, waiting)).rejects.toMatchObject({ code: 'going-down' });
    expect(work.draining).toBe(true);
    await drained;
  });

  it('lets what runs end by itself while it drains', async () => {
    const work = new Work();
    let finish!: (value: number) => void;
    const running = work.run(
      async () => new Promise<number>((resolve) => (finish = resolve)),
      waiting,
    );
    const drained = work.drain(1000);
    await vi.advanceTimersByTimeAsync(999);
    finish(7);
    expect(await running).toBe(7);
    await drained;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with going-down what runs longer than it drains, and tells it', async () => {
    const work = new Work();
    let given!: CancellationSignal;
    const running = work.run(async (signal) => {
      given = signal;
      return forever();
    }, waiting);
    const refused = expect(running).rejects.toMatchObject({ code: 'going-down' });
    const drained = work.drain(1000);
    await vi.advanceTimersByTimeAsync(1000);
    await refused;
    await drained;
    expect(given.reason).toMatchObject({ code: 'going-down' });
  });

  it('gives up with malformed when nobody waits any more', async () => {
    const work = new Work();
    const caller = new AbortController();
    const running = work.run(forever, caller.signal);
    caller.abort();
    await expect(running).rejects.toMatchObject({ code: 'malformed' });
    await expect(work.run(forever, caller.signal)).rejects.toMatchObject({ code: 'malformed' });
    await work.drain(1000);
  });
});
