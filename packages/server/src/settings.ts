import { isIP } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { limits } from '@blindai/protocol';
import { z } from 'zod';
import type { UserRange } from './inference/runner-users.ts';
import type { Scheduling } from './inference/run-plan.ts';

/** What stands between a model and the server's keys (trust.md, "Isolation"). */
export type Isolation = 'sandboxed' | 'separated' | 'none';

/** Everything that an operator decides. Frozen; made by `loadConfig` only. */
export interface Config {
  /** Simulated hardware: the only way to start without a TEE. Protects nothing. */
  readonly simulation: boolean;
  /** May anyone upload and run? Clients refuse such a server unless their manifest accepts it. */
  readonly anonymous: boolean;
  /** The least isolation of models with which the server starts. */
  readonly isolation: Isolation;
  /** Users set aside for runners, each for one at a time; null = all run as the server's user. */
  readonly runnerUids: UserRange | null;
  readonly unattestedAddress: string;
  /** null = off, 0 = any free port. */
  readonly unattestedPort: number | null;
  readonly attestedAddress: string;
  readonly attestedPort: number | null;
  readonly managementAddress: string;
  readonly managementPort: number | null;
  readonly maxModelBytes: number;
  readonly maxRequestBytes: number;
  readonly maxTensors: number;
  readonly maxRank: number;
  readonly maxHeaderBytes: number;
  readonly maxReplyBytes: number;
  readonly maxModels: number;
  readonly maxModelsBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxConnections: number;
  readonly headersTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly minUploadBytesPerSecond: number;
  readonly loadTimeoutMs: number;
  readonly inferenceTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly runnerMemoryBytes: number;
  readonly maxRunnersBytes: number;
  readonly spareRunners: number;
  /** Cores that models compute on. */
  readonly cores: number;
  readonly scheduling: Scheduling;
  /** The most rows that are computed as one; 1 = no batches. */
  readonly maxBatchRows: number;
  readonly batchDelayMs: number;
  readonly maxQueuedRuns: number;
  /** Domains of operators that models may use besides those that every model may. */
  readonly operatorDomains: readonly string[];
  readonly quotesPerMinute: number;
  readonly maxQueuedQuotes: number;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  readonly logFormat: 'auto' | 'json' | 'pretty';
}

interface Kind<Value> {
  /** Accepts what a flag or variable (text) and what a settings file (TOML value) can hold. */
  readonly schema: z.ZodType<Value>;
  /** What a value looks like, for help texts and errors. */
  readonly hint: string;
}

