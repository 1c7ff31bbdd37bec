import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from '@blindai/client/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifier } from '../packages/server/test/onnx/models.ts';
import { commandFile, type Ready } from './support/command.ts';
import { available } from './support/optional.ts';
import { descendantsOf } from './support/process-watch.ts';

/** One system call as strace writes it: the thread, the name of the call, and all that stands behind. */
interface Call {
  readonly thread: number;
  readonly name: string;
  readonly rest: string;
}

const canTrace = available(
  'strace that may trace (another process, on Linux)',
  process.platform === 'linux' && spawnSync('strace', ['-f', '-qq', 'true']).status === 0,
);

/** What only reads, or describes; anything else that names a file is listed in the tests. */
const readers =
  /^(?:access|chdir|execve|faccessat2?|getcwd|l?stat(?:fs)?|newfstatat|openat|readlink(?:at)?|statx)$/;

describe.runIf(canTrace)('a server and its runners, traced through a whole tour', () => {
  let folder: string;
  let temporary: string;
  let calls: readonly Call[];
  /** Of the processes that try to break out of a runner, at boot. */
  let attempts: readonly Call[];
  let ready: Ready;
  let traced: ChildProcess;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'blindai-traced-'));
    temporary = mkdtempSync(join(tmpdir(), 'blindai-temporary-'));
    const trace = join(folder, 'trace');
    const home = mkdtempSync(join(folder, 'home-'));
    const strace = `-f -qq -s 4096 -e trace=file,network,clone,clone3 -e abbrev=!execve -o ${trace}`;
    const anyPorts = '--unattested-port 0 --attested-port 0 --management-port 0';
    const serve = [process.execPath, commandFile, 'serve', '--simulation', '--json'];
    traced = spawn('strace', [...strace.split(' '), ...serve, ...anyPorts.split(' ')], {
      env: { PATH: process.env['PATH'], HOME: home, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const lines = createInterface({ input: traced.stdout! });
    ready = JSON.parse(((await once(lines, 'line')) as [string])[0]) as Ready;
    await tour();
    const [server] = descendantsOf(traced.pid!);
    const closed = once(traced, 'close');
    process.kill(server!, 'SIGTERM');
    await closed;
    const all = readTrace(trace);
    const threads = threadsOf(all, /\/runner\/probes\/\w+\.js/);
    calls = all.filter(({ thread, name }) => !threads.has(thread) && !name.startsWith('clone'));
    attempts = all.filter(({ thread, name }) => threads.has(thread) && !name.startsWith('clone'));
    expect(readdirSync(home)).toEqual([]);
  }, 60_000);
  afterAll(() => {
    for (const pid of descendantsOf(traced.pid!)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    rmSync(temporary, { recursive: true, force: true });
  });

  /** Upload, run, an upload that is refused, delete. */
  async function tour(): Promise<void> {
    const client = await connect('127.0.0.1', {
      attestedPort: portOf(ready.addresses.attested),
      managementPort: portOf(ready.addresses.management),
      simulation: true,
    });
    const { modelId } = await client.uploadModel(classifier());
    const x = { data: Float32Array.of(1, 2), shape: [1, 2] };
    const { outputs } = await client.runModel(modelId, { x });
    expect(outputs.map((output) => output.name)).toEqual(['y', 'largest']);
    await expect(client.uploadModel(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({
      code: 'model-refused',
    });
    await client.deleteModel(modelId);
    await client.close();
  }

  const named = (pattern: RegExp): Call[] => calls.filter(({ name }) => pattern.test(name));

  test('listen where they say, and connect to nothing', () => {
    expect(named(/^connect$/)).toEqual([]);
    const bound = named(/^bind$/).map(
      ({ rest }) => /inet_addr\("([\d.]+)"\)/.exec(rest)?.[1] ?? '',
    );
    const own = Object.values(ready.addresses).map((address) => address.replace(/:\d+$/, ''));
    expect(bound.toSorted()).toEqual(own.toSorted());
    // A datagram needs no connection.
    const sockets = named(/^socket(?:pair)?$/).map(
      ({ rest }) => /^AF_\w+, SOCK_\w+/.exec(rest)?.[0],
    );
    expect(new Set(sockets)).toEqual(new Set(['AF_INET, SOCK_STREAM', 'AF_UNIX, SOCK_STREAM']));
    for (const { rest } of named(/^send(?:to|m?msg)$/))
      expect(rest).not.toMatch(/sin6?_addr|sun_path/);
  });

  test('change no file but the empty folder that runners work in', () => {
    const opened = named(/^(?:open|openat2?|creat)$/).filter(
      ({ name, rest }) => name === 'creat' || /O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)/.test(rest),
    );
    const written = opened.map(({ rest }) => pathOf(rest));
    expect(written.filter((path) => path !== '/dev/null')).toEqual([]);
    const changed = calls.filter(
      ({ name, rest }) => !readers.test(name) && /^(?:AT_FDCWD, )?"/.test(rest),
    );
    expect(changed.length).toBeGreaterThan(0);
    for (const { name, rest } of changed) {
      expect(name).toMatch(/^(?:mkdir|chmod|fchmodat|rmdir|unlink|unlinkat)(?:at)?$/);
      expect(pathOf(rest)).toMatch(/\/blindai-runners-\d+-\w+$/);
    }
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('look for no identity of the machine, and for nothing in the home folder', () => {
    const paths = calls.map(({ rest }) => pathOf(rest));
    expect(paths).toContain(commandFile);
    expect(paths.filter((path) => /machine-id|product_uuid|\/home-/.test(path))).toEqual([]);
    expect(
      paths.filter((path) => /\/etc\/(?:hostname|os-release|passwd|hosts)$/.test(path)),
    ).toEqual([]);
  });

  test('try to break out, at boot, to no further than where somebody waits for it', () => {
    const tried = attempts.filter(({ name }) => /^(?:connect|bind|sendto)$/.test(name));
    expect(tried.length).toBeGreaterThan(4);
    for (const { rest } of tried) {
      expect(rest).toMatch(/inet_addr\("127\.0\.0\.1"\)|sun_path=@"blindai-probe-[0-9a-f]{16}"/);
    }
    const written = attempts
      .filter(
        ({ name, rest }) =>
          name.startsWith('open') && /O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)/.test(rest),
      )
      .filter(({ rest }) => !rest.includes('"/dev/null"'))
      .filter(({ rest }) => !(rest.includes('O_TMPFILE') && pathOf(rest) === temporary));
    for (const { rest } of written) {
      expect(pathOf(rest)).toMatch(
        /^\/proc\/\d+\/mem$|^\/dev\/|^\/sys\/kernel\/config\/tsm\/report$/,
      );
    }
  });

  test('start the engine with its telemetry off, and with no other environment', () => {
    const runners = named(/^execve$/).filter(({ rest }) => rest.includes('/runner/main.js'));
    expect(runners.length).toBeGreaterThanOrEqual(2);
    for (const { rest } of runners) {
      // A call that others came in between of is told in two lines.
      const environment = /\], \[(.*)\](?:\)| <unfinished)/.exec(rest)![1]!.split(', ');
      const entries = environment.map((entry) => entry.replaceAll('"', ''));
      expect(entries.toSorted()).toEqual([
        'MALLOC_MMAP_THRESHOLD_=131072',
        'MALLOC_TRIM_THRESHOLD_=131072',
        'ORT_DISABLE_TELEMETRY=1',
      ]);
    }
  });
});

function portOf(address: string): number {
  return Number(address.split(':').at(-1));
}

/** Every call once: of one that was interrupted, the part with its arguments. */
function readTrace(path: string): Call[] {
  // Of one that starts a thread, the part with its result too.
  const calls = readFileSync(path, 'utf8').matchAll(
    /^(\d+) +(?:(\w+)\(|<\.\.\. (clone3?) resumed>)(.*)$/gm,
  );
  return [...calls].map(([, thread, name, resumed, rest]) => ({
    thread: Number(thread),
    name: name ?? resumed!,
    rest: rest!,
  }));
}

/** The threads of all processes that execute a program; none of them starts other processes. */
function threadsOf(calls: readonly Call[], program: RegExp): ReadonlySet<number> {
  const threads = new Set<number>();
  for (const { thread, name, rest } of calls) {
    if (name === 'execve' && program.test(rest)) threads.add(thread);
    const started = name.startsWith('clone') ? / = (\d+)$/.exec(rest)?.[1] : undefined;
    if (started !== undefined && threads.has(thread)) threads.add(Number(started));
  }
  return threads;
}

/** The first path that a call names. */
function pathOf(rest: string): string {
  return /"((?:[^"\\]|\\.)*)"/.exec(rest)?.[1] ?? '';
}
