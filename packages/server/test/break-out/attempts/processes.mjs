// Other processes: their memory, what they have open, and power over them.
import { closeSync } from 'node:fs';
import { addressOf } from '../../../dist/platform/c-library.js';
import { anyOf, enter, openFile, stopped, structure } from './attempt.mjs';
import { callKernel } from './kernel-calls.mjs';

const O_RDONLY = 0;
const O_RDWR = 2;
const O_PATH = 0o10000000;
const O_DIRECTORY = 0o200000;
const PTRACE_SEIZE = 0x4206;
const PTRACE_GETREGSET = 0x4204;
const RLIMIT_NOFILE = 7;
const PRIO_PROCESS = 0;

/** Aimed at each process of the plan: a target made for it, the server, and another model's process. */
const atEach = (reach) => (plan) => anyOf(...plan.aims.map((aim) => () => reach(aim)));

function readFrom(path) {
  const bytes = new Uint8Array(16);
  openFile(path, O_RDONLY, (file) => {
    if (callKernel('read', file, bytes, bytes.length) <= 0) throw stopped('read', 'ENODATA');
  });
}

function listFolder(path) {
  const bytes = new Uint8Array(4096);
  openFile(path, O_RDONLY | O_DIRECTORY, (file) => {
    if (callKernel('getdents64', file, bytes, bytes.length) <= 0)
      throw stopped('getdents64', 'ENODATA');
  });
}

/** CPUCLOCK_SCHED of a process: the time that it has computed (linux/posix-timers.h). */
const clockOf = (pid) => (~pid << 3) | 2;

function memory(call, { pid, canaryAddress }, bytes) {
  const length = BigInt(bytes.length);
  const here = BigUint64Array.of(addressOf(bytes), length);
  const there = BigUint64Array.of(BigInt(canaryAddress), length);
  if (callKernel(call, pid, here, 1, there, 1, 0) <= 0) throw stopped(call, 'ENODATA');
}

function throughFile(flags, call, { pid, canaryAddress }) {
  const bytes = new Uint8Array(16);
  openFile(`/proc/${pid}/mem`, flags, (file) =>
    callKernel(call, file, bytes, bytes.length, BigInt(canaryAddress)),
  );
}

function withProcess({ pid }, use) {
  const handle = callKernel('pidfd_open', pid, 0);
  try {
    use(handle);
  } finally {
    closeSync(handle);
  }
}

