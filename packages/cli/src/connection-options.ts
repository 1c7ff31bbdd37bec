import { isIPv6 } from 'node:net';
import { allowDebug, type ConnectOptions } from '@blindai/client/node';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from './exit-codes.ts';
import { maxFileBytes, readBounded } from './input-files.ts';

/** What every command that judges evidence can be told of its policy. */
export interface PolicyFlags {
  readonly manifest?: string;
  readonly manifestSha256?: string;
  readonly simulation?: boolean;
  readonly allowDebug?: boolean;
  readonly anyMeasurement?: boolean;
}

/** The same as the client takes it, the manifest read. */
export interface PolicyOptions {
  readonly manifest?: Uint8Array;
  readonly manifestSha256?: string;
  readonly simulation?: true;
  readonly [allowDebug]?: true;
}

/** What every command that talks to a server can be told. */
export interface ServerFlags extends PolicyFlags {
  readonly unattestedPort: number;
  readonly attestedPort: number;
  readonly managementPort: number;
  readonly timeout: number;
}

/** Adds the options of {@link PolicyFlags}; `anyMeasurement` only where no data is sent. */
export function addPolicyOptions(command: Command, options: { anyMeasurement: boolean }): Command {
  command
    .option('--manifest <file>', 'what is accepted: measurements, TCB, configuration (TOML)')
    .option(
      '--manifest-sha256 <hex>',
      'refuse the manifest unless its bytes hash to this',
      (text) => toHex(parseHex(32)(text)),
    )
    .option('--simulation', 'accept simulated hardware, which protects nothing')
    .option('--allow-debug', 'accept a workload whose memory its host can read');
  if (options.anyMeasurement)
    command.option('--any-measurement', 'judge the platform only: accept any code');
  return command;
}

/** Adds the options of {@link ServerFlags}. */
export function addServerOptions(command: Command, options: { anyMeasurement: boolean }): Command {
  addPolicyOptions(command, options);
  for (const [name, port] of [
    ['unattested', 9923],
    ['attested', 9924],
    ['management', 9925],
  ] as const)
    command.addOption(
      new Option(`--${name}-port <port>`, `the server's ${name} port`)
        .env(`BLINDAI_${name.toUpperCase()}_PORT`)
        .argParser(parsePort)
        .default(port),
    );
  return command.addOption(
    new Option('--timeout <seconds>', 'give up after this long')
      .argParser(parseSeconds)
      .default(60),
  );
}

/** What the client needs of the flags; reads the manifest. */
export async function connectOptions(flags: ServerFlags): Promise<ConnectOptions & PolicyOptions> {
  return {
    ...(await policyOptions(flags)),
    unattestedPort: flags.unattestedPort,
    attestedPort: flags.attestedPort,
    managementPort: flags.managementPort,
    timeoutMs: flags.timeout * 1000,
  };
}

/** The policy part of {@link connectOptions}. */
export async function policyOptions(flags: PolicyFlags): Promise<PolicyOptions> {
  if (flags.manifest === undefined && flags.simulation !== true && flags.anyMeasurement !== true)
    throw new UsageError(
      'nothing says what to accept: give --manifest FILE, or --simulation for simulated hardware',
    );
  if (flags.manifestSha256 !== undefined && flags.manifest === undefined)
    throw new UsageError('--manifest-sha256 pins a file: give --manifest FILE too');
  return {
    ...(flags.manifest === undefined
      ? {}
      : { manifest: await readBounded(flags.manifest, maxFileBytes.manifest) }),
    ...(flags.manifestSha256 === undefined ? {} : { manifestSha256: flags.manifestSha256 }),
    ...(flags.simulation === true ? { simulation: true as const } : {}),
    ...(flags.allowDebug === true ? { [allowDebug]: true as const } : {}),
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('expected a port from 1 to 65535.');
  return port;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400))
    throw new InvalidArgumentError('expected seconds, above 0 and at most 86400.');
  return seconds;
}

/** The argument that names a server. */
export function hostArgument(): Argument {
  return new Argument('<host>', 'the server: a name or an address').argParser((text: string) => {
    if (!/^[\w.-]+$/.test(text) && !isIPv6(text.replace(/^\[(.*)\]$/, '$1')))
      throw new InvalidArgumentError('expected a name or an address, without a scheme or a port.');
    return text;
  });
}

/** Bytes as lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Parses hex of an exact length. */
export function parseHex(bytes: number): (text: string) => Uint8Array {
  return (text) => {
    if (text.length !== bytes * 2 || !/^[0-9a-fA-F]*$/.test(text))
      throw new InvalidArgumentError(`expected ${bytes} bytes as ${bytes * 2} hex digits.`);
    return new Uint8Array(Buffer.from(text, 'hex'));
  };
}
