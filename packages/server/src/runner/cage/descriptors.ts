import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { CageStep } from '../../inference/messages.ts';
import { NotInForce, step } from './step.ts';

/** What Node opens for itself: to wait for events, and to be woken. */
const ownKinds: ReadonlySet<string> = new Set([
  'anon_inode:[eventpoll]',
  'anon_inode:[eventfd]',
  'anon_inode:[io_uring]',
  '/dev/null',
]);

interface OpenDescriptor {
  readonly number: number;
  /** As `/proc` shows it, such as `socket:[4711]`. */
  readonly kind: string;
}

/**
 * Closes what this process inherited beyond the descriptors that it was given. The marks of descriptors do not
 * tell: Node puts its own on those that it finds. What they are does: Node has none but those of
 * {@link ownKinds}, and pipes to itself. An io_uring that the kernel serves by a thread of its own would do
 * without system calls whatever it is asked: none may be there.
 *
 * @param given - The highest descriptor that was handed over.
 */
export function closeStrayDescriptors(given: number): CageStep {
  return step('descriptors', () => {
    const open = openDescriptors().filter(({ number }) => number > given);
    const strays = open.filter(({ kind }) => !ownKinds.has(kind) && !isPipeToSelf(kind, open));
    for (const { number } of strays) closeSync(number);
    if (open.some(isServedByKernel)) {
      throw new NotInForce('an io_uring with a thread of the kernel is open');
    }
    return `${strays.length} inherited beyond those given, closed`;
  });
}

function openDescriptors(): OpenDescriptor[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      return [{ number: Number(name), kind: readlinkSync(`/proc/self/fd/${name}`) }];
    } catch (error) {
      // The one through which the folder was listed is closed by now.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

/** Of a pipe from or to somebody else only one end is here. */
function isPipeToSelf(kind: string, open: readonly OpenDescriptor[]): boolean {
  return kind.startsWith('pipe:') && open.filter((other) => other.kind === kind).length > 1;
}

/** `SqThread` of an io_uring's fdinfo is -1 if calls have to be made for it. */
function isServedByKernel({ number, kind }: OpenDescriptor): boolean {
  if (kind !== 'anon_inode:[io_uring]') return false;
  const info = readFileSync(`/proc/self/fdinfo/${number}`, 'latin1');
  return /^SqThread:\s*(-?\d+)$/m.exec(info)?.[1] !== '-1';
}
