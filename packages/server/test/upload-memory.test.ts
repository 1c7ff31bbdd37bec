import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { encodeUploadTail } from '@blindai/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReadyInfo } from '../src/server.ts';

const program = `
  import { loadConfig, runUntilSignal, startServer } from '@blindai/server';
  const config = await loadConfig({
    flags: { simulation: true, unattestedPort: 'off', attestedPort: 'off', managementPort: '0' },
    environment: {},
  });
  const server = await startServer(config);
  const ended = runUntilSignal(server);
  console.log(JSON.stringify(server.ready));
  await ended;
`;

/** Large against the 40 to 80 MB that Node itself takes before it collects what it has received. */
const MODEL_BYTES = 256 * 1024 * 1024;
const isLinux = process.platform === 'linux';

/** An upload as BlindAI's Python client sends it, in pieces: the model is an array of integers. */
function* encodeUpload(): Generator<Uint8Array> {
  const head = Buffer.from([0xa7, 0x65, ...Buffer.from('model'), 0x9a, 0, 0, 0, 0]);
  head.writeUInt32BE(MODEL_BYTES, head.length - 4);
  yield head;
  const piece = randomFillSync(new Uint8Array(64 * 1024));
  const integers = [...piece].flatMap((byte) => (byte < 24 ? [byte] : [0x18, byte]));
  const encoded = Uint8Array.from(integers);
  for (let at = 0; at < MODEL_BYTES; at += piece.length) yield encoded;
  yield encodeUploadTail(
    {
      length: MODEL_BYTES,
      modelName: 'large',
      optimize: false,
      sha256: null,
      batchAcrossCallers: false,
      runner: 'shared',
    },
    false,
  );
}

/** Resident memory of a process in bytes, now (`VmRSS`) or at its peak (`VmHWM`). */
function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return 1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
}

describe.skipIf(!isLinux)('an upload of integers (skipped where there is no /proc)', () => {
  let server: ChildProcessByStdio<null, Readable, null>;
  let ready: ReadyInfo;
  beforeAll(async () => {
    server = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(server.stdout.setEncoding('utf8'), 'data')) as [string];
    ready = JSON.parse(line) as ReadyInfo;
  });
  afterAll(() => {
    server.kill();
  });

  it('takes at most half the model beside the model itself', { timeout: 120_000 }, async () => {
    const before = memoryOf(server.pid!, 'VmRSS');
    const sent = request({
      host: '127.0.0.1',
      port: Number(ready.addresses.management?.split(':').at(-1)),
      method: 'POST',
      path: '/upload',
      rejectUnauthorized: false,
    });
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    for (const part of encodeUpload()) {
      if (!sent.write(part)) await once(sent, 'drain');
    }
    sent.end();
    const [answer] = await answered;
    // These bytes are no model, which only their receiver's runner finds out, once it has them all.
    expect(answer.headers['blindai-error']).toBe('model-refused');
    answer.resume();
    const grown = memoryOf(server.pid!, 'VmHWM') - before;
    // The model itself is in an anonymous file, which counts once and is not part of that.
    expect(grown + MODEL_BYTES).toBeLessThanOrEqual(1.5 * MODEL_BYTES);
  });
});
