import { EventEmitter, once } from 'node:events';
import { expect, it } from 'vitest';
import { RequestSlots } from '../../src/node/request-slots.ts';

const signal = new AbortController().signal;

/** A piece of work that ends when it is told to. */
function createWork(): { work: () => Promise<void>; end: () => void; started: () => boolean } {
  const ending = new EventEmitter();
  const ended = once(ending, 'end');
  let started = false;
  return {
    work: async () => {
      started = true;
      await ended;
    },
    end: () => void ending.emit('end'),
    started: () => started,
  };
}

it('runs a bounded number at a time, in the order in which they came', async () => {
  const slots = new RequestSlots(2);
  const works = Array.from({ length: 4 }, createWork);
  const runs = works.map(({ work }) => slots.run(signal, work));
  const started = async (): Promise<boolean[]> => {
    await new Promise(setImmediate);
    return works.map((each) => each.started());
  };
  expect(await started()).toEqual([true, true, false, false]);
  works.at(1)!.end();
  expect(await started()).toEqual([true, true, true, false]);
  works.at(0)!.end();
  expect(await started()).toEqual([true, true, true, true]);
  for (const each of works) each.end();
  await Promise.all(runs);
});

it('gives the slot back when the work fails', async () => {
  const slots = new RequestSlots(1);
  await expect(slots.run(signal, async () => Promise.reject(new RangeError()))).rejects.toThrow(
    RangeError,
  );
  expect(await slots.run(signal, async () => 7)).toBe(7);
});

it('lets a waiting one go when its signal says so, with its reason', async () => {
  const slots = new RequestSlots(1);
  const first = createWork();
  const running = slots.run(signal, first.work);
  const controller = new AbortController();
  const waiting = slots.run(controller.signal, async () => 1);
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(slots.run(controller.signal, async () => 2)).rejects.toBe(reason);
  first.end();
  await running;
  expect(await slots.run(signal, async () => 3)).toBe(3);
});
