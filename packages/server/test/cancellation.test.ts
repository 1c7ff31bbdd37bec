import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Cancellation, FirstOf, type CancellationSignal } from '../src/cancellation.ts';

/** A source that shows who listens to it. */
class WatchedCancellation extends Cancellation {
  readonly listening = new Set<() => void>();

  override addEventListener(type: 'abort', listener: () => void): void {
    this.listening.add(listener);
    super.addEventListener(type, listener);
  }

  override removeEventListener(type: 'abort', listener: () => void): void {
    this.listening.delete(listener);
    super.removeEventListener(type, listener);
  }
}

/** What a listener finds each time it is called. */
function listenTo(signal: CancellationSignal): {
  readonly found: unknown[];
  readonly listener: () => void;
} {
  const found: unknown[] = [];
  const listener = (): void => void found.push([signal.aborted, signal.reason]);
  signal.addEventListener('abort', listener);
  return { found, listener };
}

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

const reason = new Error('no longer wanted');
const another = new Error('another reason');

describe('a cancellation', () => {
  it('is not there until something is given up', () => {
    const cancellation = new Cancellation();
    expect(cancellation.aborted).toBe(false);
    expect(cancellation.reason).toBeUndefined();
    expect(() => cancellation.throwIfAborted()).not.toThrow();
  });

  it('tells every listener once, with the reason there to see', () => {
    const cancellation = new Cancellation();
    const [first, second] = [listenTo(cancellation), listenTo(cancellation)];
    cancellation.addEventListener('abort', first.listener);
    expect(first.found).toEqual([]);
    cancellation.abort(reason);
    expect(first.found).toEqual([[true, reason]]);
    expect(second.found).toEqual([[true, reason]]);
    expect((first.found[0] as unknown[])[1]).toBe(reason);
  });

  it('tells nobody who listens no more', () => {
    const cancellation = new Cancellation();
    const [gone, there] = [listenTo(cancellation), listenTo(cancellation)];
    cancellation.removeEventListener('abort', gone.listener);
    cancellation.abort(reason);
    expect(gone.found).toEqual([]);
    expect(there.found).toHaveLength(1);
  });

  it('tells nobody whom another removes as it is told itself', () => {
    const cancellation = new Cancellation();
    let told = 0;
    const next = (): void => void (told += 1);
    cancellation.addEventListener('abort', () => cancellation.removeEventListener('abort', next));
    cancellation.addEventListener('abort', next);
    cancellation.abort(reason);
    expect(told).toBe(0);
  });

  it('tells nobody who comes too late', () => {
    const cancellation = new Cancellation();
    cancellation.abort(reason);
    const { found } = listenTo(cancellation);
    cancellation.abort(another);
    expect(found).toEqual([]);
  });

  it('is changed by nothing that comes after the first', () => {
    const cancellation = new Cancellation();
    const { found } = listenTo(cancellation);
    cancellation.abort(reason);
    cancellation.abort(another);
    expect(cancellation.aborted).toBe(true);
    expect(cancellation.reason).toBe(reason);
    expect(found).toHaveLength(1);
  });

  it('may be given up again by a listener, to no effect', () => {
    const cancellation = new Cancellation();
    const { found } = listenTo(cancellation);
    cancellation.addEventListener('abort', () => cancellation.abort(another));
    cancellation.abort(reason);
    expect(found).toEqual([[true, reason]]);
    expect(cancellation.reason).toBe(reason);
  });

  it('throws its reason wherever it is asked', () => {
    const cancellation = new Cancellation();
    cancellation.abort(reason);
    let thrown: unknown;
    try {
      cancellation.throwIfAborted();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(reason);
  });
});

describe('the first of several signals', () => {
  it.each([0, 1, 2])('is given up with the reason of the one that comes first: %i', (at) => {
    const sources = [0, 1, 2].map(() => new WatchedCancellation());
    using first = new FirstOf(sources);
    const { found } = listenTo(first);
    expect(first.aborted).toBe(false);
    expect(sources.map(({ listening }) => listening.size)).toEqual([1, 1, 1]);
    sources[at]!.abort(reason);
    for (const source of sources) source.abort(another);
    expect(found).toEqual([[true, reason]]);
    expect(first.reason).toBe(reason);
    expect(sources.map(({ listening }) => listening.size)).toEqual([0, 0, 0]);
  });

  it('is given up at once where one of them already is', () => {
    const [open, closed] = [new WatchedCancellation(), new WatchedCancellation()];
    closed.abort(reason);
    using first = new FirstOf([open, closed]);
    expect(first.aborted).toBe(true);
    expect(first.reason).toBe(reason);
    expect(() => first.throwIfAborted()).toThrow(reason);
    expect([open.listening.size, closed.listening.size]).toEqual([0, 0]);
  });

  it('follows none of them once it is disposed of', () => {
    const sources = [new WatchedCancellation(), new WatchedCancellation()];
    const first = new FirstOf(sources);
    const { found } = listenTo(first);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(sources.map(({ listening }) => listening.size)).toEqual([0, 0]);
    for (const source of sources) source.abort(reason);
    expect(first.aborted).toBe(false);
    expect(found).toEqual([]);
  });

  it('leaves alone whoever else listens to them', () => {
    const source = new WatchedCancellation();
    const other = listenTo(source);
    new FirstOf([source])[Symbol.dispose]();
    source.abort(reason);
    expect(other.found).toEqual([[true, reason]]);
  });

  it('may be given up by itself', () => {
    const source = new WatchedCancellation();
    using first = new FirstOf([source]);
    first.abort(reason);
    source.abort(another);
    expect(first.reason).toBe(reason);
    expect(source.aborted).toBe(true);
  });

  it('follows others of its kind', () => {
    const source = new WatchedCancellation();
    using inner = new FirstOf([source]);
    using outer = new FirstOf([new Cancellation(), inner]);
    source.abort(reason);
    expect(outer.reason).toBe(reason);
  });
});

describe('an AbortSignal among several signals', () => {
  it('is followed like any other', () => {
    const controller = new AbortController();
    const source = new WatchedCancellation();
    using first = new FirstOf([source, controller.signal]);
    const { found } = listenTo(first);
    expect(listeners(controller.signal)).toBe(1);
    controller.abort(reason);
    expect(found).toEqual([[true, reason]]);
    expect(source.listening.size).toBe(0);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('is let go of when another comes first, or nobody follows any more', () => {
    const { signal } = new AbortController();
    const source = new Cancellation();
    using first = new FirstOf([signal, source]);
    source.abort(reason);
    expect(first.reason).toBe(reason);
    expect(listeners(signal)).toBe(0);
    const second = new FirstOf([signal]);
    expect(listeners(signal)).toBe(1);
    second[Symbol.dispose]();
    expect(listeners(signal)).toBe(0);
  });

  it('may already be aborted', () => {
    const source = new WatchedCancellation();
    const signal = AbortSignal.abort(reason);
    using first = new FirstOf([source, signal]);
    expect(first.reason).toBe(reason);
    expect(source.listening.size).toBe(0);
    expect(listeners(signal)).toBe(0);
  });
});
