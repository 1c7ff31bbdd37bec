// Processes and threads without end, time without end, and signals to oneself.
import { loadKoffi } from '../../../dist/platform/c-library.js';
import { enter, stopped } from './attempt.mjs';
import { callKernel } from './kernel-calls.mjs';

const SIGCHLD = 17;
const SIGSTOP = 19;
const CLONE_NEWUSER = 0x1000_0000;
const mostThreads = 1000;

/** Copies this process, as far as it has one thread; the copy ends at once. */
function fork(flags = SIGCHLD) {
  const child = callKernel('clone', flags, 0, 0, 0, 0);
  if (child === 0) callKernel('exit_group', 0);
  callKernel('wait4', child, 0, 0, 0);
}

const library = process.platform === 'linux' ? loadKoffi('pthread_create').load(null) : null;
const createThread = library?.func(
  'int pthread_create(void *thread, const void *attributes, void *start, uintptr_t argument)',
);
const createSmallThread = library?.func(
  'int pthread_attr_setstacksize(void *attributes, size_t bytes)',
);
const initAttributes = library?.func('int pthread_attr_init(void *attributes)');
const sleep = library?.symbol('sleep');

/** Starts threads that sleep, each with so much of a stack. */
function startThreads(stackBytes, { endlessMs }) {
  const attributes = new Uint8Array(64);
  initAttributes(attributes);
  createSmallThread(attributes, stackBytes);
  const thread = new BigUint64Array(1);
  for (let count = 0; count < mostThreads; count++) {
    if (createThread(thread, attributes, sleep, 3600) !== 0) {
      throw stopped('pthread_create', 'EAGAIN');
    }
  }
  // Kept for longer than the server takes to look.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.min(endlessMs, 2000));
}

/** Computes for as long as the plan says. */
function spin({ endlessMs }) {
  for (const end = performance.now() + endlessMs; performance.now() < end;);
}

/** Makes a call that is refused in the cage, and goes on. */
function askInVain() {
  try {
    callKernel('getppid');
  } catch {
    // On to the next one.
  }
}

export const group = 'processes, threads and time';
export const attempts = [
  { name: 'a copy of itself', run: () => fork() },
  { name: 'a copy by fork', run: () => forkByName() },
  { name: 'a copy by clone3', run: () => enter('clone3', new Uint8Array(64).fill(0xff), 64) },
  { name: 'a copy in a namespace of users', run: () => fork(SIGCHLD | CLONE_NEWUSER) },
  {
    name: 'bomb: processes',
    run: () => {
      for (let count = 0; count < 100; count++) fork();
    },
  },
  {
    name: 'bomb: threads',
    apart: 'with many threads',
    endsBy: 'model-crashed',
    spoils: true,
    run: (plan) => startThreads(1024 ** 2, plan),
  },
  {
    name: 'bomb: small threads',
    apart: 'with many threads',
    endsBy: 'model-crashed',
    spoils: true,
    run: (plan) => startThreads(16 * 1024, plan),
  },
  { name: 'a timer', run: () => callKernel('timer_create', 1, 0, new Uint8Array(8)) },
  { name: 'an alarm', run: () => callKernel('setitimer', 0, new Uint8Array(32), 0) },
  { name: 'a timer as a descriptor', run: () => callKernel('timerfd_create', 1, 0) },
  {
    name: 'signals as a descriptor',
    run: () => callKernel('signalfd4', -1, new Uint8Array(8), 8, 0),
  },
  { name: 'wait for a process', run: () => enter('wait4', -1, 0, 1, 0) },
  { name: 'a loop without end', endsBy: 'model-timeout', run: spin },
  {
    name: 'refused calls without end',
    endsBy: 'model-timeout',
    run: ({ endlessMs }) => {
      for (const end = performance.now() + endlessMs; performance.now() < end;) askInVain();
    },
  },
  {
    name: 'stop itself',
    endsBy: 'model-timeout',
    isOnlyInCage: true,
    run: ({ endlessMs }) => {
      callKernel('tgkill', process.pid, callKernel('gettid'), SIGSTOP);
      spin({ endlessMs });
    },
  },
];

function forkByName() {
  const child = callKernel('fork');
  if (child === 0) callKernel('exit_group', 0);
  callKernel('wait4', child, 0, 0, 0);
}
