import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  acceptBootEvidence,
  anyMeasurement,
  AttestationError,
  BlindAIError,
  connect,
  loadManifest,
  type ConnectOptions,
} from '../../src/node/index.ts';
import { createIdentity, type Identity } from './identity.ts';
import { startRecordingServer, type RecordingServer } from './recording-server.ts';
import { manifest, serveSimulated, type SimulatedServerOptions } from './simulated-blindai.ts';

const identity = await createIdentity();

async function startServer(options: SimulatedServerOptions = {}): Promise<RecordingServer> {
  return await startRecordingServer(
    identity,
    serveSimulated(() => identity, undefined, options),
  );
}

async function connectTo(server: RecordingServer, options: Partial<ConnectOptions> = {}) {
  return await connect('127.0.0.1', { attestedPort: server.port, simulation: true, ...options });
}

const certificateOf = ({ certificate }: Identity): Uint8Array => certificate;

async function refusal(server: RecordingServer, options: Partial<ConnectOptions>) {
  const error: unknown = await connectTo(server, options).then(
    (client) => client.close(),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BlindAIError);
  return error as BlindAIError;
}

async function refuse(options: ConnectOptions, message: string, host = 'localhost'): Promise<void> {
  await expect(connect(host, options)).rejects.toThrow(TypeError);
  await expect(connect(host, options)).rejects.toThrow(message);
}

