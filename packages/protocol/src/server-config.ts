import { malformed } from './errors.ts';
import { limits } from './limits.ts';

/**
 * Every setting of the server on which security depends (trust.md, "config"). It is part of the keyset, so
 * evidence vouches for it, and a client demands of it what it needs.
 */
export interface ServerConfig {
  readonly tee: (typeof choices.tee)[number];
  /** What stands between a model and the keys (trust.md, "Isolation"). */
  readonly isolation: (typeof choices.isolation)[number];
  /** Whether anyone may upload and run. */
  readonly anonymous: boolean;
  readonly storage: (typeof choices.storage)[number];
  /** Who notices that an old disk was put back. */
  readonly stateFreshness: (typeof choices.stateFreshness)[number];
  readonly time: (typeof choices.time)[number];
  /** Hash of who may sign tokens, 32 bytes. */
  readonly issuers: Uint8Array | null;
  /** Of the server. */
  readonly version: string;
}

const choices = {
  tee: ['simulation', 'sgx', 'tdx', 'sev-snp', 'azure', 'nitro'],
  isolation: ['sandboxed', 'separated', 'none'],
  storage: ['none', 'sealed'],
  stateFreshness: ['none', 'broker'],
  time: ['host', 'broker'],
} as const;

/** Each member with its check; a reader refuses any member that is not here. */
const members: Readonly<Record<keyof ServerConfig, (value: unknown) => boolean>> = {
  tee: isOneOf(choices.tee),
  isolation: isOneOf(choices.isolation),
  anonymous: (value) => typeof value === 'boolean',
  storage: isOneOf(choices.storage),
  stateFreshness: isOneOf(choices.stateFreshness),
  time: isOneOf(choices.time),
  issuers: (value) => value === null || (value instanceof Uint8Array && value.length === 32),
  version: (value) => typeof value === 'string' && value.length <= limits.maxNameBytes,
};

/**
 * The config of a decoded keyset: exactly its members, each of its type.
 *
 * @throws {ProtocolError} `malformed`; the message names the member.
 */
export function parseServerConfig(decoded: unknown): ServerConfig {
  if (!(decoded instanceof Map)) throw malformed('config must be a map');
  const config = decoded as ReadonlyMap<unknown, unknown>;
  for (const [name, isValid] of Object.entries(members)) {
    if (!config.has(name)) throw malformed(`config must hold ${name}`);
    if (!isValid(config.get(name))) {
      throw malformed(`config must hold a known value of ${name}`);
    }
  }
  if (config.size !== Object.keys(members).length) {
    throw malformed('config must not hold an unknown member');
  }
  return Object.fromEntries(config);
}

function isOneOf(texts: readonly string[]): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && texts.includes(value);
}
