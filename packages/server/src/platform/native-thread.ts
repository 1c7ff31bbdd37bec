import { loadKoffi, SystemCallError } from './c-library.ts';

interface Bound {
  readonly create: (...given: readonly unknown[]) => number;
  readonly join: (...given: readonly unknown[]) => number;
  readonly addressOf: (name: string) => bigint;
}

let bound: Bound | undefined;

/**
 * Calls a function of the C library, one that takes a text and returns an address, on a new thread of its own,
 * and waits for it: pthread_create(3) takes any such function for the start of a thread.
 *
 * @throws {SystemCallError} `EAGAIN` or the like if no thread can be started; `ENODATA` if the function
 *   returned null, for whatever reason.
 */
export function callOnThread(name: string, text: string): void {
  bound ??= bind();
  // Held here until the thread has ended.
  const argument = new TextEncoder().encode(`${text}\0`);
  const thread = new BigUint64Array(1);
  const result = new BigUint64Array(1);
  const failure = bound.create(thread, null, bound.addressOf(name), argument);
  if (failure !== 0) throw new SystemCallError('pthread_create', 'EAGAIN');
  bound.join(thread[0], result);
  if (result[0] === 0n) throw new SystemCallError(name, 'ENODATA');
}

function bind(): Bound {
  const library = loadKoffi('pthread_create').load(null);
  return {
    create: library.func(
      'int pthread_create(void *thread, const void *attributes, void *start, void *argument)',
    ),
    join: library.func('int pthread_join(uintptr_t thread, void *result)'),
    addressOf: (name) => library.symbol(name) as bigint,
  };
}
