import { AttestationError, BlindAIError, ConnectionError } from '@blindai/client/node';
import { ServerError } from '@blindai/server/errors';

/**
 * What the command's exit status means (docs/command-line.md, "Exit codes"). The numbers of 64 and above are
 * those of sysexits.h.
 */
export const exitCodes = {
  done: 0,
  refusedByServer: 1,
  evidenceRefused: 2,
  usage: 64,
  file: 66,
  unreachable: 69,
  bug: 70,
} as const;

/** The user asked for something that cannot be: wrong option, wrong value, missing policy. */
export class UsageError extends Error {}

/** A file that cannot be opened, read or written, or exceeds its limit. */
export class FileError extends Error {}

/** Codes that say: nothing there answered as a server of ours does. */
const noServer: ReadonlySet<string> = new Set([
  'unreachable',
  'timeout',
  'connection-lost',
  'bad-transport',
  'bad-reply',
]);

/** The exit status that stands for an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof FileError) return exitCodes.file;
  if (error instanceof AttestationError) return exitCodes.evidenceRefused;
  if (error instanceof ServerError)
    return error.code === 'bad-setting' ? exitCodes.usage : exitCodes.refusedByServer;
  if (error instanceof BlindAIError) {
    if (error.code === 'bad-manifest') return exitCodes.evidenceRefused;
    if (error.code === 'unreadable') return exitCodes.file;
    if (error instanceof ConnectionError && noServer.has(error.code)) return exitCodes.unreachable;
    return exitCodes.refusedByServer;
  }
  return exitCodes.bug;
}
