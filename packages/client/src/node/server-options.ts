import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import {
  acceptBootEvidence,
  allowDebug,
  anyMeasurement,
  type Manifest,
} from '@blindai/attestation';
import type { CallOptions } from '../call-options.ts';
import { InputError } from '../errors.ts';
import { refuseUnknownOptions } from '../known-options.ts';
import { loadManifest } from '../manifest.ts';
import type { ServerPolicy, UnmatchedServerPolicy } from '../server-policy.ts';

/** What a client demands of a server, and how it finds it. */
export interface ServerOptions extends CallOptions {
  /** Default 9924. */
  readonly attestedPort?: number | undefined;
  /**
   * All that is accepted, as TOML (docs/write-a-manifest.md), or parsed. This or `manifestFile` is required, unless
   * `simulation` is true.
   */
  readonly manifest?: string | Uint8Array | Manifest | undefined;
  /** The path of a manifest. */
  readonly manifestFile?: string | undefined;
  /** SHA-256 that the manifest's bytes must have, hex. */
  readonly manifestSha256?: string | undefined;
  /** Accept simulated hardware instead of the real, which protects nothing. Default false. */
  readonly simulation?: boolean | undefined;
  /** For all of connecting. Default 30 000. */
  readonly timeoutMs?: number | undefined;
  /** The time at which evidence is judged, and at which it ends. Default: the clock. */
  readonly now?: (() => Date) | undefined;
  /** Weakening: accept an enclave whose memory the host can read. */
  readonly [allowDebug]?: true | undefined;
  /** Weakening: accept the quote made at boot, which answers no nonce and may be old. */
  readonly [acceptBootEvidence]?: true | undefined;
  readonly [anyMeasurement]?: undefined;
}

/** Options that compare with no manifest's entry: what is accepted is good for looking at only. */
export interface UnmatchedServerOptions extends Omit<ServerOptions, typeof anyMeasurement> {
  readonly [anyMeasurement]: true;
}

/** Every option of `connect` and `verifyServer`. */
const knownOptions = [
  'attestedPort',
  'managementPort',
  'unattestedPort',
  'manifest',
  'manifestFile',
  'manifestSha256',
  'simulation',
  'ownerToken',
  'timeoutMs',
  'signal',
  'now',
  allowDebug,
  acceptBootEvidence,
  anyMeasurement,
] as const;

/** How long connecting may take by default. */
export const connectTimeoutMs = 30_000;

/**
 * The host as the socket takes it.
 *
 * @throws {TypeError} for anything but a name or an address without a port.
 */
export function parseHost(host: string): string {
  const bare = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
  if (isIPv6(bare) || /^[\w.-]+$/.test(bare)) return bare;
  throw new TypeError('a host must be a name or an address, without a scheme or a port');
}

/** @throws {TypeError} for anything but a port's number. */
export function parsePort(name: string, port: number): number {
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new TypeError(`${name} must be a number from 1 to 65535`);
}

/**
 * The policy that options ask for.
 *
 * @throws {TypeError} for an unknown option, and when no manifest is given where one is required, or two.
 * @throws {ManifestError} for a manifest that is wrong, or is not the one that `manifestSha256` pins.
 * @throws {InputError} `unreadable` for a file that cannot be read.
 */
export async function readPolicy(options: ServerOptions): Promise<ServerPolicy>;
export async function readPolicy(
  options: ServerOptions | UnmatchedServerOptions,
): Promise<ServerPolicy | UnmatchedServerPolicy>;
export async function readPolicy(
  options: ServerOptions | UnmatchedServerOptions,
): Promise<ServerPolicy | UnmatchedServerPolicy> {
  refuseUnknownOptions(options, knownOptions);
  const manifest = await readManifest(options);
  const simulation = options.simulation === true;
  if (manifest === undefined && !simulation && options[anyMeasurement] !== true) {
    throw new TypeError(
      'a manifest is required: it says which measurement to accept. Pass manifest or manifestFile, or simulation: true',
    );
  }
  return {
    simulation,
    manifest,
    [allowDebug]: options[allowDebug],
    [acceptBootEvidence]: options[acceptBootEvidence],
    [anyMeasurement]: options[anyMeasurement],
  };
}

async function readManifest(
  options: ServerOptions | UnmatchedServerOptions,
): Promise<Manifest | undefined> {
  const { manifest, manifestFile, manifestSha256 } = options;
  if (manifest !== undefined && manifestFile !== undefined) {
    throw new TypeError('give either manifest or manifestFile');
  }
  const source = manifestFile === undefined ? manifest : await readManifestFile(manifestFile);
  if (source !== undefined) return await loadManifest(source, manifestSha256);
  if (manifestSha256 === undefined) return undefined;
  throw new TypeError('manifestSha256 pins a manifest: give it too');
}

async function readManifestFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError('unreadable', `the manifest cannot be read (${code})`, { cause: error });
  }
}
