import { release } from 'node:os';
import type { Command } from 'commander';
import { formatIsolation } from '../print/isolation.ts';
import { type Context, json } from './context.ts';

interface IsolationFlags {
  readonly config?: string;
  readonly json?: boolean;
}

/** `blindai isolation`: tries to break out of a runner, as a server does at boot, and tells how it went. */
export function addIsolation(program: Command, context: Context): void {
  program
    .command('isolation')
    .description('find out how well models are kept apart on this machine, without a server')
    .option('--json', 'print one JSON object')
    .option('--config <file>', "the server's file of settings, TOML (BLINDAI_CONFIG)")
    .addHelpText(
      'after',
      `
Run it as the user, and in the container, that the server is to run in. The level is what a server started
there would attest; the settings runner_uids and runner_memory_bytes are taken as for blindai serve.

Examples:
  blindai isolation
  blindai isolation --json`,
    )
    .action(async (flags: IsolationFlags) => {
      const { findIsolation, loadConfig } = await import('@blindai/server');
      const config = await loadConfig({
        flags: { config: flags.config },
        environment: context.environment,
      });
      const { cage: _, ...found } = await findIsolation(config);
      const { arch, version } = process;
      if (flags.json === true) {
        context.out(json({ ...found, node: version, architecture: arch, kernel: release() }));
      } else {
        context.out(formatIsolation(found, context.paint));
      }
    });
}