interface Row<Value> extends Kind<Value> {
  readonly default: Value | ((simulation: boolean) => Value);
  /** How help texts show a default that depends on the simulation, or that is written in another way. */
  readonly defaultText?: string;
  readonly description: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

const flag: Kind<boolean> = {
  schema: z.union([
    z.boolean(),
    z.enum(['true', '1']).transform(() => true),
    z.enum(['false', '0']).transform(() => false),
  ]),
  hint: 'true or false',
};

const address: Kind<string> = {
  schema: z.string().refine((text) => isIP(text) !== 0),
  hint: 'an IP address',
};

const port: Kind<number | null> = {
  schema: z.union([z.literal('off').transform(() => null), whole({ '': 1 }, 0, 65_535)]),
  hint: 'a port from 0 (any free one) to 65535, or "off"',
};

/** The largest number of a user that all programs take (systemd.io/UIDS-GIDS). */
const mostUid = 2 ** 31 - 1;

const uids: Kind<UserRange | null> = {
  schema: z.union([
    z.literal('off').transform(() => null),
    z.string().transform((value, context) => {
      const [, first, last] = (/^(\d{1,10})-(\d{1,10})$/.exec(value) ?? []).map(Number);
      // User 0 is nobody's own.
      if (first! > 0 && first! <= last! && last! <= mostUid) return { first: first!, last: last! };
      context.addIssue({ code: 'custom', message: 'not a range of users' });
      return z.NEVER;
    }),
  ]),
  hint: 'two numbers with a hyphen between, from 1 on, or "off"',
};

const milliseconds: Kind<number> = {
  // Node's timers hold at most 2³¹ − 1 ms.
  schema: whole({ '': 1, ms: 1, s: 1000, m: 60_000 }, 1, 2 ** 31 - 1),
  hint: 'milliseconds, or a whole number with ms, s or m',
};

function bytes(least: number): Kind<number> {
  return {
    schema: whole({ '': 1, KiB: KIB, MiB: MIB, GiB: GIB }, least, Number.MAX_SAFE_INTEGER),
    hint: `bytes, or a whole number with KiB, MiB or GiB; at least ${least}`,
  };
}

function count(least: number, most: number): Kind<number> {
  return { schema: whole({ '': 1 }, least, most), hint: `a whole number, ${least} to ${most}` };
}

/** Names of domains of operators, such as `com.example`. */
const domains: Kind<readonly string[]> = {
  schema: z
    .union([
      z.array(z.string()),
      z.string().transform((text) => text.split(',').map((name) => name.trim())),
    ])
    .refine((names) => names.length <= 64 && names.every((name) => /^[\w.-]{1,128}$/.test(name))),
  hint: 'names with commas between; in the settings file a list of them',
};

function choice<const Value extends string>(...values: Value[]): Kind<Value> {
  return { schema: z.enum(values), hint: values.join(', ') };
}

/** A whole number as a number, or as text with one of the units (each with its factor). */
function whole(
  units: Readonly<Record<string, number>>,
  least: number,
  most: number,
): z.ZodType<number> {
  return z.union([z.number(), z.string()]).transform((value, context) => {
    const parts = /^(\d{1,16})([A-Za-z]{0,3})$/.exec(String(value));
    const number = parts === null ? NaN : Number(parts[1]) * (units[parts[2]!] ?? NaN);
    if (Number.isSafeInteger(number) && number >= least && number <= most) return number;
    context.addIssue({ code: 'custom', message: 'not a whole number in range' });
    return z.NEVER;
  });
}

/** A part of the memory that this process may use: what is left is for everything else. */
function memoryPart(divisor: number): number {
  // 0 or undefined where nothing constrains the process; some systems report a huge number instead.
  const constrained = process.constrainedMemory() || Infinity;
  return Math.floor(Math.min(totalmem(), constrained) / divisor);
}

/** Every setting once: what it may be, what it is if nobody says, and what it means. */
const table: { readonly [Name in keyof Config]: Row<Config[Name]> } = {
  simulation: {
    ...flag,
    default: false,
    description: 'use a simulated TEE: for tests and trials, protects nothing',
  },
  anonymous: {
    ...flag,
    default: (simulation) => simulation,
    defaultText: 'true in simulation, else false',
    description: 'let anyone upload and run models',
  },
  isolation: {
    ...choice('sandboxed', 'separated', 'none'),
    default: (simulation) => (simulation ? 'none' : 'sandboxed'),
    defaultText: 'none in simulation, else sandboxed',
    description: 'the least isolation of models with which the server starts',
  },
  runnerUids: {
    ...uids,
    // Set aside for nobody (systemd.io/UIDS-GIDS), and low enough for the maps of most user namespaces.
    default: { first: 60_706, last: 61_183 },
    defaultText: '60706-61183',
    description: 'users for processes of models, one each, where the server may change users',
  },
  unattestedAddress: {
    ...address,
    default: '0.0.0.0',
    description: 'where evidence is served over plain HTTP',
  },
  unattestedPort: { ...port, default: 9923, description: 'port of plain HTTP' },
  attestedAddress: {
    ...address,
    default: '0.0.0.0',
    description: 'where models are run, over attested TLS',
  },
  attestedPort: { ...port, default: 9924, description: 'port of attested TLS' },
  managementAddress: {
    ...address,
    default: '127.0.0.1',
    description: 'where models are uploaded and deleted, over attested TLS',
  },
  managementPort: { ...port, default: 9925, description: 'port of management' },
  maxModelBytes: { ...bytes(1), default: limits.maxModelBytes, description: 'largest model' },
  maxRequestBytes: {
    ...bytes(1),
    default: limits.maxRequestBytes,
    description: 'largest request that is not an upload',
  },
  maxTensors: {
    ...count(1, limits.maxTensors),
    default: limits.maxTensors,
    description: 'most tensors in a request',
  },
  maxRank: {
    ...count(1, limits.maxRank),
    default: limits.maxRank,
    description: 'most dimensions of a tensor',
  },
  maxHeaderBytes: {
    ...bytes(1024),
    default: limits.maxHeaderBytes,
    description: 'largest head of a request',
  },
  maxReplyBytes: {
    ...bytes(1),
    default: limits.maxReplyBytes,
    description: 'most bytes of all outputs of a run',
  },
  maxModels: { ...count(1, 100_000), default: 64, description: 'most models held at once' },
  maxModelsBytes: {
    ...bytes(1),
    default: () => memoryPart(4),
    defaultText: "a quarter of the machine's memory",
    description: 'largest sum of all models held at once',
  },
  maxBufferedBytes: {
    ...bytes(1),
    default: GIB,
    description:
      'most bytes of all requests and replies together that are held at once, uploads apart',
  },
  maxConnections: {
    ...count(1, 1_000_000),
    default: 4096,
    description: 'most connections at once, for each port',
  },
  headersTimeoutMs: {
    ...milliseconds,
    default: limits.headersTimeoutMs,
    description: 'how long the head of a request may take',
  },
  idleTimeoutMs: {
    ...milliseconds,
    default: limits.idleTimeoutMs,
    description: 'how long a connection may say nothing',
  },
  requestTimeoutMs: {
    ...milliseconds,
    default: limits.requestTimeoutMs,
    description: 'how long a request other than an upload may take to arrive',
  },
  minUploadBytesPerSecond: {
    ...bytes(1),
    default: limits.minUploadBytesPerSecond,
    description: 'the slowest an upload may be, on average',
  },
  loadTimeoutMs: {
    ...milliseconds,
    default: limits.loadTimeoutMs,
    description: 'how long a model may load',
  },
  inferenceTimeoutMs: {
    ...milliseconds,
    default: limits.inferenceTimeoutMs,
    description: 'how long a model may run',
  },
  drainTimeoutMs: {
    ...milliseconds,
    default: limits.drainTimeoutMs,
    description: 'how long running requests may go on once the server is told to stop',
  },
  runnerMemoryBytes: {
    ...bytes(128 * MIB),
    default: 4 * GIB,
    description: 'memory of one runner process; a model takes two to four times its size',
  },
  maxRunnersBytes: {
    ...bytes(128 * MIB),
    default: () => memoryPart(2),
    defaultText: "half of the machine's memory",
    description: 'memory of all runner processes together; idle models give way beyond it',
  },
  spareRunners: {
    ...count(0, 1),
    default: 1,
    description: 'runner processes that are started ahead of the models that will need them',
  },
  cores: {
    ...count(1, 1024),
    default: availableParallelism,
    defaultText: 'all there are',
    description: 'cores that models compute on',
  },
  scheduling: {
    ...choice('auto', 'throughput', 'latency'),
    default: 'auto',
    description:
      'many processes of one thread for a model, or one of many; auto: what a short trial shows',
  },
  maxBatchRows: {
    ...count(1, 4096),
    default: 16,
    description: 'most rows of waiting runs that are computed as one, where that pays; 1 for none',
  },
  batchDelayMs: {
    schema: whole({ '': 1, ms: 1, s: 1000 }, 0, 10_000),
    hint: 'milliseconds, or a whole number with ms or s, at most 10 s',
    default: 0,
    description: 'how long a run waits for others to be computed with it; 0: only those there',
  },
  maxQueuedRuns: {
    ...count(1, 100_000),
    default: 64,
    description: 'most runs that wait for one model',
  },
  operatorDomains: {
    ...domains,
    default: [],
    defaultText: 'none',
    description: 'domains of operators that models may use besides the usual ones',
  },
  quotesPerMinute: {
    ...count(1, 1_000_000),
    default: 600,
    description: 'fresh evidence for one address, a minute',
  },
  maxQueuedQuotes: {
    ...count(1, 100_000),
    default: 64,
    description: 'most requests for fresh evidence that wait',
  },
  logLevel: {
    ...choice('error', 'warn', 'info', 'debug'),
    default: 'info',
    description: 'the least serious lines to write',
  },
  logFormat: {
    ...choice('auto', 'json', 'pretty'),
    default: 'auto',
    description: 'JSON lines or readable ones; auto: readable on a terminal',
  },
};

/** One setting, with the names under which each source knows it. */
export interface Setting {
  readonly name: keyof Config;
  /** Such as `--attested-port`. */
  readonly flag: string;
  /** Such as `BLINDAI_ATTESTED_PORT`. */
  readonly environment: string;
  /** In the settings file, such as `attested_port`. */
  readonly key: string;
  /** The default as text. */
  readonly default: string;
  /** What a value looks like, such as "an IP address". */
  readonly hint: string;
  /** Does the flag stand alone, without a value? */
  readonly isSwitch: boolean;
  readonly description: string;
}

/** All settings, in the order in which a help text lists them. */
export const settings: readonly Setting[] = Object.freeze(
  (Object.keys(table) as (keyof Config)[]).map((name) => {
    const row = table[name];
    const words = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return Object.freeze({
      name,
      flag: `--${words.replaceAll('_', '-')}`,
      environment: `BLINDAI_${words.toUpperCase()}`,
      key: words,
      default:
        row.defaultText ?? String((row.default as string | number | boolean | null) ?? 'off'),
      hint: row.hint,
      isSwitch: row.hint === flag.hint,
      description: row.description,
    });
  }),
);

/** Reads one value of a setting; undefined if it is not what the setting takes. */
export function parseSetting<Name extends keyof Config>(
  name: Name,
  value: unknown,
): Config[Name] | undefined {
  const parsed = table[name].schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** The value of a setting that no source gives. */
export function defaultOf(name: keyof Config, simulation: boolean): Config[keyof Config] {
  const row = table[name];
  return typeof row.default === 'function' ? row.default(simulation) : row.default;
}
