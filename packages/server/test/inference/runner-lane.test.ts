import { ProtocolError } from '@blindai/protocol';
import { expect, test } from 'vitest';
import { RunnerLane } from '../../src/inference/runner-lane.ts';

const reason = new ProtocolError('going-down', 'a test');

/** A start that goes on until its lane is given up. */
function never(lane: RunnerLane): Promise<never> {
  return new Promise((_, reject) => {
    if (lane.ending.aborted) reject(lane.ending.reason);
    lane.ending.addEventListener('abort', () => reject(lane.ending.reason));
  });
}

test('a lane that is given up does not wait for what starts in it', async () => {
  const lane = new RunnerLane(1, never);
  const ready = lane.ready();
  expect(lane.isStarting).toBe(true);
  expect(lane.ready()).toBe(ready);
  await lane.end(reason);
  await expect(ready).rejects.toBe(reason);
  expect([lane.isStarting, lane.isAlive, lane.residentBytes]).toEqual([false, false, 0]);
});

test('and starts nothing any more', async () => {
  const lane = new RunnerLane(1, never);
  await lane.end(reason);
  await expect(lane.ready()).rejects.toBe(reason);
});
