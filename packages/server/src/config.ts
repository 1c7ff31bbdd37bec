import { createReadStream } from 'node:fs';
import { parse as parseToml, TomlError } from 'smol-toml';
import { ConfigError } from './errors.ts';
import { surfaces } from './surface.ts';
import { defaultOf, parseSetting, settings, type Config, type Setting } from './settings.ts';

export { settings, type Config, type Isolation, type Setting } from './settings.ts';

const MAX_FILE_BYTES = 1024 * 1024;

/** Variables with our prefix that are no settings of the server, and whose they are. */
const otherVariables: ReadonlySet<string> = new Set([
  'BLINDAI_CONFIG', // the settings file itself
  'BLINDAI_REQUIRE_ALL', // the tests
  'BLINDAI_PRINT_TABLES', // the tests
  'BLINDAI_DISABLE_TELEMETRY', // the predecessor's; here there is no telemetry to disable
]);

/** What Kubernetes sets in every container for a service that is called `blindai`, or begins with it. */
const serviceLink =
  /^BLINDAI_(?:\w+_)?(?:SERVICE_(?:HOST|PORT)|PORT_\d+_(?:TCP|UDP))|^BLINDAI_PORT$/;

/** Where settings come from: a flag wins over a variable, a variable over the file, the file over defaults. */
export interface ConfigSources {
  /** Flags by setting name (`attestedPort`), and `config`: path of the settings file (TOML). */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  /** `BLINDAI_*` variables, `BLINDAI_CONFIG` the path of the settings file among them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What one source says: values by setting name. */
type Given = ReadonlyMap<keyof Config, unknown>;

/**
 * Reads all settings, from the sources in their order of precedence, into one frozen object. The only
 * reader of the environment and of the settings file.
 *
 * @throws {ConfigError} `bad-setting` naming the setting and its source, if one is unknown or wrong, or if
 *   the settings file cannot be read.
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const given = [
    givenByFlags(sources.flags),
    givenByEnvironment(sources.environment),
    await givenByFile(sources),
  ];
  const choose = (name: keyof Config, simulation: boolean): unknown => {
    const source = given.find((candidate) => candidate.has(name));
    return source === undefined ? defaultOf(name, simulation) : source.get(name);
  };
  const simulation = choose('simulation', false) as boolean;
  const config = Object.fromEntries(
    settings.map(({ name }) => [name, choose(name, simulation)]),
  ) as unknown as Config;
  if (surfaces.every((surface) => config[`${surface}Port`] === null)) {
    throw new ConfigError('port', 'every port is off: a server needs at least one');
  }
  return Object.freeze(config);
}

function givenByFlags(flags: ConfigSources['flags']): Given {
  return readEntries(
    Object.entries(flags).filter(([name]) => name !== 'config'),
    (setting) => setting.name,
    (name) => settings.find((setting) => setting.name === name)?.flag ?? `flag ${name}`,
  );
}

function givenByEnvironment(environment: ConfigSources['environment']): Given {
  return readEntries(
    Object.entries(environment).filter(
      ([name]) =>
        name.startsWith('BLINDAI_') && !otherVariables.has(name) && !serviceLink.test(name),
    ),
    (setting) => setting.environment,
    (name) => `environment variable ${name}`,
  );
}

async function givenByFile(sources: ConfigSources): Promise<Given> {
  const flag = sources.flags['config'];
  const variable = sources.environment['BLINDAI_CONFIG'];
  const source = flag === undefined ? 'environment variable BLINDAI_CONFIG' : '--config';
  const path = flag ?? variable;
  if (path === undefined) return new Map();
  if (typeof path !== 'string' || path === '') {
    throw new ConfigError(source, `${source}: expected the path of a settings file`);
  }
  return readEntries(
    Object.entries(parseFile(await readFile(path, source), source)),
    (setting) => setting.key,
    (key) => `${key} in the settings file`,
  );
}

async function readFile(path: string, source: string): Promise<string> {
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of createReadStream(path, { end: MAX_FILE_BYTES })) {
      chunks.push(chunk as Uint8Array);
    }
    const bytes = Buffer.concat(chunks);
    if (bytes.length <= MAX_FILE_BYTES) {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    }
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'not text';
    throw new ConfigError(source, `${source}: the settings file cannot be read (${reason})`, {
      cause,
    });
  }
  throw new ConfigError(source, `${source}: the settings file is over ${MAX_FILE_BYTES} bytes`);
}

function parseFile(text: string, source: string): Record<string, unknown> {
  try {
    return parseToml(text);
  } catch (cause) {
    const line = cause instanceof TomlError ? ` at line ${cause.line}` : '';
    throw new ConfigError(source, `${source}: the settings file is not TOML${line}`, { cause });
  }
}

/** Finds the setting of each entry and reads its value; one that is unknown or wrong is an error. */
function readEntries(
  entries: readonly (readonly [string, unknown])[],
  nameIn: (setting: Setting) => string,
  describe: (name: string) => string,
): Given {
  const values = new Map<keyof Config, unknown>();
  for (const [name, value] of entries) {
    if (value === undefined) continue;
    const source = describe(name);
    const setting = settings.find((candidate) => nameIn(candidate) === name);
    if (setting === undefined) throw new ConfigError(name, `${source}: there is no such setting`);
    const parsed = parseSetting(setting.name, value);
    if (parsed === undefined) {
      const found = JSON.stringify(value).slice(0, 80);
      throw new ConfigError(name, `${source}: expected ${setting.hint}, found ${found}`);
    }
    values.set(setting.name, parsed);
  }
  return values;
}
