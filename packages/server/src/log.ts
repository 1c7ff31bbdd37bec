import { destination, pino, stdTimeFunctions, type DestinationStream } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config.ts';
import type { Surface } from './surface.ts';

/** Everything that can happen, as far as a log is concerned: an event is one of these, never a sentence. */
export const logEvents = [
  'server-ready',
  'server-draining',
  'server-closed',
  'server-crashed',
  'inspector-refused',
  'request',
  'request-failed',
  'runner-started',
  'runner-ended',
  'runner-crashed',
  'model-planned',
  'model-quarantined',
  'call-denied',
  'probe-reached',
] as const;

/**
 * What happened, as far as a log is concerned.
 *
 * @useDeclaredType
 */
export type LogEvent = (typeof logEvents)[number];

/**
 * All that a log line may say. No bodies, names, hashes of inputs, addresses, ids or tokens: a new field is
 * added here, with a reason why it tells nothing about anyone's content.
 */
export interface LogFields {
  readonly event: LogEvent;
  readonly surface?: Surface;
  /** The route as declared, such as `POST /run`, never the path that was asked for. */
  readonly route?: string;
  readonly status?: number;
  /** Stable code of an error. */
  readonly code?: string;
  readonly durationMs?: number;
  /** Bytes of a request's body, or of a model. */
  readonly bytes?: number;
  readonly replyBytes?: number;
  /** First 8 bytes of SHA-256("ref" ‖ model id) in hex: names a model without letting anyone use it. */
  readonly modelRef?: string;
  /** Process id of a runner. */
  readonly runner?: number;
  /** Name and number of a system call that a runner was refused: the first few of each runner. */
  readonly call?: string;
  readonly callNumber?: number;
  /** An attempt to break out, made at boot, that was not stopped. */
  readonly probe?: string;
  readonly exitCode?: number;
  readonly signal?: string;
  /** How many times in a row, or how many there are. */
  readonly count?: number;
  /** How a model's runs are spread: threads, processes at most, and rows that are computed as one. */
  readonly threads?: number;
  readonly runners?: number;
  readonly rows?: number;
  readonly tee?: string;
  readonly isolation?: string;
  readonly measurement?: string;
  readonly version?: string;
  readonly unattestedPort?: number;
  readonly attestedPort?: number;
  readonly managementPort?: number;
  /** Class of an unexpected error, such as `TypeError`; never its message. */
  readonly errorName?: string;
  /** Where an unexpected error was thrown, as `file.js:line:column` of the program. */
  readonly thrownAt?: string;
}

const count = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const text =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === 'string' && pattern.test(value);
const word: (value: unknown) => boolean = text(/^[a-z0-9][a-z0-9.-]{0,39}$/);

/** What each field may look like: the type keeps mistakes out, this keeps out what slipped past the type. */
const allowed: { readonly [Name in keyof Required<LogFields>]: (value: unknown) => boolean } = {
  event: (value) => logEvents.includes(value as LogEvent),
  surface: word,
  route: text(/^[A-Z]{3,7} \/[a-z0-9/:{}_-]{0,80}$/),
  status: count,
  code: word,
  durationMs: count,
  bytes: count,
  replyBytes: count,
  modelRef: text(/^[0-9a-f]{16}$/),
  runner: count,
  call: text(/^[a-z_][a-z0-9_]{0,39}$/),
  callNumber: count,
  probe: word,
  exitCode: count,
  signal: text(/^SIG[A-Z0-9]{1,8}$/),
  count,
  threads: count,
  runners: count,
  rows: count,
  tee: word,
  isolation: word,
  measurement: text(/^[0-9a-f]{64,96}$/),
  version: word,
  unattestedPort: count,
  attestedPort: count,
  managementPort: count,
  errorName: text(/^[A-Za-z]{1,40}$/),
  thrownAt: text(/^[\w.-]{1,60}:\d{1,6}:\d{1,6}$/),
};

/** Writes one line for each call, with the fields of {@link LogFields} and no others. Never throws. */
export interface Log {
  /** What the operator must look at. */
  readonly error: (fields: LogFields) => void;
  /** What may need a look, such as a model that crashed. */
  readonly warn: (fields: LogFields) => void;
  /** What happens all the time. */
  readonly info: (fields: LogFields) => void;
  /** What helps to find a fault. */
  readonly debug: (fields: LogFields) => void;
}

/**
 * Makes the server's only logger: JSON lines, or coloured ones on a terminal, written to stderr at once.
 * In simulation every line says so.
 */
export function createLog(
  config: Pick<Config, 'simulation' | 'logLevel' | 'logFormat'>,
  sink: DestinationStream = destination({ dest: 2, sync: true }),
): Log {
  const isReadable =
    config.logFormat === 'pretty' || (config.logFormat === 'auto' && process.stderr.isTTY);
  const logger = pino(
    {
      level: config.logLevel,
      messageKey: 'event',
      base: config.simulation ? { simulation: 'protects nothing' } : {},
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    isReadable ? readable(sink) : sink,
  );
  return {
    error: (fields) => logger.error(keepAllowed(fields)),
    warn: (fields) => logger.warn(keepAllowed(fields)),
    info: (fields) => logger.info(keepAllowed(fields)),
    debug: (fields) => logger.debug(keepAllowed(fields)),
  };
}

/** Turns lines into readable ones on their way; the library's own streams would write them later. */
function readable(sink: DestinationStream): DestinationStream {
  const prettify = pretty.prettyFactory({
    messageKey: 'event',
    colorize: process.stderr.isTTY && process.stderr.hasColors(),
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return { write: (line) => sink.write(prettify(line)) };
}

/** Copies the fields that the table knows; a value that does not look as it should is named, not shown. */
function keepAllowed(fields: LogFields): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const isAllowed = Object.hasOwn(allowed, name) ? allowed[name as keyof LogFields] : undefined;
    if (isAllowed === undefined || value === undefined) continue;
    kept[name] = isAllowed(value) ? value : '(withheld)';
  }
  return kept;
}

/** What may be logged of an unexpected error: its class, code and place, but not its message. */
export function describeError(error: unknown): Pick<LogFields, 'errorName' | 'code' | 'thrownAt'> {
  if (!(error instanceof Error)) return { errorName: typeof error };
  const code = (error as { code?: unknown }).code;
  const place = placeOf(error);
  return {
    errorName: error.constructor.name,
    ...(typeof code === 'string' && { code: code.toLowerCase().replaceAll('_', '-') }),
    ...(place !== undefined && { thrownAt: place }),
  };
}

/** The first frame of a stack, which begins with the message: that is cut off, or nothing is told. */
function placeOf({ stack = '', message }: Error): string | undefined {
  const at = stack.indexOf(message);
  if (at < 0) return undefined;
  return /^ {4}at .*?([\w.-]+:\d+:\d+)\)?$/m.exec(stack.slice(at + message.length))?.[1];
}
