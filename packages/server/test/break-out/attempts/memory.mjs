// Memory: such as code could be put into, such as nobody counts, and more than a process may have.
import { closeSync } from 'node:fs';
import { loadKoffi } from '../../../dist/platform/c-library.js';
import { enter, openFile, stopped } from './attempt.mjs';
import { callKernel } from './kernel-calls.mjs';

const PROT_NONE = 0;
const PROT_READ = 1;
const PROT_READ_WRITE = 3;
const PROT_EXEC = 4;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_ANONYMOUS = 0x20;
const MAP_GROWSDOWN = 0x100;
const MAP_NORESERVE = 0x4000;
const MREMAP_MAYMOVE = 1;
const MADV_NOHUGEPAGE = 15;
const MIB = 1024 ** 2;
const chunk = 16 * MIB;

/** What a plan calls too much: more than a process may have. */
const chunksOf = ({ tooMuchBytes }) => Math.ceil(tooMuchBytes / chunk);

function map(bytes, protection, flags, file = -1) {
  return BigInt(callKernel('mmap', 0, bytes, protection, flags, file, 0));
}

const library = loadKoffi('memset').load(null);
const fillMemory = library.func('void *memset(uintptr_t address, int value, size_t bytes)');
const findByte = library.func('void *memchr(uintptr_t address, int value, size_t bytes)');

/** Writes to all pages, as a program does, without any call. */
function touch(address, bytes) {
  fillMemory(address, 1, bytes);
}

/** Maps and touches chunk for chunk until there is too much, and then gives all of it back. */
function hoard(plan, take) {
  const taken = [];
  try {
    for (let index = 0; index < chunksOf(plan); index++) taken.push(take(index));
  } finally {
    for (const address of taken) if (address !== null) callKernel('munmap', address, chunk);
  }
}

function withMemoryFile(use) {
  const file = callKernel('memfd_create', 'break-out', 0);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}

function fill(file, bytes) {
  const block = new Uint8Array(chunk);
  for (let left = bytes; left > 0; left -= chunk) {
    if (callKernel('write', file, block, block.length) < block.length)
      throw stopped('write', 'EFBIG');
  }
}

const anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