export const group = 'other processes';
export const attempts = [
  {
    name: 'read memory through /proc',
    run: atEach((aim) => throughFile(O_RDONLY, 'pread64', aim)),
  },
  {
    name: 'change memory through /proc',
    run: atEach((aim) => throughFile(O_RDWR, 'pwrite64', aim)),
  },
  {
    name: 'read memory by process_vm_readv',
    run: atEach((aim) => memory('process_vm_readv', aim, new Uint8Array(16))),
  },
  {
    name: 'change memory by process_vm_writev',
    run: atEach((aim) => memory('process_vm_writev', aim, new Uint8Array(16))),
  },
  { name: 'read the environment', run: atEach(({ pid }) => readFrom(`/proc/${pid}/environ`)) },
  { name: 'read the arguments', run: atEach(({ pid }) => readFrom(`/proc/${pid}/cmdline`)) },
  { name: 'read the map of the memory', run: atEach(({ pid }) => readFrom(`/proc/${pid}/maps`)) },
  { name: 'read the status', run: atEach(({ pid }) => readFrom(`/proc/${pid}/status`)) },
  { name: 'list all processes', run: () => listFolder('/proc') },
  { name: 'list descriptors', run: atEach(({ pid }) => listFolder(`/proc/${pid}/fd`)) },
  {
    name: 'open a descriptor of theirs',
    run: atEach(({ pid, descriptor }) =>
      anyOf(
        () => openFile(`/proc/${pid}/fd/${descriptor}`, O_RDONLY),
        () => openFile(`/proc/${pid}/fd/${descriptor}`, O_PATH),
      ),
    ),
  },
  {
    name: 'take a descriptor by pidfd_getfd',
    run: atEach((aim) =>
      withProcess(aim, (handle) => closeSync(callKernel('pidfd_getfd', handle, aim.descriptor, 0))),
    ),
  },
  {
    name: 'get hold of one by pidfd_open',
    run: atEach((aim) => withProcess(aim, () => undefined)),
  },
  {
    name: 'debug them',
    run: atEach(({ thread }) => callKernel('ptrace', PTRACE_SEIZE, thread, 0, 0)),
  },
  // To be debugged oneself would stop at the next signal: only that the call is there is looked at.
  { name: 'ask to be debugged', run: () => enter('ptrace', PTRACE_GETREGSET, process.pid, 0, 0) },
  { name: 'send a signal', run: atEach(({ pid }) => callKernel('kill', pid, 0)) },
  {
    name: 'send a signal to a thread',
    run: atEach(({ pid, thread }) => callKernel('tgkill', pid, thread, 0)),
  },
  { name: 'send a signal by tkill', run: atEach(({ thread }) => callKernel('tkill', thread, 0)) },
  {
    name: 'send a signal with a value',
    run: atEach(({ pid }) => {
      // SI_QUEUE, as which alone it may be sent to others.
      callKernel('rt_sigqueueinfo', pid, 0, structure(128, [8, 4, 0xffff_ffff]));
    }),
  },
  {
    name: 'send a signal by pidfd',
    run: atEach((aim) =>
      withProcess(aim, (handle) => callKernel('pidfd_send_signal', handle, 0, 0, 0)),
    ),
  },
  { name: 'signal everybody', run: () => callKernel('kill', -1, 0) },
  { name: 'signal the own group', run: () => callKernel('kill', 0, 0) },
  {
    name: 'read limits',
    run: atEach(({ pid }) => callKernel('prlimit64', pid, RLIMIT_NOFILE, 0, new BigUint64Array(2))),
  },
  {
    name: 'change limits',
    run: atEach(({ pid }) => {
      const limits = new BigUint64Array(2);
      callKernel('prlimit64', pid, RLIMIT_NOFILE, 0, limits);
      callKernel('prlimit64', pid, RLIMIT_NOFILE, limits, 0);
    }),
  },
  {
    name: 'change the priority',
    run: atEach(({ pid }) => callKernel('setpriority', PRIO_PROCESS, pid, 1)),
  },
  {
    name: 'choose the processors',
    run: atEach(({ pid }) => {
      const mask = new Uint8Array(128);
      callKernel('sched_getaffinity', pid, mask.length, mask);
      callKernel('sched_setaffinity', pid, mask.length, mask);
    }),
  },
  {
    name: 'read their clock',
    run: atEach(({ pid }) => callKernel('clock_gettime', clockOf(pid), new BigUint64Array(2))),
  },
  {
    name: 'ask whether they have a clock',
    run: atEach(({ pid }) => callKernel('clock_getres', clockOf(pid), new BigUint64Array(2))),
  },
  {
    name: 'wait for their clock',
    // TIMER_ABSTIME: for a time that is over.
    run: atEach(({ pid }) =>
      callKernel('clock_nanosleep', clockOf(pid), 1, new BigUint64Array(2), 0),
    ),
  },
  { name: 'ask for their group', run: atEach(({ pid }) => callKernel('getpgid', pid)) },
  { name: 'ask for their session', run: atEach(({ pid }) => callKernel('getsid', pid)) },
  {
    name: 'ask for their priority',
    run: atEach(({ pid }) => callKernel('getpriority', PRIO_PROCESS, pid)),
  },
  {
    name: 'ask how they are scheduled',
    run: atEach(({ pid }) => callKernel('sched_getscheduler', pid)),
  },
  {
    name: 'ask how urgent they are',
    run: atEach(({ pid }) => callKernel('sched_getparam', pid, new Uint8Array(4))),
  },
  {
    name: 'ask for all of their schedule',
    run: atEach(({ pid }) => callKernel('sched_getattr', pid, new Uint8Array(56), 56, 0)),
  },
  {
    name: 'ask how long they run at a time',
    run: atEach(({ pid }) => callKernel('sched_rr_get_interval', pid, new BigUint64Array(2))),
  },
  {
    name: 'ask how they read and write',
    run: atEach(({ pid }) => callKernel('ioprio_get', 1, pid)),
  },
  {
    name: 'ask for their capabilities',
    run: atEach(({ pid }) =>
      callKernel('capget', structure(8, [0, 4, 0x2008_0522], [4, 4, pid]), new Uint8Array(24)),
    ),
  },
  {
    name: 'ask for their locks',
    run: atEach(({ thread }) =>
      callKernel('get_robust_list', thread, new BigUint64Array(1), new BigUint64Array(1)),
    ),
  },
  {
    name: 'ask where their memory is',
    run: atEach(({ pid }) => callKernel('move_pages', pid, 0, 0, 0, 0, 0)),
  },
  {
    name: 'give advice about their memory',
    run: atEach((aim) =>
      withProcess(aim, (handle) => {
        const there = BigUint64Array.of(BigInt(aim.canaryAddress) & ~4095n, 4096n);
        // MADV_COLD
        callKernel('process_madvise', handle, there, 1, 20, 0);
      }),
    ),
  },
  {
    name: 'compare what they have open',
    run: atEach(({ pid }) => callKernel('kcmp', pid, pid, 1, 0, 0)),
  },
  {
    name: 'watch by perf_event_open',
    run: atEach(({ pid }) => {
      // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, of user space only.
      const attributes = new Uint8Array(128);
      const view = new DataView(attributes.buffer);
      view.setUint32(0, 1, true);
      view.setUint32(4, attributes.length, true);
      view.setUint32(40, 0b110_0001, true);
      closeSync(callKernel('perf_event_open', attributes, pid, -1, -1, 0));
    }),
  },
];
