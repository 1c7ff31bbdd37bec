// The kernel itself: interfaces that have had many holes, and what changes the whole machine.
import { closeSync } from 'node:fs';
import { loadKoffi } from '../../../dist/platform/c-library.js';
import { enter, structure } from './attempt.mjs';
import { callKernel, callNumber } from './kernel-calls.mjs';

const namespaces = {
  users: 0x1000_0000,
  mounts: 0x0002_0000,
  processes: 0x2000_0000,
  networks: 0x4000_0000,
  'System V objects': 0x0800_0000,
  'host names': 0x0400_0000,
  'control groups': 0x0200_0000,
  clocks: 0x80,
};

/** madvise(2): what tells or changes what others have in memory. Of the text of a program, which all share. */
const advice = {
  'merge what others have too': 12,
  'not needed now': 20,
  'out of memory': 21,
  'read it all': 22,
};

/** A page of the C library. */
const someFunction = loadKoffi('symbol').load(null).symbol('getpid');
const pageOf = (address) => loadKoffi('address').address(address) & ~4095n;

/** Above it are the calls of x32, the same ones by other numbers. */
const x32 = 0x4000_0000;

export const group = 'the kernel';
export const attempts = [
  { name: 'userfaultfd', run: () => closeSync(callKernel('userfaultfd', 0)) },
  {
    name: 'bpf',
    run: () => enter('bpf', 0, structure(72, [0, 4, 2], [4, 4, 4], [8, 4, 4], [12, 4, 1]), 72),
  },
  {
    name: 'perf_event_open',
    run: () => {
      const attributes = structure(128, [0, 4, 1], [4, 4, 128], [40, 4, 0b110_0001]);
      closeSync(callKernel('perf_event_open', attributes, 0, -1, -1, 0));
    },
  },
  { name: 'keyctl', run: () => callKernel('keyctl', 0, -2, 1) },
  {
    name: 'add_key',
    run: () => callKernel('add_key', 'user', 'break-out', new Uint8Array(8), 8, -2),
  },
  { name: 'request_key', run: () => enter('request_key', 'user', 'absent', 0, 0) },
  ...Object.entries(namespaces).map(([name, flag]) => ({
    name: `a namespace of ${name}`,
    // What comes after it would be in it.
    apart: 'in namespaces',
    run: () => enter('unshare', flag),
  })),
  { name: 'enter a namespace', run: () => enter('setns', -1, 0) },
  { name: 'a further filter of system calls', run: () => enter('seccomp', 1, 0, 0) },
  {
    name: 'a further domain of Landlock',
    run: () => callKernel('landlock_create_ruleset', 0, 0, 1),
  },
  { name: 'load a module', run: () => enter('init_module', new Uint8Array(4), 4, 'x') },
  { name: 'load a module from a file', run: () => enter('finit_module', -1, 'x', 0) },
  { name: 'remove a module', run: () => enter('delete_module', 'absent', 0) },
  { name: 'load another kernel', run: () => enter('kexec_load', 0, 0, 0, -1) },
  { name: 'restart the machine', run: () => enter('reboot', 0, 0, 0, 0) },
  { name: 'set the clock', run: () => enter('clock_settime', 99, new Uint8Array(16)) },
  { name: 'adjust the clock', run: () => callKernel('adjtimex', new Uint8Array(208)) },
  { name: "read the kernel's log", run: () => callKernel('syslog', 10, 0, 0) },
  { name: 'name the machine', run: () => enter('sethostname', 0, -1) },
  { name: 'account for processes', run: () => enter('acct', '/absent') },
  { name: 'swap', run: () => enter('swapon', '/absent', 0) },
  { name: 'quotas', run: () => enter('quotactl', 0, '/absent', 0, 0) },
  { name: 'another personality', run: () => callKernel('personality', 0xffff_ffff) },
  { name: 'ports of the machine', run: () => callKernel('iopl', 3) },
  { name: 'a segment of its own', run: () => callKernel('modify_ldt', 0, new Uint8Array(16), 16) },
  { name: 'where memory is', run: () => enter('move_pages', 0, 0, 0, 0, 0, 0) },
  { name: 'where memory is to be', run: () => callKernel('set_mempolicy', 0, 0, 0) },
  { name: 'barriers on all processors', run: () => callKernel('membarrier', 0, 0, 0) },
  { name: 'move pages between pipes', run: () => enter('splice', -1, 0, -1, 0, 0, 0) },
  { name: 'move pages into a pipe', run: () => enter('vmsplice', -1, 0, 0, 0) },
  {
    name: 'asynchronous reading and writing',
    run: () => callKernel('io_setup', 1, new BigUint64Array(1)),
  },
  { name: 'how busy the machine is', run: () => callKernel('sysinfo', new Uint8Array(128)) },
  { name: 'which kernel it is', run: () => callKernel('uname', new Uint8Array(390)) },
  {
    name: 'which parts of programs are in use',
    run: () => callKernel('mincore', pageOf(someFunction), 4096, new Uint8Array(1)),
  },
  {
    name: 'which parts of a file are in use',
    run: () => enter('cachestat', -1, new Uint8Array(16), new Uint8Array(40), 0),
  },
  ...Object.entries(advice).map(([name, value]) => ({
    name: `advice: ${name}`,
    run: () => callKernel('madvise', pageOf(someFunction), 4096, value),
  })),
  {
    name: 'a lock that hands on urgency',
    // FUTEX_LOCK_PI
    run: () => callKernel('futex', new Uint8Array(8), 6, 0, 0, 0, 0),
  },
  { name: 'wait for many locks', run: () => enter('futex_waitv', 0, 0, 0, 0, 0) },
  { name: 'an io_uring that is open', run: () => enter('io_uring_enter', -1, 0, 0, 0, 0, 0) },
  { name: 'write everything to the disk', run: () => enter('syncfs', -1) },
  { name: 'a program in its place', run: () => enter('execve', '/absent', 0, 0) },
  {
    name: 'a program in its place, by descriptor',
    run: () => enter('execveat', -1, '', 0, 0, 0x1000),
  },
  { name: 'calls of a device', run: () => enter('ioctl', 0, 0x5412, 0) },
  { name: 'a call of x32', run: () => callNumber(x32 + 39) },
  { name: 'a call that is newer than all tables', run: () => callNumber(1000) },
];
