import { readdirSync, readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type AttestationError,
  checks,
  ManifestError,
  parseManifest,
  verifyAttestation,
} from '@blindai/attestation';
import { simulationAnchors } from '@blindai/attestation/simulation';
import type { ConnectionErrorCode, InputErrorCode, ModelErrorCode } from '@blindai/client';
import {
  datatypes,
  encodeRunReply,
  errorStatuses,
  limits,
  Tensor,
  type ErrorCode,
  type ServerConfig,
} from '@blindai/protocol';
import { loadConfig, serverErrors, settings } from '@blindai/server';
import { createPlatform, type PlatformOptions } from '@blindai/simulator';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { exitCodes } from '../packages/cli/src/exit-codes.ts';
import { run } from '../packages/cli/src/program.ts';
import { encodeDescr } from '../packages/cli/src/npy-descr.ts';
import { BlindAIClient } from '../packages/client/src/client.ts';
import { errorOfServer } from '../packages/client/src/errors.ts';
import { cageMechanisms } from '../packages/server/src/inference/messages.ts';
import { systemCallsOf } from '../packages/server/src/platform/system-calls.ts';
import { attestationRoutes } from '../packages/server/src/routes/attestation.ts';
import { blindaiRoutes } from '../packages/server/src/routes/blindai.ts';
import { healthRoutes } from '../packages/server/src/routes/health.ts';
import { openInferenceRoutes } from '../packages/server/src/routes/open-inference.ts';
import { countAllowed } from '../packages/server/src/runner/cage/allow-list.ts';
import { probeNames } from '../packages/server/src/runner/probes/probes.ts';
import { parseSetting } from '../packages/server/src/settings.ts';
import {
  fenced,
  headings,
  readPage,
  section,
  tableRows,
  unquoted,
  withoutBlocks,
} from './support/markdown.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);

