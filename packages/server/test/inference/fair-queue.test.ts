import { expect, test } from 'vitest';
import { FairQueue } from '../../src/inference/fair-queue.ts';

/** Takes everything; each costs what `cost` says. */
function drain(queue: FairQueue<string, string>, cost: (item: string) => number): string[] {
  const order: string[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) {
    order.push(next.item);
    queue.charge(next.sharer, cost(next.item));
  }
  return order;
}

function fill(...items: string[]): FairQueue<string, string> {
  const queue = new FairQueue<string, string>();
  for (const item of items) queue.add(item[0]!, item);
  return queue;
}

test('those who share take turns, each with its own in order', () => {
  const queue = fill('a1', 'a2', 'a3', 'b1', 'c1', 'c2');
  expect(queue.size).toBe(6);
  expect(drain(queue, () => 1)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  expect(queue.size).toBe(0);
});

const costs = (item: string): number => (item.startsWith('a') ? 3 : 1);

test('who takes more at a time comes up less often', () => {
  const queue = fill('a1', 'a2', 'b1', 'b2', 'b3', 'b4');
  expect(drain(queue, costs)).toEqual(['a1', 'b1', 'b2', 'b3', 'a2', 'b4']);
});

test('what leaves is not waited for', () => {
  const queue = fill('a1', 'a2', 'b1');
  expect(queue.delete('a', 'a1')).toBe(true);
  expect(queue.delete('a', 'a1')).toBe(false);
  expect(queue.delete('z', 'z1')).toBe(false);
  expect([...queue]).toEqual(['a2', 'b1']);
  expect(queue.peek()).toEqual({ sharer: 'a', item: 'a2' });
});

test('knows who has the most waiting', () => {
  const queue = fill('a1', 'b1', 'b2', 'c1');
  expect(queue.longest()).toBe('b');
  expect(queue.waitingFor('b')).toEqual(['b1', 'b2']);
  expect(queue.waitingFor('z')).toEqual([]);
  expect(fill().longest()).toBeUndefined();
});

test('remembers a bounded number of those who have nothing waiting', () => {
  const queue = fill('a1', 'a2');
  queue.charge(queue.take()!.sharer, 1);
  const comesAndGoes = (sharer: string): void => {
    queue.add(sharer, 'item');
    queue.delete(sharer, 'item');
    queue.charge(sharer, 5);
  };
  comesAndGoes('b0');
  queue.add('b0', 'again');
  expect(queue.peek()!.sharer).toBe('a');
  queue.delete('b0', 'again');
  for (let number = 1; number < 1000; number++) comesAndGoes(`b${number}`);
  queue.add('b0', 'again');
  expect(queue.peek()!.sharer).toBe('b0');
});
