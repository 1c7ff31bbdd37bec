import { url as inspectorUrl } from 'node:inspector';
import { ServerError } from './errors.ts';
import type { Log } from './log.ts';

/** `--inspect`, `--inspect-brk`, `--inspect=…`, and Node's older spellings of the same. */
const opensInspector = /(?:^|[\s"'])--(?:inspect|debug)/;

/**
 * Refuses to run where a debugger may look into the server: whoever can attach one reads keys and data.
 *
 * @throws {ServerError} `debugger`.
 */
export function refuseDebugger(
  execArgv: readonly string[] = process.execArgv,
  nodeOptions: string = process.env['NODE_OPTIONS'] ?? '',
): void {
  const source = execArgv.some((argument) => opensInspector.test(argument))
    ? 'the arguments of node'
    : opensInspector.test(nodeOptions)
      ? 'NODE_OPTIONS'
      : inspectorUrl() !== undefined
        ? 'an inspector that already listens'
        : null;
  if (source === null) return;
  throw new ServerError('debugger', `a debugger could read keys and data: found ${source}`);
}

/** Handles SIGUSR1, at which Node would open its inspector. Returns how to stop handling it. */
export function refuseInspectorSignal(log: Log): () => void {
  const refuse = (): void => log.warn({ event: 'inspector-refused', signal: 'SIGUSR1' });
  process.on('SIGUSR1', refuse);
  return () => process.off('SIGUSR1', refuse);
}