describe('connect', () => {
  it('lets the server prove itself on its connection, and reports every check', async () => {
    await using server = await startServer();
    await using client = await connectTo(server, { manifest });
    expect(client.report).toMatchObject({
      verdict: 'accept',
      anchor: 'simulation',
      measurement: '5a'.repeat(32),
    });
    expect(client.report.checks.slice(-4)).toMatchObject([
      { name: 'report-data', result: 'passed' },
      { name: 'keyset', result: 'passed' },
      { name: 'config', result: 'weakened', detail: 'isolation none, anonymous' },
      { name: 'transport', result: 'passed', detail: `TLS 1.3 with ${client.tls.group}` },
    ]);
    expect(client.claims).toMatchObject({ tee: 'sgx', anchor: 'simulation' });
    expect(client.config).toMatchObject({ tee: 'simulation', version: '0.1.0' });
    expect(client.certificate).toEqual(certificateOf(identity));
    expect(client.tls.group).toMatch(/25519/);
    expect(server.connections).toHaveLength(1);
    expect(server.connections.at(0)!.received).toMatch(
      /^GET \/attestation\?nonce=[\w-]{43} HTTP\/1\.1\r\nHost: blindai-srv\r\nAccept: application\/cbor\r\nConnection: keep-alive\r\n\r\n$/,
    );
  });

  it('needs no manifest in simulation, and says that nothing was compared', async () => {
    await using server = await startServer();
    await using client = await connectTo(server);
    expect(client.report.checks).toContainEqual(
      expect.objectContaining({ name: 'measurement', result: 'weakened' }),
    );
  });

  it('sends another nonce each time', async () => {
    await using server = await startServer();
    for (let time = 0; time < 2; time += 1) await (await connectTo(server)).close();
    const [first, second] = server.connections.map(({ received }) => received);
    expect(first).not.toBe(second);
  });

  it('takes the quote made at boot by a symbol only', async () => {
    await using server = await startServer();
    await using client = await connectTo(server, { [acceptBootEvidence]: true });
    expect(server.connections.at(0)!.received).toMatch(/^GET \/attestation HTTP\/1\.1\r\n/);
    expect(client.report.checks).toContainEqual(
      expect.objectContaining({ name: 'report-data', result: 'weakened' }),
    );
  });

  it('connects to a name, an address, and an address in brackets', async () => {
    await using server = await startServer();
    const options = { attestedPort: server.port, simulation: true };
    await (await connect('localhost', options)).close();
    await expect(connect('[::1]', options)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('connect refuses', () => {
  it('simulated hardware without simulation: true, at its root', async () => {
    await using server = await startServer();
    const error = await refusal(server, { manifest, simulation: false });
    expect(error).toBeInstanceOf(AttestationError);
    expect(error).toMatchObject({ code: 'attestation-refused', check: 'trust-anchor' });
    expect((error as AttestationError).report.checks.slice(-3)).toMatchObject(
      ['keyset', 'config', 'transport'].map((name) => ({
        name,
        result: 'not-reached',
        detail: '',
      })),
    );
  });

  it('another measurement than the manifest has', async () => {
    await using server = await startServer();
    const other = manifest.replace('5a5a', '5a5b');
    expect(await refusal(server, { manifest: other })).toMatchObject({ check: 'measurement' });
  });

  it('evidence for another nonce', async () => {
    await using server = await startServer({ quoteNonce: () => new Uint8Array(32) });
    expect(await refusal(server, {})).toMatchObject({ check: 'report-data' });
  });

  it('evidence without a nonce where one was sent', async () => {
    await using server = await startServer({ quoteNonce: () => undefined });
    expect(await refusal(server, {})).toMatchObject({ check: 'report-data' });
  });

  it('another keyset than the evidence covers', async () => {
    await using server = await startServer({
      tamper: (reply) => ({ ...reply, keyset: reply.keyset.with(3, 2) }),
    });
    expect(await refusal(server, {})).toMatchObject({ check: 'report-data' });
  });

  it('a reply that names another certificate than the connection has', async () => {
    const other = await createIdentity();
    await using server = await startServer({
      tamper: (reply) => ({ ...reply, certificate: other.certificate }),
    });
    expect(await refusal(server, {})).toMatchObject({
      check: 'keyset',
      message: "keyset: the reply must name the connection's certificate",
    });
  });

  it('a reply that is no CBOR of ours', async () => {
    await using server = await startServer({
      tamper: (reply) => ({ ...reply, format: 'sgx' as typeof reply.format }),
    });
    const error = await refusal(server, {});
    expect(error).toMatchObject({ check: 'layout', report: { format: null, verdict: 'refuse' } });
  });

  it('a format that it cannot judge', async () => {
    await using server = await startServer({
      tamper: (reply) => ({ ...reply, format: 'tdx-dcap' }),
    });
    expect(await refusal(server, {})).toMatchObject({ check: 'layout' });
  });
});

describe('the options of connect', () => {
  it('must say what to accept', async () => {
    await refuse({}, 'a manifest is required');
    await refuse({ simulation: false }, 'a manifest is required');
  });

  it('must not contradict each other', async () => {
    await refuse({ manifest, manifestFile: 'x' }, 'either manifest or manifestFile');
    await refuse({ simulation: true, manifestSha256: 'ab'.repeat(32) }, 'pins a manifest');
    const parsed = await loadManifest(manifest);
    await refuse({ manifest: parsed, manifestSha256: 'ab'.repeat(32) }, 'a hash pins bytes');
    await refuse({ manifest, manifestSha256: 'ab' }, 'must be 64 hex digits');
  });

  it('must be known: a misspelt one would silently demand nothing', async () => {
    const options = { simulation: true, manifestSHA256: 'ab'.repeat(32) } as ConnectOptions;
    await refuse(options, 'there is no option manifestSHA256');
    const symbol = { simulation: true, [Symbol('allowAll')]: true };
    await refuse(symbol, 'there is no option Symbol(allowAll)');
  });

  it('must name a host and ports', async () => {
    for (const host of ['', 'https://x', 'x:9924', 'a b', 'u@x', '[x]y', 'x/y']) {
      await refuse({ simulation: true }, 'a host must be a name or an address', host);
    }
    await refuse({ simulation: true, attestedPort: 0 }, 'attestedPort must be a number');
    await refuse({ simulation: true, managementPort: 1.5 }, 'managementPort must be a number');
  });

  it('must not ask for any measurement, whatever the types say', async () => {
    const options = { simulation: true, [anyMeasurement]: true } as unknown as ConnectOptions;
    await refuse(options, 'use verifyServer');
  });

  it('must have an owner token that is one', async () => {
    const options = { simulation: true, ownerToken: 'secret' };
    await expect(connect('localhost', options)).rejects.toMatchObject({
      code: 'bad-input',
      message: 'an owner token must be 32 bytes in base64url',
    });
  });

  it('may pin the manifest by its hash, in a file or not', async () => {
    await using server = await startServer();
    const folder = await mkdtemp(join(tmpdir(), 'blindai-'));
    const manifestFile = join(folder, 'manifest.toml');
    await writeFile(manifestFile, manifest);
    const manifestSha256 = createHash('sha256').update(manifest).digest('hex').toUpperCase();
    const bytes = new TextEncoder().encode(manifest);
    for (const source of [{ manifest }, { manifest: bytes }, { manifestFile }]) {
      await (await connectTo(server, { ...source, manifestSha256 })).close();
      await expect(
        connectTo(server, { ...source, manifestSha256: '00'.repeat(32) }),
      ).rejects.toMatchObject({
        code: 'bad-manifest',
        message: expect.stringMatching(/expected SHA-256 0{64}, found/) as string,
      });
    }
    await rm(folder, { recursive: true });
    await expect(connectTo(server, { manifestFile })).rejects.toMatchObject({
      code: 'unreadable',
      message: 'the manifest cannot be read (ENOENT)',
    });
  });

  it('must have a manifest that is one', async () => {
    await expect(connect('localhost', { manifest: 'version = 2' })).rejects.toMatchObject({
      code: 'bad-manifest',
    });
    await expect(connect('localhost', { manifest: Uint8Array.of(0xff) })).rejects.toMatchObject({
      code: 'bad-manifest',
      message: 'manifest: expected UTF-8',
    });
  });
});