export const group = 'memory';
export const attempts = [
  {
    name: 'memory that can be executed',
    run: () => map(4096, PROT_READ_WRITE | PROT_EXEC, anonymous),
  },
  {
    name: 'make memory executable',
    run: () => callKernel('mprotect', map(4096, PROT_READ_WRITE, anonymous), 4096, PROT_EXEC),
  },
  {
    name: 'make memory executable by a key',
    run: () => enter('pkey_mprotect', map(4096, PROT_READ_WRITE, anonymous), 4096, PROT_EXEC, -1),
  },
  { name: 'a key for memory', run: () => enter('pkey_alloc', 0, 0) },
  { name: 'shared memory', run: () => map(4096, PROT_READ_WRITE, MAP_SHARED | MAP_ANONYMOUS) },
  { name: 'a stack that grows', run: () => map(4096, PROT_READ_WRITE, anonymous | MAP_GROWSDOWN) },
  { name: 'map what is open', run: () => map(4096, 1, MAP_PRIVATE, 4) },
  { name: 'a file in memory', run: () => withMemoryFile(() => undefined) },
  { name: 'a secret file in memory', run: () => closeSync(callKernel('memfd_secret', 0)) },
  {
    name: 'memory of System V',
    run: () => callKernel('shmctl', callKernel('shmget', 0, 4096, 0o1600), 0, 0),
  },
  {
    name: 'semaphores of System V',
    run: () => callKernel('semctl', callKernel('semget', 0, 1, 0o1600), 0, 0, 0),
  },
  {
    name: 'messages of System V',
    run: () => callKernel('msgctl', callKernel('msgget', 0, 0o1600), 0, 0),
  },
  { name: 'queues of messages', run: () => enter('mq_open', 'break-out-absent', 0, 0, 0) },
  {
    name: 'keep memory from being swapped',
    run: () => callKernel('mlock', map(4096, 3, anonymous), 4096),
  },
  { name: 'keep all memory from being swapped', run: () => enter('mlockall', 0) },
  { name: 'a pipe', run: () => callKernel('pipe2', new Uint8Array(8), 0) },
  { name: 'a counter of events', run: () => closeSync(callKernel('eventfd2', 0, 0)) },
  { name: 'a further wait for events', run: () => closeSync(callKernel('epoll_create1', 0)) },

  {
    name: 'bomb: mappings',
    apart: 'with much memory',
    endsBy: 'model-memory',
    run: (plan) =>
      hoard(plan, () => {
        const address = map(chunk, PROT_READ_WRITE, anonymous);
        touch(address, chunk);
        return address;
      }),
  },
  {
    name: 'bomb: mappings without a promise',
    apart: 'with much memory',
    endsBy: 'model-memory',
    run: (plan) =>
      hoard(plan, () => {
        const address = map(chunk, PROT_READ_WRITE, anonymous | MAP_NORESERVE);
        touch(address, chunk);
        return address;
      }),
  },
  {
    name: 'bomb: mappings that become writable later',
    apart: 'with much memory',
    endsBy: 'model-memory',
    run: (plan) =>
      hoard(plan, () => {
        const address = map(chunk, PROT_NONE, anonymous);
        callKernel('mprotect', address, chunk, PROT_READ_WRITE);
        touch(address, chunk);
        return address;
      }),
  },
  {
    name: 'bomb: a mapping that grows',
    apart: 'with much memory',
    endsBy: 'model-memory',
    run: (plan) => {
      let bytes = chunk;
      let address = map(bytes, PROT_READ_WRITE, anonymous);
      while (bytes < plan.tooMuchBytes) {
        address = BigInt(callKernel('mremap', address, bytes, bytes + chunk, MREMAP_MAYMOVE, 0));
        touch(address + BigInt(bytes), chunk);
        bytes += chunk;
      }
      callKernel('munmap', address, bytes);
    },
  },
  {
    name: 'bomb: the break',
    apart: 'with much memory',
    endsBy: 'model-memory',
    run: (plan) => {
      const start = BigInt(callKernel('brk', 0));
      const wanted = start + BigInt(plan.tooMuchBytes);
      // It answers where the break is, and never with an error.
      if (BigInt(callKernel('brk', wanted)) < wanted) throw stopped('brk', 'ENOMEM');
      touch((start + 4095n) & ~4095n, plan.tooMuchBytes - 8192);
      callKernel('brk', start);
    },
  },
  {
    name: 'bomb: memory that is shared',
    apart: 'with much memory',
    endsBy: 'model-memory',
    run: (plan) =>
      hoard(plan, () => {
        const address = map(chunk, PROT_READ_WRITE, MAP_SHARED | MAP_ANONYMOUS);
        touch(address, chunk);
        return address;
      }),
  },
  {
    name: 'bomb: a file in memory',
    apart: 'with much memory',
    endsBy: 'model-memory',
    run: (plan) => withMemoryFile((file) => fill(file, plan.tooMuchBytes)),
  },
  {
    name: 'bomb: a file in shared memory',
    apart: 'with much memory',
    endsBy: 'model-memory',
    run: (plan) =>
      openFile('/dev/shm', 0o20200000 | 2, (file) =>
        fill(file, Math.min(plan.tooMuchBytes, 32 * MIB)),
      ),
  },
  {
    name: 'bomb: pipes',
    apart: 'with much memory',
    endsBy: 'model-memory',
    run: () => {
      const block = new Uint8Array(MIB);
      for (let index = 0; index < 8; index++) {
        const pair = new Uint8Array(8);
        callKernel('pipe2', pair, 0o4000);
        const [, write] = new Int32Array(pair.buffer);
        // F_SETPIPE_SZ
        callKernel('fcntl', write, 1031, MIB);
        callKernel('write', write, block, block.length);
      }
    },
  },
  {
    name: 'bomb: tables of pages',
    apart: 'with much memory',
    endsBy: 'model-memory',
    // Nothing is written, so that nothing is counted; but the kernel needs a page of its own for each two
    // megabytes in which something was read.
    run: (plan) => {
      const region = 2 * MIB;
      const regions = plan.tooMuchBytes / 4096;
      const address = map(regions * region, PROT_READ, anonymous | MAP_NORESERVE);
      callKernel('madvise', address, regions * region, MADV_NOHUGEPAGE);
      for (let index = 0; index < regions; index++) {
        findByte(address + BigInt(index * region), 1, 1);
      }
      callKernel('munmap', address, regions * region);
    },
  },
  {
    name: 'bomb: the heap',
    apart: 'with much memory',
    endsBy: 'model-memory',
    spoils: true,
    run: (plan) => {
      const kept = [];
      try {
        for (let index = 0; index < chunksOf(plan); index++) kept.push(Buffer.alloc(chunk, 1));
      } catch {
        throw stopped('malloc', 'ENOMEM');
      }
    },
  },
  {
    name: 'bomb: objects',
    apart: 'with much memory',
    endsBy: 'model-memory',
    run: (plan) => {
      // Eight bytes an element, with V8 alone to bound it.
      const first = Array.from({ length: 64 * 1024 }, (_, index) => index);
      const kept = [];
      for (let left = plan.tooMuchBytes; left > 0; left -= 8 * first.length)
        kept.push(first.slice());
    },
  },
];
