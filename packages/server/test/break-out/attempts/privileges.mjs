// What was given up: to get it back, or to undo what holds it back.
import { anyOf, enter, structure } from './attempt.mjs';
import { callKernel } from './kernel-calls.mjs';

const unlimited = 2n ** 64n - 1n;

// prctl(2), and linux/prctl.h.
const undoings = {
  'outlive the server': [1, 0],
  'be dumped again': [4, 1],
  'keep rights of another user': [8, 1],
  'filter anew': [22, 0],
  'give programs rights': [28, 0],
  'wait less exactly': [29, 1],
  'change where its memory is': [35, 0, 0, 0, 0],
  'adopt processes': [36, 1],
  'gain privileges again': [38, 0, 0, 0, 0],
  'do without huge pages': [41, 1, 0, 0, 0],
  'pass rights on': [47, 4, 0, 0, 0],
  'speculate more': [53, 0, 0, 0, 0],
  'catch its own calls': [59, 0, 0, 0, 0],
  'be debugged by all': [0x5961_6d61, -1],
};

const limits = {
  processor: 0,
  files: 1,
  data: 2,
  core: 4,
  processes: 6,
  descriptors: 7,
  locked: 8,
};

export const group = 'privileges and limits';
export const attempts = [
  { name: 'become user 0', run: () => callKernel('setuid', 0) },
  { name: 'become user 0 by setresuid', run: () => callKernel('setresuid', 0, 0, 0) },
  { name: 'become group 0', run: () => callKernel('setgid', 0) },
  { name: 'join groups', run: () => callKernel('setgroups', 0, 0) },
  { name: 'open files as another', run: () => enter('setfsuid', 0) },
  {
    name: 'take capabilities back',
    run: () => {
      const header = structure(8, [0, 4, 0x2008_0522]);
      const sets = new Uint8Array(24);
      callKernel('capget', header, sets);
      callKernel('capset', header, sets);
    },
  },
  ...Object.entries(undoings).map(([name, given]) => ({
    name: `prctl: ${name}`,
    run: () => enter('prctl', ...given),
  })),
  ...Object.entries(limits).map(([name, resource]) => ({
    name: `change the limit of ${name}`,
    run: () =>
      anyOf(
        () => callKernel('prlimit64', 0, resource, BigUint64Array.of(unlimited, unlimited), 0),
        () => {
          const same = new BigUint64Array(2);
          callKernel('prlimit64', 0, resource, 0, same);
          callKernel('prlimit64', 0, resource, same, 0);
        },
      ),
  })),
  {
    name: 'raise a limit by the old call',
    run: () => callKernel('setrlimit', limits.data, BigUint64Array.of(unlimited, unlimited)),
  },
  { name: 'come first', run: () => callKernel('setpriority', 0, 0, -5) },
  {
    name: 'come before all others',
    run: () => enter('sched_setscheduler', 0, 99, structure(4, [0, 4, 1])),
  },
  {
    name: 'come first by sched_setattr',
    run: () => enter('sched_setattr', 0, structure(56, [0, 4, 56]), 0),
  },
  { name: 'read and write first', run: () => callKernel('ioprio_set', 1, 0, (2 << 13) | 4) },
  {
    name: 'choose processors',
    run: () => {
      const mask = new Uint8Array(128);
      callKernel('sched_getaffinity', 0, mask.length, mask);
      callKernel('sched_setaffinity', 0, mask.length, mask);
    },
  },
  { name: 'change the group of processes', run: () => callKernel('setpgid', 0, 0) },
  { name: 'ask for a session of its own', run: () => callKernel('getsid', 0) },
];
