import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, settings } from '../src/config.ts';
import { ConfigError } from '../src/errors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindai-config-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function settingsFile(text: string | Uint8Array): Promise<string> {
  const path = join(folder, 'settings.toml');
  await writeFile(path, text);
  return path;
}

async function refusal(sources: Partial<Parameters<typeof loadConfig>[0]>): Promise<ConfigError> {
  const error = await loadConfig({ flags: {}, environment: {}, ...sources }).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).code).toBe('bad-setting');
  return error as ConfigError;
}

describe('loadConfig', () => {
  it('has the defaults of the wire contract, strict ones outside of simulation', async () => {
    const config = await loadConfig({ flags: {}, environment: {} });
    expect(config).toMatchObject({
      simulation: false,
      anonymous: false,
      isolation: 'sandboxed',
      runnerUids: { first: 60_706, last: 61_183 },
      unattestedPort: 9923,
      attestedPort: 9924,
      managementPort: 9925,
      managementAddress: '127.0.0.1',
      maxModelBytes: 2 ** 31,
      maxRequestBytes: 2 ** 26,
      maxTensors: 256,
      maxRank: 8,
      maxHeaderBytes: 16_384,
      headersTimeoutMs: 10_000,
      idleTimeoutMs: 60_000,
      requestTimeoutMs: 300_000,
      minUploadBytesPerSecond: 65_536,
      loadTimeoutMs: 60_000,
      inferenceTimeoutMs: 60_000,
      drainTimeoutMs: 10_000,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('opens up in simulation', async () => {
    const config = await loadConfig({ flags: { simulation: true }, environment: {} });
    expect(config).toMatchObject({ simulation: true, anonymous: true, isolation: 'none' });
  });

  it('prefers a flag to a variable, a variable to the file, the file to the default', async () => {
    const path = await settingsFile(
      'attested_port = 1\nmanagement_port = 1\nunattested_port = 1\nsimulation = true\n',
    );
    const config = await loadConfig({
      flags: { config: path, attestedPort: '3' },
      environment: { BLINDAI_ATTESTED_PORT: '2', BLINDAI_MANAGEMENT_PORT: '2' },
    });
    expect(config).toMatchObject({ attestedPort: 3, managementPort: 2, unattestedPort: 1 });
    expect(config).toMatchObject({ simulation: true, anonymous: true, maxModels: 64 });
  });

  it('takes the path of the file from the environment', async () => {
    const path = await settingsFile('max_models = 7\n');
    const config = await loadConfig({ flags: {}, environment: { BLINDAI_CONFIG: path } });
    expect(config.maxModels).toBe(7);
  });

  it('reads a range of users, or that there is none', async () => {
    const path = await settingsFile('runner_uids = "off"\n');
    expect((await loadConfig({ flags: { config: path }, environment: {} })).runnerUids).toBe(null);
    const config = await loadConfig({ flags: { runnerUids: '7000-7000' }, environment: {} });
    expect(config.runnerUids).toEqual({ first: 7000, last: 7000 });
  });

  it('reads units of sizes and times, and ports that are off', async () => {
    const path = await settingsFile(
      'max_model_bytes = "3GiB"\nidle_timeout_ms = "90s"\nunattested_port = "off"\n',
    );
    const config = await loadConfig({
      flags: { config: path, maxRequestBytes: '10MiB', drainTimeoutMs: '2m' },
      environment: { BLINDAI_MAX_HEADER_BYTES: '32KiB', BLINDAI_LOAD_TIMEOUT_MS: '250' },
    });
    expect(config).toMatchObject({
      maxModelBytes: 3 * 2 ** 30,
      idleTimeoutMs: 90_000,
      unattestedPort: null,
      maxRequestBytes: 10 * 2 ** 20,
      drainTimeoutMs: 120_000,
      maxHeaderBytes: 32_768,
      loadTimeoutMs: 250,
    });
  });

  it('reads several domains with commas between, and a list of them from the file', async () => {
    const operatorDomains = ['com.example', 'ai.onnx.preview'];
    const flags = { operatorDomains: 'com.example, ai.onnx.preview' };
    expect(await loadConfig({ flags, environment: {} })).toMatchObject({ operatorDomains });
    const config = await settingsFile('operator_domains = ["com.example", "ai.onnx.preview"]\n');
    expect(await loadConfig({ flags: { config }, environment: {} })).toMatchObject({
      operatorDomains,
    });
  });

  it.each([
    [{ attestedPort: '65536' }, '--attested-port'],
    [{ attestedPort: '-1' }, '--attested-port'],
    [{ attestedPort: '1.5' }, '--attested-port'],
    [{ attestedPort: '' }, '--attested-port'],
    [{ attestedPort: true }, '--attested-port'],
    [{ attestedAddress: 'localhost' }, '--attested-address'],
    [{ maxModelBytes: '0' }, '--max-model-bytes'],
    [{ maxModelBytes: '1TiB' }, '--max-model-bytes'],
    [{ maxModelBytes: '9007199254740992' }, '--max-model-bytes'],
    [{ idleTimeoutMs: '0' }, '--idle-timeout-ms'],
    [{ idleTimeoutMs: '60MiB' }, '--idle-timeout-ms'],
    [{ idleTimeoutMs: '2147483648' }, '--idle-timeout-ms'],
    [{ simulation: 'yes' }, '--simulation'],
    [{ isolation: 'Sandboxed' }, '--isolation'],
    [{ runnerUids: '0-9' }, '--runner-uids'],
    [{ runnerUids: '20-10' }, '--runner-uids'],
    [{ runnerUids: '1000' }, '--runner-uids'],
    [{ runnerUids: '1-2147483648' }, '--runner-uids'],
    [{ logLevel: 'trace' }, '--log-level'],
    [{ runnerMemoryBytes: '127MiB' }, '--runner-memory-bytes'],
    [{ maxTensors: '257' }, '--max-tensors'],
    [{ operatorDomains: '' }, '--operator-domains'],
    [{ operatorDomains: 'com.example,' }, '--operator-domains'],
    [{ operatorDomains: 'com example' }, '--operator-domains'],
    [{ colour: 'red' }, 'colour'],
  ])('refuses the flag %o and names it', async (flags, name) => {
    const error = await refusal({ flags });
    expect(error.message).toContain(name);
  });

  it('refuses a wrong value even where another source wins', async () => {
    const error = await refusal({
      flags: { attestedPort: '1' },
      environment: { BLINDAI_ATTESTED_PORT: 'x' },
    });
    expect(error.message).toContain('BLINDAI_ATTESTED_PORT');
  });

  it('refuses an unknown variable with our prefix, and no other variable', async () => {
    const error = await refusal({ environment: { BLINDAI_ATESTED_PORT: '1' } });
    expect(error.message).toContain('BLINDAI_ATESTED_PORT');
    const environment = {
      PATH: '/bin',
      BLINDAI_REQUIRE_ALL: '1',
      BLINDAI_DISABLE_TELEMETRY: '1',
      BLINDAI_PORT: 'tcp://10.0.0.1:9923',
      BLINDAI_PORT_9923_TCP_ADDR: '10.0.0.1',
      BLINDAI_SERVICE_HOST: '10.0.0.1',
      BLINDAI_TLS_SERVICE_PORT_ATTESTED: '9924',
    };
    const config = await loadConfig({ flags: {}, environment });
    expect(config).toEqual(await loadConfig({ flags: {}, environment: {} }));
  });

  it.each([
    ['atested_port = 1\n', 'atested_port'],
    ['attestedPort = 1\n', 'attestedPort'],
    ['attested_port = "x"\n', 'attested_port'],
    ['attested_port = 1.5\n', 'attested_port'],
    ['simulation = 2026-01-01\n', 'simulation'],
    ['operator_domains = [1]\n', 'operator_domains'],
    ['[attested]\nport = 1\n', 'attested'],
    ['attested_port =\n', 'not TOML at line 1'],
    ['max_models = 1\nmax_models = 2\n', 'not TOML at line 2'],
  ])('refuses the settings file %j', async (text, named) => {
    const error = await refusal({ flags: { config: await settingsFile(text) } });
    expect(error.message).toContain(named);
  });

  it('refuses a settings file that is absent, too large or no text', async () => {
    const absent = await refusal({ flags: { config: join(folder, 'absent.toml') } });
    expect(absent.message).toContain('ENOENT');
    const large = await refusal({ flags: { config: await settingsFile(' '.repeat(2 ** 20 + 1)) } });
    expect(large.message).toContain('over 1048576 bytes');
    const path = await settingsFile(Uint8Array.of(0xff));
    const binary = await refusal({ environment: { BLINDAI_CONFIG: path } });
    expect(binary.message).toContain('BLINDAI_CONFIG');
  });

  it('refuses a server without any port', async () => {
    const ports = { unattestedPort: 'off', attestedPort: 'off', managementPort: 'off' };
    expect((await refusal({ flags: ports })).message).toContain('every port is off');
  });
});

describe('settings', () => {
  it('gives each setting its three names and a default that it takes itself', async () => {
    const setting = settings.find(({ name }) => name === 'maxModelBytes')!;
    expect(setting).toMatchObject({
      flag: '--max-model-bytes',
      environment: 'BLINDAI_MAX_MODEL_BYTES',
      key: 'max_model_bytes',
      default: '2147483648',
      isSwitch: false,
    });
    for (const { name, isSwitch, default: text, description } of settings) {
      expect(description).not.toBe('');
      if (isSwitch || text.includes(' ')) continue;
      await loadConfig({ flags: { [name]: text }, environment: {} });
    }
  });
});
