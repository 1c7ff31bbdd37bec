import { measureBuild } from '@blindai/server';
import { formatManifest } from '@blindai/attestation';
import type { Command } from 'commander';
import { toHex } from '../connection-options.ts';
import { type Context, json } from './context.ts';

/** `blindai manifest`: the manifest of this build, as a client of its simulated server would demand it. */
export function addManifest(program: Command, context: Context): void {
  program
    .command('manifest')
    .description('print the manifest of this build, for clients that are to accept it and no other')
    .option('--json', 'print the measurement as one JSON object')
    .addHelpText('after', '\nExample:\n  blindai manifest > manifest.toml')
    .action(async (flags: { json?: boolean }) => {
      const measurement = toHex(await measureBuild());
      context.out(
        flags.json === true
          ? json({ mr_enclave: measurement })
          : formatManifest({ mrEnclave: measurement }),
      );
    });
}
