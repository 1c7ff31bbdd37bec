import { measureBuild } from '@blindai/server';
import { formatLegacyManifest, formatManifest } from '@blindai/attestation';
import type { Command } from 'commander';
import { toHex } from '../connection-options.ts';
import { type Context, json } from './context.ts';

/** `blindai manifest`: the manifest of this build, as a client of its simulated server would demand it. */
export function addManifest(program: Command, context: Context): void {
  program
    .command('manifest')
    .description('print the manifest of this build, for clients that are to accept it and no other')
    .option(
      '--legacy',
      "print the eight keys of BlindAI's own manifest, which its Python client reads",
    )
    .option('--json', 'print the measurement as one JSON object')
    .addHelpText('after', '\nExample:\n  blindai manifest > manifest.toml')
    .action(async (flags: { legacy?: boolean; json?: boolean }) => {
      const build = { mrEnclave: toHex(await measureBuild()) };
      if (flags.json === true) context.out(json({ mr_enclave: build.mrEnclave }));
      else context.out(flags.legacy === true ? formatLegacyManifest(build) : formatManifest(build));
    });
}
