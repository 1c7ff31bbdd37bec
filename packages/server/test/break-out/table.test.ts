import { describe, expect, test } from 'vitest';
import type { Attempt, CagedEnding, Ending } from './attempts.ts';
import { judge, type Verdict } from './table.ts';

const attempt: Attempt = { group: 'a group', name: 'an attempt' };
const works: Ending = { errno: null, call: null };
const caged: CagedEnding = { errno: 'EPERM', call: 'socket', onPoolThread: 'EPERM', answers: 0 };

function verdictOf(changed: Partial<CagedEnding>, given = attempt, control = works): Verdict {
  return judge(given, control, { ...caged, ...changed }, (call) => call === 'mmap').verdict;
}

function stopperOf(call: string): string {
  return judge(attempt, works, { ...caged, call }, (name) => name === 'mmap').by;
}

describe('an attempt', () => {
  test('is stopped if it works without the cage only, and by something that the cage does', () => {
    expect(verdictOf({})).toBe('stopped');
    expect(verdictOf({ errno: 'ENOMEM', call: 'mmap', onPoolThread: null })).toBe('stopped');
  });

  test('has come through if nothing stopped it, on whatever thread, and whatever the control said', () => {
    const failing = { errno: 'ENOSYS', call: 'socket' };
    for (const control of [works, failing]) {
      expect(verdictOf({ errno: null, call: null }, attempt, control)).toBe('came through');
      expect(verdictOf({ onPoolThread: 'done' }, attempt, control)).toBe('came through');
      expect(verdictOf({ onPoolThread: 'EINVAL' }, attempt, control)).toBe('came through');
    }
  });

  test('says nothing if it fails without the cage', () => {
    const control = { errno: 'ENOSYS', call: 'socket' };
    expect(verdictOf({}, attempt, control)).toBe('not applicable');
  });

  test('is unexplained if the kernel took the call and found fault with it', () => {
    expect(verdictOf({ errno: 'EINVAL', onPoolThread: null })).toBe('unexplained');
    expect(verdictOf({ errno: 'BUG', onPoolThread: null })).toBe('unexplained');
    expect(verdictOf({ errno: 'EBADF', onPoolThread: null })).toBe('unexplained');
  });

  test('may end its process only as it is meant to', () => {
    const ended = { errno: 'model-crashed', call: null, onPoolThread: null };
    expect(verdictOf(ended)).toBe('unexplained');
    expect(verdictOf(ended, { ...attempt, endsBy: 'model-timeout' })).toBe('unexplained');
    expect(verdictOf(ended, { ...attempt, endsBy: 'model-crashed' })).toBe('stopped');
  });

  test('is told by what stopped it', () => {
    expect(stopperOf('socket')).toBe('the list of system calls: socket');
    expect(stopperOf('mmap')).toBe('the list of system calls: mmap, with these arguments');
  });
});