/** All sources of a package as one text. */
function sourcesOf(name: string): string {
  const folder = join(root, 'packages', name, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
}

test('docs/README.md leads to every page', () => {
  const index = readPage('docs/README.md');
  for (const page of pages.filter((each) => each !== 'docs/README.md'))
    expect(index, page).toContain(`](${page.slice('docs/'.length)})`);
});

describe('docs/verify-a-server.md', () => {
  const page = 'docs/verify-a-server.md';
  const explained = headings(page).filter((heading) => /^`.*`$/.test(heading));

  test('explains every check of the table, in its order', () => {
    expect(explained.map(unquoted)).toEqual(Object.keys(checks));
  });

  test.each(explained)('%s: says what kind of refusal it is', (heading) => {
    const kind = checks[unquoted(heading) as keyof typeof checks];
    expect(section(page, heading).trim()).toMatch(new RegExp(`^_${kind}\\._ `));
  });

  test('explains each weakening, and none that does not exist', () => {
    const source = sourcesOf('attestation');
    const calls = [...source.matchAll(/\bweakened\(\s*'([a-z-]+)'/g)].map(([, name]) => name!);
    const lists = [...source.matchAll(/\bof \[([^\]]+)\] as const\) \{\s*\S*weakened\(check/g)];
    const inLists = lists.flatMap(([, list]) => list!.match(/[a-z-]{3,}/g) ?? []);
    // What an entry of a manifest can weaken stands in the rule that begins with the plan of its row.
    const rules = source.split(/(?=\bplan\()/).filter((text) => text.includes('{ weakened: '));
    const inRules = rules.map((text) => /^plan\(\s*'([a-z-]+)'/.exec(text)![1]!);
    for (const found of [calls, inLists, inRules]) expect(found).not.toHaveLength(0);
    // Of the rows that the client adds only one can be weakened.
    const weakened = new Set([...calls, ...inLists, ...inRules, 'config']);
    const found = explained.filter((heading) => section(page, heading).includes('`weakened`'));
    expect(found.map(unquoted).toSorted()).toEqual([...weakened].toSorted());
  });
});

describe('docs/errors.md', () => {
  const page = 'docs/errors.md';

  test('says what to do about every check, in the order of the table', () => {
    const rows = tableRows(section(page, 'Refused evidence'));
    expect(rows.map(([check]) => check)).toEqual(Object.keys(checks));
    for (const [check, advice] of rows) expect(advice, check).not.toBe('');
  });

  const fromServer = tableRows(section(page, 'What a server answers'));
  const ofClient = tableRows(section(page, 'What the client finds itself'));

  test('has every code that a server can send, its status, and the class that is thrown', () => {
    const found = fromServer.map(([code, status, thrown]) => [code, Number(status), thrown]);
    const expected = Object.entries(errorStatuses).map(([code, status]) => [
      code,
      status,
      errorOfServer({ code: code as ErrorCode, message: '' }).name,
    ]);
    expect(found).toEqual(expected);
  });

  test.each(fromServer)(
    '%s: whether this version sends it is true',
    (code, _status, _class, advice) => {
      const sources = `${sourcesOf('server')}\n${sourcesOf('protocol')}`;
      const helper = { malformed: 'malformed', 'bad-input': 'badInput' }[code];
      const thrown = String.raw`(?:ProtocolError|Refusal)\(\s*'${code}'|\b${helper}\(`;
      const isSent = new RegExp(thrown).test(sources);
      expect(advice === 'Not sent by this version').toBe(!isSent);
    },
  );

  // The compiler refuses these three lists unless they are exactly the codes of each class.
  const connectionErrors = {
    unreachable: true,
    'bad-transport': true,
    'bad-reply': true,
    'connection-lost': true,
    timeout: true,
    aborted: true,
    closed: true,
    'too-slow': true,
    'too-many-requests': true,
    internal: true,
    'not-ready': true,
    'going-down': true,
    'wrong-surface': true,
    'method-not-allowed': true,
  } satisfies Record<ConnectionErrorCode, true>;
  const modelErrors = {
    'model-refused': true,
    'model-crashed': true,
    'model-timeout': true,
    'model-memory': true,
    'not-found': true,
    'ambiguous-name': true,
    unauthorized: true,
    forbidden: true,
  } satisfies Record<ModelErrorCode, true>;
  const inputErrors = {
    unreadable: true,
    'bad-input': true,
    malformed: true,
    'too-large': true,
    'unsupported-media-type': true,
    'credentials-refused': true,
  } satisfies Record<InputErrorCode, true>;

  test.each([
    ['ConnectionError', connectionErrors],
    ['ModelError', modelErrors],
    ['InputError', inputErrors],
  ])('has every code of %s', (name, codes) => {
    const found = [
      ...fromServer.filter(([, , thrown]) => thrown === name),
      ...ofClient.filter(([, thrown]) => thrown === name),
    ].map(([code]) => code!);
    expect(found.toSorted()).toEqual(Object.keys(codes).toSorted());
  });

  test('has every reason for which a server does not start', () => {
    const rows = tableRows(section(page, 'When a server does not start'));
    expect(rows.map(([code]) => code)).toEqual(Object.keys(serverErrors));
  });
});

describe('docs/command-line.md', () => {
  const page = 'docs/command-line.md';

  test('has every command, and no other', async () => {
    const out = await helpOf();
    const groups = [...out.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
    const documented = tableRows(section(page, 'Commands')).map(([command]) => command!);
    expect(new Set(documented.map((command) => command.split(' ')[0]))).toEqual(
      new Set(groups.filter((name) => name !== 'help')),
    );
    for (const command of documented)
      expect(await helpOf(command)).toMatch(new RegExp(`^Usage: blindai ${command}\\b`));
  });

  test('has every exit code', () => {
    const rows = tableRows(section(page, 'Exit codes'));
    expect(rows.map(([code]) => Number(code))).toEqual(Object.values(exitCodes));
  });

  test('has every setting with its default and meaning', () => {
    const rows = tableRows(section(page, 'Settings'));
    const found = rows.map(([flag, , meaning]) => [flag, meaning]);
    expect(found).toEqual(settings.map(({ flag, description }) => [flag, description]));
    for (const [index, { name, default: text }] of settings.entries()) {
      const shown = rows[index]![1]!;
      if (shown === text) continue;
      const value = parseSetting(name, shown);
      expect(value, name).toBeDefined();
      expect(value, name).toBe(parseSetting(name, text));
    }
  });

  test('forms the names of a setting as the server does', () => {
    const example = settings.find(({ flag }) => flag === '--attested-port')!;
    for (const name of [example.environment, example.key])
      expect(section(page, 'Settings')).toContain(`\`${name}\``);
  });

  test('names variables that some command knows', async () => {
    const known = `${await helpOf('serve')}${await helpOf('run')}`;
    const named = section(page, 'Environment variables').matchAll(/`(BLINDAI_[A-Z_]+)`/g);
    for (const [, name] of named) expect(known).toContain(name);
  });

  test('shows a file of settings that the server takes', async () => {
    const [text, ...others] = fenced(section(page, 'Settings'), 'toml');
    expect(others).toEqual([]);
    const folder = mkdtempSync(join(tmpdir(), 'blindai-docs-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'settings.toml'), text!);
    const flags = { config: join(folder, 'settings.toml') };
    expect(await loadConfig({ flags, environment: {} })).toMatchObject({
      simulation: true,
      attestedPort: 19924,
      maxRequestBytes: 16 * 1024 ** 2,
    });
  });
});

describe('docs/write-a-manifest.md', () => {
  const page = 'docs/write-a-manifest.md';
  const manifests = fenced(readPage(page), 'toml');
  const refusedManifests = manifests.filter((text) => text.startsWith('# manifest, '));

  test('shows manifests of both kinds', () => {
    expect(refusedManifests.length).toBeGreaterThan(5);
    expect(manifests.length - refusedManifests.length).toBeGreaterThan(5);
  });

  test.each(manifests.filter((text) => !refusedManifests.includes(text)))(
    'this is a manifest:\n%s',
    (text) => {
      const { sgx, tdx, sevSnp, azure, nitro } = parseManifest(text);
      expect([...sgx, ...tdx, ...sevSnp, ...azure, ...nitro]).not.toEqual([]);
    },
  );

  test.each(refusedManifests)('this is refused as its first line says:\n%s', (text) => {
    const refused = thrownBy(() => parseManifest(text));
    expect(refused).toBeInstanceOf(ManifestError);
    expect(`# ${(refused as Error).message}`).toBe(text.split('\n')[0]);
  });

  const schema = JSON.parse(readPage('packages/attestation/manifest.schema.json')) as {
    definitions: Record<string, { properties: Record<string, unknown> }>;
  };
  const keysOf = (table: string): string[] => Object.keys(schema.definitions[table]!.properties);

  test.each([
    ['sgx', '`[[sgx]]`'],
    ['tdx', '`[[tdx]]`'],
    ['sev_snp', '`[[sev_snp]]`'],
    ['azure', '`[[azure]]`'],
    ['nitro', '`[[nitro]]`'],
    ['intel', '`[intel]`'],
    ['exception', '`[[exception]]`'],
    ['transport', '`[transport]`'],
    ['config', '`[config]`'],
  ])('explains every key of %s', (table, heading) => {
    const keys = tableRows(section(page, heading)).map(([key]) => key!);
    expect(keys.toSorted()).toEqual(keysOf(table).toSorted());
  });

  test("shows every key of an entry and of BlindAI's file", () => {
    const entry = new Set([...keysOf('sgx'), 'version']);
    expect(keysWritten(section(page, '`[[sgx]]`'))).toEqual(entry);
    const tdEntry = new Set([...keysOf('tdx'), 'version']);
    expect(keysWritten(section(page, '`[[tdx]]`'))).toEqual(tdEntry);
    const parts = ['smt', 'abi_major', 'abi_minor', 'fmc', 'bootloader', 'tee', 'snp', 'microcode'];
    expect(keysWritten(section(page, '`[[sev_snp]]`'))).toEqual(
      new Set([...keysOf('sev_snp'), 'version']),
    );
    for (const part of parts) expect(section(page, '`[[sev_snp]]`')).toContain(`${part} =`);
    expect(keysWritten(section(page, "BlindAI's own file"))).toEqual(new Set(keysOf('blindai')));
  });

  test('states the defaults of the masks', () => {
    const [entry] = parseManifest(`version = 1\n[[sgx]]\nmr_enclave = "${'00'.repeat(32)}"`).sgx;
    const stated = Object.fromEntries(
      tableRows(section(page, '`[[sgx]]`'))
        .filter(([key]) => key!.endsWith('_hex'))
        .map(([key, , text]) => [key, BigInt(`0x${/[0-9a-f]{8,}/.exec(text!)![0]}`)]),
    );
    expect(stated).toEqual({
      attributes_flags_hex: entry!.attributesFlags,
      attributes_mask_flags_hex: entry!.attributesMaskFlags,
      attributes_xfrm_hex: entry!.attributesXfrm,
      attributes_mask_xfrm_hex: entry!.attributesMaskXfrm,
      misc_select_hex: BigInt(entry!.miscSelect),
      misc_mask_hex: BigInt(entry!.miscMask),
    });
  });

  const upToDate = tableRows(section(page, 'What counts as up to date'));
  const statuses = upToDate.filter((row) => row.length === 2).map(([status]) => status!);

  test('has every status', () => {
    const message = refusedManifests.find((text) => text.includes('tcb_statuses[1]'))!;
    expect(statuses.join(', ')).toBe(/expected one of (.*), found/.exec(message)![1]);
  });

  test.each(upToDate.filter((row) => row.length === 4))(
    '%s, accepted %s, exceptions: %s: %s',
    async (platform, accepted, exceptions, result) => {
      const at = new Date('2026-01-15T12:00:00Z');
      const status = /^`?(\w+)/.exec(platform)![1] as PlatformOptions['tcbStatus'];
      const simulated = await createPlatform({ at, tcbStatus: status! });
      const advisory = /INTEL-SA-\d+/;
      expect(simulated.collateral.tcb_info).toContain(advisory.exec(platform)?.[0] ?? status);
      const list = accepted === 'every one' ? JSON.stringify(statuses) : accepted;
      const ended = exceptions.includes('has ended') ? '2026-01-15' : '2026-01-16';
      const manifest = parseManifest(
        [
          'version = 1',
          `[[sgx]]\nmr_enclave = "${'00'.repeat(32)}"`,
          list === 'absent' ? '' : `[intel]\ntcb_statuses = ${list}`,
          exceptions === 'none'
            ? ''
            : `[[exception]]\nadvisory = "${advisory.exec(exceptions)![0]}"\nuntil = ${ended}\nreason = "r"`,
        ].join('\n'),
      );
      const reportData = new Uint8Array(64);
      const evidence = await simulated.quote({ measurement: new Uint8Array(32), reportData });
      const report = await verifyAttestation(
        { format: 'sgx-dcap', evidence, endorsements: simulated.collateral },
        { reportData },
        { anchors: simulationAnchors, manifest },
        at,
      ).then(
        (claims) => claims.report,
        (error: unknown) => (error as AttestationError).report,
      );
      expect(report.checks.find(({ name }) => name === 'tcb-status')?.result).toBe(result);
    },
  );
});

describe('docs/run-a-model.md', () => {
  test('has every datatype, by all of its names', () => {
    const words = { f: 'float', i: 'int', u: 'uint' } as const;
    const expected = Object.entries(datatypes).map(([name, { array, bytes }]) => {
      const datatype = name as keyof typeof datatypes;
      const [, kind, size] = /([fiub])(\d)$/.exec(encodeDescr(datatype))!;
      const numpy =
        kind === 'b' ? 'bool' : `${words[kind as keyof typeof words]}${Number(size) * 8}`;
      const tensor = { name: null, datatype, shape: [1], bytes: new Uint8Array(bytes) };
      const wire = Buffer.concat(encodeRunReply([tensor])).toString('latin1');
      const [, blindaiName] = /datum_type[\x60-\x77]([A-Z][a-z0-9]+)inode_name/.exec(wire)!;
      return [name, array.name, numpy, blindaiName];
    });
    const found = tableRows(section('docs/run-a-model.md', 'Inputs'));
    expect(found).toEqual(expected);
  });
});

describe('docs/moving-from-blindai.md', () => {
  test("calls what there is, for all of BlindAI's API", () => {
    const rows = tableRows(section('docs/moving-from-blindai.md', "The client's API"));
    const calls = rows.flatMap(([, ours]) => [...ours!.matchAll(/\b([a-zA-Z]+)\(/g)]);
    const known = new Set([
      'connect',
      ...Object.getOwnPropertyNames(BlindAIClient.prototype),
      ...Object.getOwnPropertyNames(Tensor.prototype),
    ]);
    for (const [, name] of calls) expect(known).toContain(name);
    for (const name of ['uploadModel', 'runModel', 'deleteModel', 'describeModel', 'listModels'])
      expect(calls.map(([, called]) => called)).toContain(name);
  });
});

describe('docs/wire.md', () => {
  const page = 'docs/wire.md';

  test('has every route with its surfaces', () => {
    // Routes are only listed here, and nothing of what they need is used for that.
    const unused = undefined as never;
    const factories = { attestationRoutes, healthRoutes, blindaiRoutes, openInferenceRoutes };
    const composed = readPage('packages/server/src/service.ts').matchAll(/\.\.\.(\w+Routes)\(/g);
    expect([...composed].map(([, name]) => name)).toEqual(Object.keys(factories));
    const routes = Object.values(factories).flatMap((list) => list(unused));
    const found = tableRows(section(page, 'Listeners and surfaces')).filter(([route]) =>
      /^[A-Z]+ \//.test(route!),
    );
    expect(found.map(([route, surfaces]) => `${route}: ${surfaces}`).toSorted()).toEqual(
      routes
        .map((route) => `${route.method} ${route.path}: ${route.surfaces.join(', ')}`)
        .toSorted(),
    );
  });

  test('has every limit with its default and its flag', () => {
    const units: Readonly<Record<string, number>> = {
      KiB: 1024,
      MiB: 1024 ** 2,
      GiB: 1024 ** 3,
      s: 1000,
    };
    const found = tableRows(section(page, 'Limits')).map(([name, text, flag]) => {
      const [number, unit] = text!.split(' ');
      return [name, Number(number) * (unit === undefined ? 1 : units[unit]!), flag];
    });
    const expected = Object.entries(limits).map(([name, value]) => {
      const setting = settings.find((each) => each.name === name);
      if (setting !== undefined) expect(setting.default, name).toBe(String(value));
      return [name, value, setting?.flag ?? 'fixed'];
    });
    expect(found).toEqual(expected);
  });
});

describe('docs/isolation.md', () => {
  const page = 'docs/isolation.md';
  const firstColumn = (heading: string): string[] =>
    tableRows(section(page, heading)).map(([name]) => name!);

  test('has every level, mechanism and attempt', () => {
    expect(firstColumn('The levels')).toEqual(['sandboxed', 'separated', 'none']);
    expect(firstColumn('The cage')).toEqual([...cageMechanisms]);
    expect(firstColumn('What is tried')).toEqual([...probeNames]);
  });

  test('counts the system calls that are left', () => {
    const left = countAllowed(systemCallsOf('x64')!);
    expect(section(page, 'The cage')).toContain(`${left} calls are left`);
  });
});

describe('docs/trust.md', () => {
  // The compiler refuses this list unless it is exactly what a config may hold.
  const members = {
    tee: {
      simulation: 1,
      sgx: 1,
      tdx: 1,
      'sev-snp': 1,
      azure: 1,
      nitro: 1,
    } satisfies Choices<'tee'>,
    isolation: { sandboxed: 1, separated: 1, none: 1 } satisfies Choices<'isolation'>,
    anonymous: { true: 1, false: 1 } satisfies Choices<'anonymous'>,
    storage: { none: 1, sealed: 1 } satisfies Choices<'storage'>,
    stateFreshness: { none: 1, broker: 1 } satisfies Choices<'stateFreshness'>,
    time: { host: 1, broker: 1 } satisfies Choices<'time'>,
    issuers: { null: 1 },
    version: {},
  } satisfies Record<keyof ServerConfig, Readonly<Record<string, 1>>>;

  test('has every member of the config with its values, and no other', () => {
    const found = tableRows(section('docs/trust.md', 'config')).map(([member, values]) => [
      member,
      [...values!.matchAll(/`([^`]+)`/g)].map(([, value]) => value),
    ]);
    expect(found).toEqual(
      Object.entries(members).map(([member, values]) => [member, Object.keys(values)]),
    );
  });
});

/** Each value of a setting, as text. */
type Choices<Name extends Exclude<keyof ServerConfig, 'issuers' | 'version'>> = Record<
  `${ServerConfig[Name]}`,
  1
>;

describe('flags that pages name', () => {
  const flagPattern = /(?<![\w-])--[a-z][a-z0-9-]+/g;
  // Of Node, npx and npm.
  const known = new Set([
    '--cpu-prof',
    '--ignore-scripts',
    '--inspect',
    '--jitless',
    '--no-install',
    '--perf-basic-prof',
  ]);

  beforeAll(async () => {
    const commands = tableRows(section('docs/command-line.md', 'Commands'));
    for (const [command] of commands) {
      for (const [flag] of (await helpOf(command)).matchAll(flagPattern)) known.add(flag);
    }
  });

  test.each(pages)('%s', (page) => {
    const code = withoutBlocks(readPage(page)).matchAll(/`[^`]*`/g);
    const named = [...code].flatMap(([text]) => text.match(flagPattern) ?? []);
    expect(named.filter((flag) => !known.has(flag))).toEqual([]);
  });
});

/** What `blindai COMMAND --help` prints. */
async function helpOf(command?: string): Promise<string> {
  let printed = '';
  const status = await run([...(command?.split(' ') ?? []), '--help'], {
    environment: {},
    out: (text) => (printed += text),
    err: (text) => (printed += text),
    paint: (_, text) => text,
    columns: null,
    terminal: process.stderr,
    exit: () => {},
  });
  expect(status, command).toBe(0);
  return printed;
}

/** Every key that the TOML of a text sets. */
function keysWritten(text: string): Set<string> {
  const lines = fenced(text, 'toml')
    .join('')
    .matchAll(/^([a-z_]+) =/gm);
  return new Set([...lines].map(([, key]) => key!));
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}
