import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CoreSlots } from '../../src/inference/core-slots.ts';

const forever = new AbortController().signal;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Takes a turn and notes it. */
function take(slots: CoreSlots, turns: string[], name: string, until = forever) {
  return slots.take(until).then((end) => {
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
  await expect(slots.take(AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
  expect(await slots.take(forever)).toBeTypeOf('function');
});
