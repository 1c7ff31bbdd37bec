// Calls to the kernel, from the thread that runs JavaScript, and once more from one of libuv's.
import { callKernel as callFromHere } from '../../../dist/platform/kernel.js';
import { loadKoffi, SystemCallError } from '../../../dist/platform/c-library.js';
import { systemCalls } from '../../../dist/platform/system-calls.js';

/** As many as libuv starts unless told otherwise. */
const threads = 4;

const koffi = loadKoffi('syscall');
const library = koffi.load(null);
const placeOfErrno = library.func('void *__errno_location()');
const sleepShortly = library.func('int usleep(unsigned int microseconds)');
const syscall = library.func(
  'long syscall(long number, void *a, void *b, void *c, void *d, void *e, void *f)',
);

/** The last call that failed, by number, and what it was given. */
let lastFailed = null;

/** Calls the kernel by name, as runners do. */
export function callKernel(name, ...given) {
  try {
    return callFromHere(name, ...given);
  } catch (error) {
    const number = systemCalls.numberOf(name);
    if (number !== undefined) lastFailed = { number, given };
    throw error;
  }
}

/** Calls the kernel past the tables of names, without arguments. */
export function callNumber(number) {
  if (syscall(number, 0, 0, 0, 0, 0, 0) !== -1) return;
  const errno = nameOf(koffi.errno());
  lastFailed = { number, given: [] };
  throw new SystemCallError(String(number), errno);
}

function nameOf(errno) {
  const known = Object.entries(koffi.os.errno).find(([, value]) => value === errno);
  return known?.[0] ?? String(errno);
}

/** Forgets which call failed. */
export function beginAttempt() {
  lastFailed = null;
}

function onPoolThread(native, ...given) {
  return new Promise((resolve, reject) => {
    native.async(...given, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/** Where each of libuv's threads keeps the number of its last error: only it can tell that by itself. */
let places = new Set();

/** To be called before the cage is closed: so its threads are older than the filter. */
export async function findPoolThreads() {
  while (places.size < threads) {
    const all = Array.from({ length: threads });
    const asleep = all.map(() => onPoolThread(sleepShortly, 2000));
    const found = all.map(async () => koffi.address(await onPoolThread(placeOfErrno)));
    await Promise.all(asleep);
    places = new Set([...places, ...(await Promise.all(found))]);
  }
}

/** What the kernel says to the last call that failed if one of libuv's threads makes it; null to none. */
export async function repeatOnPoolThread() {
  if (lastFailed === null) return null;
  const { number, given } = lastFailed;
  for (const place of places) koffi.encode(place, 'int', 0);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = given;
  const result = await onPoolThread(syscall, number, a, b, c, d, e, f);
  if (result !== -1) return 'done';
  return nameOf([...places].map((place) => koffi.decode(place, 'int')).find((each) => each !== 0));
}
