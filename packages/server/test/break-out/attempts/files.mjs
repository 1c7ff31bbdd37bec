// Files: to read, to make, to fill the disk with; devices; the tree of folders itself.
import { readFile } from 'node:fs/promises';
import { callOnThread } from '../../../dist/platform/native-thread.js';
import { anyOf, enter, openFile, stopped } from './attempt.mjs';
import { callKernel } from './kernel-calls.mjs';

const AT_FDCWD = -100;
const O_RDONLY = 0;
const O_WRONLY = 1;
const O_RDWR = 2;
const O_CREAT = 0o100;
const O_TMPFILE = 0o20200000;
const MIB = 1024 ** 2;

/** A path of its own for each try, which the server may write to. */
const fresh = (plan) => `${plan.folder}/${process.pid}-${process.hrtime.bigint()}`;

export const group = 'files and devices';
export const attempts = [
  { name: 'open a file', run: (plan) => openFile(plan.file, O_RDONLY) },
  {
    name: 'open a file by the old call',
    run: (plan) => callKernel('open', plan.file, O_RDONLY, 0),
  },
  {
    name: 'open a file by openat2',
    run: (plan) => callKernel('openat2', AT_FDCWD, plan.file, new Uint8Array(24), 24),
  },
  {
    name: "open a file on one of Node's threads",
    run: async (plan) => void (await readFile(plan.file)),
  },
  {
    name: 'open a folder on a new thread',
    run: (plan) => callOnThread('opendir', plan.folder),
  },
  {
    name: 'ask about a file',
    run: (plan) => enter('statx', AT_FDCWD, plan.file, 0, 0, new Uint8Array(256)),
  },
  { name: 'make a file', run: (plan) => openFile(fresh(plan), O_WRONLY | O_CREAT) },
  { name: 'make a file without a name', run: (plan) => openFile(plan.folder, O_RDWR | O_TMPFILE) },
  { name: 'make a file in the working folder', run: () => openFile('here', O_WRONLY | O_CREAT) },
  { name: 'make a file in shared memory', run: () => openFile('/dev/shm', O_RDWR | O_TMPFILE) },
  {
    name: 'fill the disk',
    run: (plan) =>
      openFile(plan.folder, O_RDWR | O_TMPFILE, (file) => {
        const block = new Uint8Array(MIB);
        for (let written = 0; written < 8; written++) {
          if (callKernel('write', file, block, block.length) < block.length)
            throw stopped('write', 'EFBIG');
        }
      }),
  },
  {
    name: 'reserve the disk',
    run: (plan) =>
      openFile(plan.folder, O_RDWR | O_TMPFILE, (file) =>
        callKernel('fallocate', file, 0, 0, 8 * MIB),
      ),
  },
  { name: 'make a folder', run: (plan) => callKernel('mkdirat', AT_FDCWD, fresh(plan), 0o700) },
  { name: 'make a link', run: (plan) => callKernel('symlinkat', plan.file, AT_FDCWD, fresh(plan)) },
  {
    name: 'make a second name',
    run: (plan) => callKernel('linkat', AT_FDCWD, plan.sacrifice, AT_FDCWD, fresh(plan), 0),
  },
  {
    name: 'make a device',
    run: (plan) => callKernel('mknodat', AT_FDCWD, fresh(plan), 0o20600, 0x103),
  },
  {
    name: 'rename a file',
    run: (plan) => enter('renameat2', AT_FDCWD, `${plan.folder}/absent`, AT_FDCWD, fresh(plan), 0),
  },
  { name: 'remove a file', run: (plan) => enter('unlinkat', AT_FDCWD, `${plan.folder}/absent`, 0) },
  { name: 'shorten a file', run: (plan) => callKernel('truncate', plan.sacrifice, 0) },
  {
    name: 'change what a file allows',
    run: (plan) => callKernel('fchmodat', AT_FDCWD, plan.sacrifice, 0o600),
  },
  {
    name: 'change the owner of a file',
    run: (plan) => callKernel('fchownat', AT_FDCWD, plan.sacrifice, -1, -1, 0),
  },
  {
    name: 'change the time of a file',
    run: (plan) => callKernel('utimensat', AT_FDCWD, plan.sacrifice, 0, 0),
  },
  {
    name: 'attach something to a file',
    run: (plan) => enter('setxattr', plan.sacrifice, 'user.x', new Uint8Array(1), 1, 0),
  },
  { name: 'change the working folder', run: () => callKernel('chdir', '/') },
  { name: 'change the root', run: () => enter('chroot', '/absent') },
  { name: 'list the working folder', run: () => openFile('.', 0o200000) },
  {
    name: 'open by handle',
    run: (plan) =>
      enter('name_to_handle_at', AT_FDCWD, plan.file, new Uint8Array(136), new Uint8Array(4), 0),
  },
  { name: 'watch a file', run: () => callKernel('inotify_init1', 0) },
  { name: 'watch all files', run: () => callKernel('fanotify_init', 0, 0) },
  { name: 'open a device', run: () => openFile('/dev/zero', O_RDONLY) },
  {
    name: 'open a device that makes evidence',
    run: (plan) => anyOf(...plan.devices.map((path) => () => openFile(path, O_RDWR))),
  },
  { name: 'open the terminal', run: () => openFile('/dev/tty', O_RDWR) },
  { name: 'open the memory of the machine', run: () => openFile('/dev/mem', O_RDONLY) },
  {
    name: "open the kernel's settings",
    run: () => openFile('/proc/sys/kernel/core_pattern', O_WRONLY),
  },
  { name: 'open the magic key', run: () => openFile('/proc/sysrq-trigger', O_WRONLY) },
  { name: 'read of itself in /proc', run: () => openFile('/proc/self/maps', O_RDONLY) },
  { name: 'open its own memory', run: () => openFile('/proc/self/mem', O_RDWR) },
  { name: 'mount', run: () => enter('mount', 'none', '/absent', 'tmpfs', 0, 0) },
  { name: 'unmount', run: () => enter('umount2', '/absent', 0) },
  { name: 'change the root of all', run: () => enter('pivot_root', '/absent', '/absent') },
  { name: 'mount by the new calls', run: () => enter('fsopen', 'absent', 0) },
  { name: 'copy a tree of mounts', run: () => enter('open_tree', AT_FDCWD, '/absent', 0) },
];
