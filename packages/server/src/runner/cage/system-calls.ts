import { closeSync } from 'node:fs';
import type { CageStep } from '../../inference/messages.ts';
import { sendDescriptor } from '../../platform/descriptor-passing.ts';
import { installFilter, installFilterWithListener } from '../../platform/seccomp.ts';
import { systemCalls, type SystemCallTable } from '../../platform/system-calls.ts';
import { allowList, countAllowed } from './allow-list.ts';
import { assembleFilter } from './filter-program.ts';
import { NotInForce, step } from './step.ts';

const EPERM = 1;

/** Above it are the calls of x32, 64-bit ones by other numbers (asm/unistd.h, `__X32_SYSCALL_BIT`). */
const x32Bit = 0x4000_0000;

/**
 * Leaves this process the system calls of the allow-list and no others, on all threads, for good. Any other
 * fails with EPERM; before it does, it is announced to the server, where kernel and surroundings have that.
 *
 * @param denialSocket - Descriptor over which the server takes the announcements; closed here. Null if it
 *   does not want them.
 */
export function allowSystemCalls(denialSocket: number | null): readonly CageStep[] {
  let announcing: CageStep = {
    mechanism: 'denial-reports',
    inForce: false,
    detail: 'the server takes none',
  };
  const filtering = step('system-calls', () => {
    const calls = systemCalls;
    if (calls === null) throw new NotInForce(`no list for ${process.arch}`);
    if (denialSocket !== null) announcing = announce(calls, denialSocket);
    if (!announcing.inForce) installFilter(assemble(calls, null));
    return `${countAllowed(calls)} calls are left on all threads, ${process.arch}`;
  });
  if (denialSocket !== null) closeSync(denialSocket);
  return [filtering, announcing];
}

function announce(calls: SystemCallTable, denialSocket: number): CageStep {
  return step('denial-reports', () => {
    const listener = installFilterWithListener(assemble(calls, denialSocket));
    // From here on a refused call waits for the server: nothing but this may come first.
    sendDescriptor(denialSocket, listener);
    closeSync(listener);
    return 'refused calls are told by name';
  });
}

function assemble(calls: SystemCallTable, denialSocket: number | null): Uint8Array {
  return assembleFilter({
    audit: calls.audit,
    numbersBelow: x32Bit,
    rules: allowList(calls, process.pid, denialSocket),
    refusal: denialSocket === null ? { kind: 'errno', errno: EPERM } : { kind: 'announce' },
  });
}
