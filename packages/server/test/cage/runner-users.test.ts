import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { available } from '../../../../test/support/optional.ts';
import { ownUsers, planRunnerUsers, sharedUser } from '../../src/inference/runner-users.ts';
import { hasProcesses } from '../../src/platform/users.ts';
import { askElsewhere, isPossible, isRoot, surroundings, type Surroundings } from './elsewhere.ts';

const onLinux = process.platform === 'linux';
// None that servers take by default: those of other tests may have taken them.
const range = { first: 60_610, last: 60_613 };
const all = [60_610, 60_611, 60_612, 60_613];

/** A process of a user, which ends when it is told to: nothing of ours, so that any user may run it. */
async function startAs(uid: number): Promise<ChildProcess> {
  const child = spawn('sleep', ['600'], { uid, gid: uid, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  // It is that user's by now; what cannot be started is an error.
  await once(child, 'spawn');
  return child;
}

/** In a namespace of few users, root cannot become this one. */
const canBeAnother =
  onLinux &&
  isRoot() &&
  available(
    'a process as user 60611',
    spawnSync('sleep', ['0'], { uid: 60_611, gid: 60_611 }).status === 0,
    { environmental: true },
  );

describe.runIf(onLinux)('users of their own', () => {
  test('are taken once each, and then there is none left', () => {
    const users = ownUsers(range);
    expect(new Set(all.map(() => users.take()))).toEqual(new Set(all));
    expect(() => users.take()).toThrow(expect.objectContaining({ code: 'too-many-requests' }));
    users.giveBack(60_612);
    expect(users.take()).toBe(60_612);
  });

  test('are begun with anywhere in the range', () => {
    const first = new Set(Array.from({ length: 200 }, () => ownUsers(range).take()));
    expect(first).toEqual(new Set(all));
  });

  test.runIf(canBeAnother)('are not taken while they have a process, whosever it is', async () => {
    const child = await startAs(60_611);
    const users = ownUsers({ first: 60_611, last: 60_611 });
    expect(hasProcesses(60_611)).toBe(true);
    expect(() => users.take()).toThrow(expect.objectContaining({ code: 'too-many-requests' }));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(hasProcesses(60_611)).toBe(false);
    expect(users.take()).toBe(60_611);
  });
});

test('shared is the user of the server, who is never given back', () => {
  const users = sharedUser('why');
  expect([users.take(), users.take(), users.areOwn, users.reason]).toEqual([
    null,
    null,
    false,
    'why',
  ]);
  users.giveBack(null);
});

const plan = (where: Surroundings): unknown =>
  askElsewhere(
    `
      import { planRunnerUsers } from 'BUILT/inference/runner-users.js';
      const { areOwn, reason } = planRunnerUsers({ first: 60610, last: 60613 });
      console.log(JSON.stringify({ areOwn, reason }));
    `,
    where,
  );

describe('the plan', () => {
  test('is to share where own users are off', () => {
    expect(planRunnerUsers(null)).toMatchObject({ areOwn: false, reason: 'own users are off' });
  });

  test.runIf(isRoot() && isPossible(surroundings.here))(
    "is to give root's runners their own",
    () => {
      expect(plan(surroundings.here)).toEqual({ areOwn: true, reason: '60610 to 60613' });
    },
  );

  test.runIf(isPossible(surroundings.nobody))('is to share without the capabilities', () => {
    expect(plan(surroundings.nobody)).toEqual({
      areOwn: false,
      reason: 'the server lacks CAP_SETUID, CAP_SETGID, CAP_KILL',
    });
  });

  test.runIf(isPossible(surroundings.namespace))(
    'is to share where the users are not mapped',
    () => {
      expect(plan(surroundings.namespace)).toEqual({
        areOwn: false,
        reason: 'users 60610 to 60613 do not exist in this user namespace',
      });
    },
  );
});
