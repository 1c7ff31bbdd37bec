import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CoreSlots } from '../../src/inference/core-slots.ts';

const forever = new AbortController().signal;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const sharers = new Map<string, object>();

/** Whoever has the same first letter is the same. */
function sharerOf(name: string): object {
  const known = sharers.get(name[0]!) ?? {};
  sharers.set(name[0]!, known);
  return known;
}

/** Takes a turn and notes it. */
function take(slots: CoreSlots, turns: string[], name: string, until = forever, cores = 1) {
  return slots.take({ sharer: sharerOf(name), cores, expectedMs: 1 }, until).then((end) => {
    turns.push(name);
    return end;
  });
}

test('no more than so many have a turn, the first first', async () => {
  const slots = new CoreSlots(2, 1000);
  const turns: string[] = [];
  const [endA] = [take(slots, turns, 'a'), take(slots, turns, 'b')];
  const endC = take(slots, turns, 'c');
  void take(slots, turns, 'd');
  await vi.advanceTimersByTimeAsync(0);
  expect(turns).toEqual(['a', 'b']);
  (await endA)();
  (await endA)();
  await vi.advanceTimersByTimeAsync(0);
  expect(turns).toEqual(['a', 'b', 'c']);
  (await endC)();
  await vi.advanceTimersByTimeAsync(0);
  expect(turns).toEqual(['a', 'b', 'c', 'd']);
});

test('a turn that takes too long is passed on, once', async () => {
  const slots = new CoreSlots(1, 1000);
  const turns: string[] = [];
  const endA = take(slots, turns, 'a');
  void take(slots, turns, 'b');
  void take(slots, turns, 'c');
  await vi.advanceTimersByTimeAsync(999);
  expect(turns).toEqual(['a']);
  await vi.advanceTimersByTimeAsync(1);
  expect(turns).toEqual(['a', 'b']);
  (await endA)();
  await vi.advanceTimersByTimeAsync(0);
  expect(turns).toEqual(['a', 'b']);
});

test('who gives up waiting is not waited for', async () => {
  const slots = new CoreSlots(1, 1000);
  const turns: string[] = [];
  const endA = take(slots, turns, 'a');
  const control = new AbortController();
  const given = expect(take(slots, turns, 'b', control.signal)).rejects.toThrow('left');
  void take(slots, turns, 'c');
  control.abort(new Error('left'));
  await given;
  (await endA)();
  await vi.advanceTimersByTimeAsync(0);
  expect(turns).toEqual(['a', 'c']);
});

test('who has left before gets no turn', async () => {
  const slots = new CoreSlots(1, 1000);
  const gone = AbortSignal.abort(new Error('left'));
  await expect(take(slots, [], 'a', gone)).rejects.toThrow('left');
  expect(await take(slots, [], 'a')).toBeTypeOf('function');
});

test('whoever has had the least time is next, however many of the others wait', async () => {
  const slots = new CoreSlots(1, 1000);
  const turns: string[] = [];
  const ends = ['a1', 'a2', 'a3', 'b1', 'a4', 'b2'].map((name) => take(slots, turns, name));
  for (const [end, ms] of [
    [ends[0], 50],
    [ends[3], 20],
    [ends[5], 20],
    [ends[1], 50],
    [ends[2], 50],
  ] as const) {
    const over = await end!;
    await vi.advanceTimersByTimeAsync(ms);
    over();
    await vi.advanceTimersByTimeAsync(0);
  }
  expect(turns).toEqual(['a1', 'b1', 'b2', 'a2', 'a3', 'a4']);
});

/** Lets somebody's turn take ten milliseconds. */
async function run(end: Promise<() => void>): Promise<void> {
  const over = await end;
  await vi.advanceTimersByTimeAsync(10);
  over();
  await vi.advanceTimersByTimeAsync(0);
}

test('nobody saves up a share', async () => {
  const slots = new CoreSlots(1, 1000);
  const turns: string[] = [];
  const early = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'].map((name) => take(slots, turns, name));
  for (const end of early.slice(0, 4)) await run(end);
  // Had it been there from the start it would have all of its turns now.
  const late = ['b1', 'b2'].map((name) => take(slots, turns, name));
  await run(early[4]!);
  await run(late[0]!);
  await run(early[5]!);
  await run(late[1]!);
  expect(turns.slice(4)).toEqual(['a5', 'b1', 'a6', 'b2']);
});

test('who needs several cores waits for all of them, and others behind it', async () => {
  const slots = new CoreSlots(2, 1000);
  const turns: string[] = [];
  const endA = take(slots, turns, 'a');
  const endWide = take(slots, turns, 'b', forever, 2);
  void take(slots, turns, 'c');
  await vi.advanceTimersByTimeAsync(0);
  expect(turns).toEqual(['a']);
  (await endA)();
  await vi.advanceTimersByTimeAsync(0);
  expect(turns).toEqual(['a', 'b']);
  expect(slots.hasFree).toBe(false);
  (await endWide)();
  await vi.advanceTimersByTimeAsync(0);
  expect(turns).toEqual(['a', 'b', 'c']);
  expect(slots.hasFree).toBe(true);
});

test('who needs more cores than there are gets all', async () => {
  const slots = new CoreSlots(2, 1000);
  expect(await take(slots, [], 'a', forever, 64)).toBeTypeOf('function');
  expect(slots.hasFree).toBe(false);
});
