import { basename } from 'node:path';
import { connect } from '@blindai/client/node';
import { Option, type Command } from 'commander';
import {
  addServerOptions,
  connectOptions,
  hostArgument,
  type ServerFlags,
} from '../connection-options.ts';
import { loadOwnerToken } from '../owner-token-store.ts';
import { addTokenOption, requireReadable } from './model-options.ts';
import { progressBar } from '../print/progress.ts';
import { type Context, json } from './context.ts';

interface UploadFlags extends ServerFlags {
  readonly name?: string;
  readonly optimize: boolean;
  readonly runner: 'shared' | 'per-caller';
  readonly batchAcrossCallers?: boolean;
  readonly ownerTokenFile: string;
  readonly showToken?: boolean;
  readonly json?: boolean;
}

/** `blindai upload HOST MODEL`: proves the server, then sends it a model; prints the model's id. */
export function addUpload(program: Command, context: Context): void {
  const command = program
    .command('upload')
    .description('verify a server, then upload an ONNX model to it')
    .addArgument(hostArgument())
    .argument('<model>', 'an ONNX file')
    .option('--name <name>', "the model's name (default: the file's)")
    .option('--no-optimize', 'load the model without graph optimisation')
    .addOption(
      new Option(
        '--runner <kind>',
        'per-caller: a process of its own for each run, ended afterwards',
      )
        .choices(['shared', 'per-caller'])
        .default('shared'),
    )
    .option('--batch-across-callers', 'let runs of different callers be computed as one')
    .option('--show-token', 'print the owner token too')
    .option('--json', 'print one JSON object');
  addTokenOption(command, context);
  addServerOptions(command, { anyMeasurement: false });
  command.addHelpText(
    'after',
    `
The owner token, without which nobody can delete the model, is kept in a file that only you may read.

Examples:
  blindai upload localhost chest-xray.onnx --simulation
  blindai upload enclave.example.org chest-xray.onnx --manifest manifest.toml --name chest-xray`,
  );
  command.action(async (host: string, model: string, flags: UploadFlags) => {
    await requireReadable(model);
    const ownerToken = (await loadOwnerToken(flags.ownerTokenFile, { create: true }))!;
    const bar = progressBar(context.terminal, 'uploading');
    await using client = await connect(host, { ...(await connectOptions(flags)), ownerToken });
    try {
      const { modelId, modelHash } = await client.uploadModel(model, {
        name: flags.name ?? basename(model),
        optimize: flags.optimize,
        runner: flags.runner,
        batchAcrossCallers: flags.batchAcrossCallers === true,
        timeoutMs: flags.timeout * 1000,
        onProgress: ({ sentBytes, totalBytes }) => bar.update(sentBytes, totalBytes),
      });
      bar.end();
      const token = flags.showToken === true ? { ownerToken } : {};
      if (flags.json === true) context.out(json({ modelId, modelHash, ...token }));
      else {
        context.out(`${modelId}\n`);
        context.err(`model hash   ${modelHash}\nowner token  in ${flags.ownerTokenFile}\n`);
        if (flags.showToken === true) context.out(`${ownerToken}\n`);
      }
    } finally {
      bar.end();
    }
  });
}
