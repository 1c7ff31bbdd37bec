import { decodeKeyset } from '@blindai/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { available } from '../../../../test/support/optional.ts';
import type { IsolationFindings } from '../../src/isolation/find-isolation.ts';
import { probeNames, processProbes } from '../../src/runner/probes/probes.ts';
import { createSimulatedService } from '../simulated-service.ts';
import { askElsewhere, isPossible, isRoot, surroundings, type Surroundings } from './elsewhere.ts';

type Found = Omit<IsolationFindings, 'cage'>;

/** Where there is none, these controls fail too. */
const absentHere = ['evidence-device', 'store'];

/** A program that finds the isolation, as a server does at boot. */
function finder(before = '', runnerUids = '{ first: 60706, last: 61183 }'): string {
  return `
    import { findIsolation } from 'BUILT/isolation/find-isolation.js';
    import { forbidDumping, forbidNewPrivileges } from 'BUILT/platform/process-control.js';
    import { installFilter } from 'BUILT/platform/seccomp.js';
    import { systemCalls } from 'BUILT/platform/system-calls.js';
    import { assembleFilter } from 'BUILT/runner/cage/filter-program.js';
    forbidDumping();
    ${before}
    const found = await findIsolation({ runnerUids: ${runnerUids}, runnerMemoryBytes: 512 * 1024 ** 2 });
    const { cage, ...told } = found;
    console.log(JSON.stringify(told));
  `;
}

/**
 * Puts a filter around all that follows, as a container does: it lets everything through but these calls,
 * some of them with these bits of an argument only.
 */
function around(
  ...refused: readonly { call: string; errno: number; bits?: [number, number] }[]
): string {
  const rules = refused.map(({ call, errno, bits }) => {
    const condition = bits && { argument: bits[0], half: 'low', mask: bits[1], equals: bits[1] };
    const provided = bits ? `, provided: [[${JSON.stringify(condition)}]]` : '';
    return `{ number: systemCalls.numberOf('${call}'), verdict: { kind: 'errno', errno: ${errno} }${provided} }`;
  });
  return `
    forbidNewPrivileges();
    installFilter(assembleFilter({
      audit: systemCalls.audit, numbersBelow: 2 ** 31, rules: [${rules.join(', ')}], refusal: { kind: 'allow' },
    }));
  `;
}

const EPERM = 1;
const EACCES = 13;
const EINVAL = 22;
const ENOSYS = 38;
const NEW_LISTENER = 8;

const rowsOf = (found: Found, result: string): string[] =>
  found.probes.filter((row) => row.result === result).map(({ probe }) => probe);
const find = (source: string, where?: Surroundings): Found => askElsewhere(source, where) as Found;
const offIn = ({ steps }: Found): string[] =>
  steps.filter(({ inForce }) => !inForce).map(({ mechanism }) => mechanism);

const asNobody = (before: string): Found => find(finder(before), surroundings.nobody);

/** Landlock is in Linux since 5.13, and may be off; somebody else may listen already. */
const isComplete =
  isPossible(surroundings.here) &&
  available(
    'a kernel with all that the cage is made of',
    offIn(find(finder('', 'null'))).join() === 'own-user',
    { environmental: true },
  );
const able = Object.values(surroundings).filter((where) => isComplete && isPossible(where));

describe.each(able)('tried as $name', (where) => {
  test('every attempt that works without a cage is stopped by it, on every thread', () => {
    const found = find(finder(), where);
    expect(found.probes.map(({ probe }) => probe)).toEqual([...probeNames]);
    expect(rowsOf(found, 'reached')).toEqual([]);
    expect(rowsOf(found, 'not-applicable').filter((probe) => !absentHere.includes(probe))).toEqual(
      [],
    );
    expect(found).toMatchObject({ level: 'sandboxed', missing: [] });
    const { all: count, filtered, capable } = found.threads!;
    expect(count).toBeGreaterThan(4);
    expect([filtered, capable]).toEqual([count, 0]);
  });

  test('an honest runner is refused no system call', () => {
    expect(find(finder(), where).denied).toEqual([]);
  });
});

