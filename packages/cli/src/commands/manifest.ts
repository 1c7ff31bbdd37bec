import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { formatLegacyManifest, formatManifest, ManifestError } from '@blindai/attestation';
import { loadManifest } from '@blindai/client';
import type { Command } from 'commander';
import { toHex } from '../connection-options.ts';
import { exitCodes } from '../exit-codes.ts';
import { maxFileBytes, readBounded } from '../input-files.ts';
import { describeManifest } from '../manifest/describe-manifest.ts';
import { formatManifestCheck } from '../print/manifest.ts';
import { parseTime } from '../time.ts';
import { type Context, json } from './context.ts';

/** `blindai manifest`: the manifest of this build, as a client of its simulated server would demand it. */
export function addManifest(program: Command, context: Context): void {
  const manifest = program
    .command('manifest')
    .enablePositionalOptions()
    .description('print the manifest of this build, for clients that are to accept it and no other')
    .option(
      '--legacy',
      "print the eight keys of BlindAI's own manifest, which its Python client reads",
    )
    .option('--json', 'print the measurement as one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  blindai manifest > manifest.toml\n  blindai manifest check manifest.toml',
    )
    .action(async (flags: { legacy?: boolean; json?: boolean }) => {
      const { measureBuild } = await import('@blindai/server');
      const build = { mrEnclave: toHex(await measureBuild()) };
      if (flags.json === true) context.out(json({ mr_enclave: build.mrEnclave }));
      else context.out(flags.legacy === true ? formatLegacyManifest(build) : formatManifest(build));
    });
  addCheck(manifest, context);
  addSchema(manifest, context);
}

/** `blindai manifest check FILE`: what a manifest accepts, and where that is less than the strict default. */
function addCheck(manifest: Command, context: Context): void {
  manifest
    .command('check')
    .description(
      'say in plain words what a manifest accepts, and what of it is weaker than the default',
    )
    .argument('<file>', 'the manifest')
    .option(
      '--at <time>',
      'judge what has ended at this moment, ISO 8601 (default: now)',
      parseTime,
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Exit status: 0 valid, 2 refused. What it prints as sha256 is what --manifest-sha256 and manifestSha256 take.

Example:
  blindai manifest check manifest.toml`,
    )
    .action(async (path: string, _: object, command: Command) => {
      const flags = command.optsWithGlobals<{ at?: Date; json?: boolean }>();
      const bytes = await readBounded(path, maxFileBytes.manifest);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      try {
        const description = describeManifest(await loadManifest(bytes), flags.at ?? new Date());
        context.out(
          flags.json === true
            ? json({ valid: true, sha256, ...description })
            : formatManifestCheck(description, sha256, context),
        );
      } catch (error) {
        if (!(error instanceof ManifestError)) throw error;
        const { key, message } = error;
        context.out(
          flags.json === true
            ? json({ valid: false, sha256, key, message })
            : `${context.paint('red', 'REFUSED')}: ${message}\n`,
        );
        context.exit(exitCodes.evidenceRefused);
      }
    });
}

/** `blindai manifest schema`: the JSON Schema by which editors complete and check a manifest. */
function addSchema(manifest: Command, context: Context): void {
  manifest
    .command('schema')
    .description('print the JSON Schema of manifests, for editors')
    .addHelpText('after', '\nExample:\n  blindai manifest schema > manifest.schema.json')
    .action(async () => {
      const file = import.meta.resolve('@blindai/attestation/manifest.schema.json');
      context.out(await readFile(fileURLToPath(file), 'utf8'));
    });
}
