import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type BlindAIClient } from '@blindai/client/node';
import { errorStatuses, isErrorCode } from '@blindai/protocol';
import type { Served } from './served.ts';
import type { Tally } from './tally.ts';

/** What every lane of a soak has to do with. */
export interface Target {
  readonly server: Served;
  readonly tally: Tally;
  /** The part of the time in which lanes do something, above 0 and up to 1. */
  readonly share: number;
  /** True when all lanes are to come to an end. */
  readonly isOver: () => boolean;
}

/** Does one thing to a server again and again, until it is over. */
export type Lane = (target: Target) => Promise<void>;

/** Well before a server closes a connection that nobody uses. */
const longestPauseMs = 20_000;

/** Does something, and then nothing for as long as the target's share of the time asks for. */
export async function paced<Result>(
  { share, isOver }: Target,
  act: () => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  try {
    return await act();
  } finally {
    const pauseMs = Math.min((performance.now() - startedAt) * (1 / share - 1), longestPauseMs);
    if (pauseMs > 0 && !isOver()) await sleep(pauseMs);
  }
}

/** A client with connections of its own. Default: with an owner token of its own, too. */
export async function openClient({ ports }: Served, ownerToken?: string): Promise<BlindAIClient> {
  return connect('127.0.0.1', {
    simulation: true,
    ownerToken,
    unattestedPort: ports.unattested,
    attestedPort: ports.attested,
    managementPort: ports.management,
  });
}

/** The code that an error of the client has; its class where it has none. */
export function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : (error as Error).constructor.name;
}

/** The status that a code came with; null for what no server sent. */
export function statusOf(code: string): number | null {
  if (/^\d{3}$/.test(code)) return Number(code);
  return isErrorCode(code) ? errorStatuses[code] : null;
}
