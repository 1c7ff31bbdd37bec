import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { encodeUploadHead } from '@blindai/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig, type Config } from '../src/config.ts';
import { findIsolation } from '../src/isolation/find-isolation.ts';
import { isDumpable } from '../src/platform/process-control.ts';
import { startServer, type RunningServer } from '../src/server.ts';
import { openTls, readAll } from './raw-socket.ts';
import { recordLog } from './recorded-log.ts';

const ports = { unattestedPort: '0', attestedPort: '0', managementPort: '0' };
const running: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (server) => server.close()));
});

async function start(
  flags: Partial<Record<keyof Config, string | boolean>> = {},
  log = recordLog(),
): Promise<RunningServer> {
  const config = await loadConfig({
    flags: { simulation: true, ...ports, ...flags },
    environment: {},
  });
  const server = await startServer(config, log);
  running.push(server);
  return server;
}

const portOf = (address: string | null): number => Number(address?.split(':').at(-1));

describe('startServer', () => {
  it('tells where it listens, what it is, and that it is a simulation', async () => {
    const log = recordLog();
    const found = await findIsolation({ runnerUids: null, runnerMemoryBytes: 512 * 1024 ** 2 });
    const { ready } = await start({ unattestedAddress: '127.0.0.1' }, log);
    expect(ready).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as unknown,
      tee: 'simulation',
      simulation: true,
      measurement: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      isolation: found.level,
      isolationMissing: found.missing,
      anonymous: true,
      addresses: {
        unattested: expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/) as unknown,
        attested: expect.stringMatching(/^0\.0\.0\.0:[1-9]\d*$/) as unknown,
        management: expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/) as unknown,
      },
    });
    expect(log.lines[0]).toMatchObject({
      event: 'server-ready',
      attestedPort: portOf(ready.addresses.attested),
    });
  });

  it('opens no port that is off', async () => {
    const { ready } = await start({ unattestedPort: 'off', managementPort: 'off' });
    expect(ready.addresses).toEqual({
      unattested: null,
      attested: expect.any(String) as unknown,
      management: null,
    });
  });

  it('refuses with no-tee without simulation', async () => {
    await expect(start({ simulation: false })).rejects.toMatchObject({ code: 'no-tee' });
  });

  it('starts at a floor that it reaches', async () => {
    const { ready } = await start();
    expect((await start({ isolation: ready.isolation })).ready.isolation).toBe(ready.isolation);
  });

  it('refuses with port-in-use what another server has, and leaves nothing open', async () => {
    // Below those that the system gives away: nobody else takes it once it is closed.
    const free = createServer().listen(20_000 + randomInt(12_000), '127.0.0.1');
    await once(free, 'listening');
    const unattestedPort = String((free.address() as AddressInfo).port);
    free.close();
    const first = await start();
    const taken = portOf(first.ready.addresses.management);
    const second = start({
      unattestedPort,
      unattestedAddress: '127.0.0.1',
      managementPort: String(taken),
    });
    await expect(second).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining(`127.0.0.1:${taken}`) as unknown,
    });
    await start({ unattestedPort, unattestedAddress: '127.0.0.1' });
  });

  it.skipIf(process.platform !== 'linux')('lets nobody of its user read its memory', async () => {
    await start();
    expect(isDumpable()).toBe(false);
  });
});

describe('closing', () => {
  it('ends what still runs with going-down once the drain time is over', async () => {
    const server = await start({ drainTimeoutMs: '200' });
    const port = portOf(server.ready.addresses.management);
    const socket = await openTls(port);
    const head = encodeUploadHead(1000);
    socket.write(
      'POST /upload HTTP/1.1\r\nHost: blindai-srv\r\nContent-Length: 1100\r\n\r\n' +
        Buffer.from(head).toString('latin1'),
      'latin1',
    );
    const late = await openTls(port);
    const answer = readAll(socket);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closing = server.close();
    late.write('GET /attestation HTTP/1.1\r\nHost: blindai-srv\r\n\r\n');
    expect(await readAll(late)).toContain('going-down: ');
    expect(await answer).toMatch(/^HTTP\/1\.1 503 /);
    await closing;
    await expect(openTls(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('is done once, whoever asks', async () => {
    const log = recordLog();
    const server = await start({}, log);
    await Promise.all([server.close(), server.close(), server.closed]);
    expect(log.lines.map(({ event }) => event)).toEqual([
      'server-ready',
      'server-draining',
      'server-closed',
    ]);
  });
});
