import { addressOf, SystemCallError } from './c-library.ts';
import { callKernel } from './kernel.ts';

// linux/seccomp.h; the operations on a listener are seccomp_unotify(2).
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_GET_NOTIF_SIZES = 3;
const SECCOMP_FILTER_FLAG_TSYNC = 1 << 0;
const SECCOMP_FILTER_FLAG_NEW_LISTENER = 1 << 3;
const SECCOMP_FILTER_FLAG_TSYNC_ESRCH = 1 << 4;
const SECCOMP_IOCTL_NOTIF_RECV = 0xc050_2100;
const SECCOMP_IOCTL_NOTIF_SEND = 0xc018_2101;
const EPERM = 1;

/** Bytes of an instruction of a filter. */
const instructionBytes = 8;

/**
 * Puts a filter over all threads of this process, for good. Needs no_new_privs. Threads that cannot be put
 * under it make the call fail, and then none is.
 *
 * @param filter - Instructions (`struct sock_filter`).
 * @throws {SystemCallError} also `ESRCH` if a thread was in the way.
 */
export function installFilter(filter: Uint8Array): void {
  const result = callKernel(
    'seccomp',
    SECCOMP_SET_MODE_FILTER,
    SECCOMP_FILTER_FLAG_TSYNC,
    programOf(filter),
  );
  // Without TSYNC_ESRCH, which older kernels lack, that is the thread in the way.
  if (result !== 0) throw new SystemCallError('seccomp', 'ESRCH');
}

/**
 * The same for a filter that announces calls to a listener (`SECCOMP_RET_USER_NOTIF`), since Linux 5.7.
 *
 * @returns the listener's descriptor.
 * @throws {SystemCallError} `EBUSY` if this process has a listener already, `EINVAL` on older kernels.
 */
export function installFilterWithListener(filter: Uint8Array): number {
  return callKernel(
    'seccomp',
    SECCOMP_SET_MODE_FILTER,
    SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH | SECCOMP_FILTER_FLAG_NEW_LISTENER,
    programOf(filter),
  );
}

/** A call that waits for the listener's answer. */
export interface AnnouncedCall {
  readonly id: bigint;
  readonly number: number;
  /** As in {@link SystemCallTable.audit}. */
  readonly audit: number;
}

/**
 * Takes the next call that waits; null if it gave up meanwhile. Blocks if none is announced: ask poll(2)
 * before, and let nobody else read from the listener.
 *
 * @throws {SystemCallError}
 */
export function receiveCall(listener: number): AnnouncedCall | null {
  const notification = new Uint8Array(Math.max(80, notificationBytes()));
  try {
    callKernel('ioctl', listener, SECCOMP_IOCTL_NOTIF_RECV, notification);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
  // struct seccomp_notif: u64 id, u32 pid, u32 flags, then struct seccomp_data: int nr, u32 arch, …
  const read = new DataView(notification.buffer);
  return {
    id: read.getBigUint64(0, true),
    number: read.getUint32(16, true),
    audit: read.getUint32(20, true),
  };
}

/**
 * Lets a call fail with EPERM. Nothing happens if it gave up meanwhile.
 *
 * @throws {SystemCallError}
 */
export function refuseCall(listener: number, { id }: AnnouncedCall): void {
  // struct seccomp_notif_resp: u64 id, s64 val, s32 error, u32 flags.
  const response = new Uint8Array(24);
  const write = new DataView(response.buffer);
  write.setBigUint64(0, id, true);
  write.setInt32(16, -EPERM, true);
  try {
    callKernel('ioctl', listener, SECCOMP_IOCTL_NOTIF_SEND, response);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof SystemCallError && error.errno === 'ENOENT';
}

let knownNotificationBytes: number | undefined;

/** The size of a notification, which may grow in later kernels. */
function notificationBytes(): number {
  if (knownNotificationBytes === undefined) {
    const sizes = new Uint8Array(6);
    callKernel('seccomp', SECCOMP_GET_NOTIF_SIZES, 0, sizes);
    knownNotificationBytes = new DataView(sizes.buffer).getUint16(0, true);
  }
  return knownNotificationBytes;
}

/** `struct sock_fprog`: how many instructions, and where. */
function programOf(filter: Uint8Array): Uint8Array {
  const program = new Uint8Array(16);
  const write = new DataView(program.buffer);
  write.setUint16(0, filter.length / instructionBytes, true);
  write.setBigUint64(8, addressOf(filter), true);
  return program;
}