describe.runIf(able.includes(surroundings.nobody))('an unprivileged server', () => {
  test('has runners of its own user', () => {
    const found = asNobody('');
    expect(offIn(found)).toEqual(['own-user']);
    expect(found.users).toBe('the server lacks CAP_SETUID, CAP_SETGID, CAP_KILL');
  });

  test('that may not filter system calls has no isolation, whatever container filters them', () => {
    const found = asNobody(around({ call: 'seccomp', errno: EPERM }));
    expect(offIn(found)).toEqual(['own-user', 'system-calls', 'denial-reports']);
    expect(found.level).toBe('none');
    expect(found.missing.join()).toMatch(/any system call \(seccomp failed with EPERM\)/);
  });

  test('without filter and Landlock is reached by whatever works without a cage', () => {
    const found = asNobody(
      around({ call: 'seccomp', errno: EPERM }, { call: 'landlock_create_ruleset', errno: ENOSYS }),
    );
    expect(offIn(found)).toEqual(['own-user', 'landlock', 'system-calls', 'denial-reports']);
    expect(found.level).toBe('none');
    const applicable = found.probes.filter(({ control }) => control === 'reached');
    // No file can be created for its limit, and that one only.
    expect(applicable.map(({ probe }) => probe)).toEqual(
      probeNames.filter((probe) => !absentHere.includes(probe)),
    );
    expect(rowsOf(found, 'stopped')).toEqual([]);
    for (const probe of processProbes) expect(found.missing.join()).toContain(probe);
  });

  test('whose reports nobody can have is isolated all the same', () => {
    const found = asNobody(around({ call: 'seccomp', errno: EINVAL, bits: [1, NEW_LISTENER] }));
    expect(offIn(found)).toEqual(['own-user', 'denial-reports']);
    expect(found.level).toBe('sandboxed');
    expect(found.probes.find(({ probe }) => probe === 'tcp')!.caged).toBe('EPERM');
  });

  test('without Landlock is isolated by the filter alone', () => {
    const found = asNobody(around({ call: 'landlock_create_ruleset', errno: ENOSYS }));
    expect(offIn(found)).toEqual(['own-user', 'landlock']);
    expect(found.level).toBe('sandboxed');
  });

  test('in which attempts fail without a cage too says so, and is none the safer for it', () => {
    const found = asNobody(around({ call: 'ptrace', errno: EPERM }));
    expect(rowsOf(found, 'not-applicable')).toEqual(['trace', ...absentHere]);
    expect(found.level).toBe('sandboxed');
  });

  test('in which not even a signal arrives has proved nothing', () => {
    const calls = ['kill', 'tkill', 'tgkill', 'pidfd_send_signal'];
    const found = asNobody(around(...calls.map((call) => ({ call, errno: EPERM }))));
    expect(found.level).toBe('none');
    expect(found.missing.join()).toContain('"signal" fails without a cage too');
  });

  test('that may not run node has no isolation, and says so at once', () => {
    const found = asNobody(around({ call: 'execve', errno: EACCES }));
    expect(found.level).toBe('none');
    expect(found.missing).toEqual(['node cannot be started once more (EACCES)']);
  });
});

describe.runIf(isRoot() && isComplete)('a server that is root', () => {
  const here = surroundings.here;

  test('gives runners users of their own', () => {
    const found = find(finder(), here);
    expect(offIn(found)).toEqual([]);
    const step = found.steps.find(({ mechanism }) => mechanism === 'own-user')!;
    expect(Number(/user and group (\d+),/.exec(step.detail)![1])).toBeGreaterThanOrEqual(60_706);
  });

  test('is told to leave them its own, and takes their capabilities before they begin', () => {
    const found = find(finder('', 'null'), here);
    expect(offIn(found)).toEqual(['own-user']);
    expect(found).toMatchObject({ level: 'sandboxed', users: 'own users are off' });
    expect(found.threads!.capable).toBe(0);
  });

  test('that cannot change users after all finds out by trying', () => {
    const found = find(finder(around({ call: 'setuid', errno: EPERM })), here);
    expect(found.users).toBe('a runner cannot become another user: setuid failed with EPERM');
    expect(found.level).toBe('sandboxed');
    expect(offIn(found)).toEqual(['own-user']);
  });

  test.each([
    ['no CAP_KILL', '-kill', 'the server lacks CAP_KILL'],
    ['no CAP_SETUID', '-setuid', 'the server lacks CAP_SETUID'],
  ])('with %s keeps runners as its own user', (_, set, users) => {
    const found = find(finder(), bounded(set));
    expect(found).toMatchObject({ level: 'sandboxed', users });
  });

  test('that cannot keep its capabilities from runners has no isolation', () => {
    const found = find(finder(), bounded('-setuid,-setpcap'));
    expect(found.level).toBe('none');
    expect(found.threads!.capable).toBeGreaterThan(0);
    expect(found.missing.join()).toContain('threads keep capabilities');
    expect(offIn(found)).toContain('capabilities');
  });
});

test('what was found is in the keyset that evidence covers', async () => {
  const { identity, config, isolation, close } = await createSimulatedService();
  onTestFinished(close);
  expect(config.isolation).toBe(isolation.level);
  const keyset = await decodeKeyset(identity.keyset, identity.certificate);
  expect(keyset.config.isolation).toBe(isolation.level);
});

describe.runIf(able.includes(surroundings.nobody))(
  'a server that finds less than its floor',
  () => {
    test.each(['separated', 'sandboxed'])(
      'of %s does not start, and says what is missing',
      (floor) => {
        const source = `
      import { loadConfig, startServer } from 'BUILT/index.js';
      import { forbidNewPrivileges } from 'BUILT/platform/process-control.js';
      import { installFilter } from 'BUILT/platform/seccomp.js';
      import { systemCalls } from 'BUILT/platform/system-calls.js';
      import { assembleFilter } from 'BUILT/runner/cage/filter-program.js';
      ${around({ call: 'seccomp', errno: EPERM })}
      const ports = { unattestedPort: '0', attestedPort: '0', managementPort: '0' };
      const flags = { simulation: true, isolation: '${floor}', ...ports };
      try {
        await startServer(await loadConfig({ flags, environment: {} }));
      } catch ({ code, message }) {
        console.log(JSON.stringify({ code, message }));
      }
    `;
        expect(askElsewhere(source, surroundings.nobody, [])).toEqual({
          code: 'isolation-too-weak',
          message: expect.stringMatching(
            new RegExp(
              `isolation "${floor}" is demanded, "none" was found: \\d+ of \\d+ threads may make any system call ` +
                '.*EPERM.*"blindai isolation" prints every attempt',
            ),
          ) as string,
        });
      },
    );
  },
);

/** Root without some of its capabilities. */
function bounded(set: string): Surroundings {
  return { name: `root with ${set}`, command: ['setpriv', `--bounding-set=${set}`] };
}
