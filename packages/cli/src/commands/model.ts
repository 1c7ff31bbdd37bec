import { connect } from '@blindai/client/node';
import type { Command } from 'commander';
import {
  addServerOptions,
  connectOptions,
  hostArgument,
  type ServerFlags,
} from '../connection-options.ts';
import { loadOwnerToken } from '../owner-token-store.ts';
import { formatModel } from '../print/models.ts';
import { type Context, json } from './context.ts';
import { addModelCheck } from './model-check.ts';
import { addTokenOption } from './model-options.ts';

interface ModelFlags extends ServerFlags {
  readonly ownerTokenFile: string;
  readonly json?: boolean;
}

/** `blindai model HOST MODEL_ID`: what a model takes and gives, and whether it can be run; `check` needs no server. */
export function addModel(program: Command, context: Context): void {
  const command = program
    .command('model')
    .enablePositionalOptions()
    .helpCommand(false)
    .description('verify a server, then tell what a model on it takes and gives')
    .addArgument(hostArgument())
    .argument('<model-id>', 'the id that upload printed, or the name of a model')
    .option('--json', 'print one JSON object');
  addModelCheck(command, context);
  addTokenOption(command, context);
  addServerOptions(command, { anyMeasurement: false });
  command.addHelpText(
    'after',
    `
Prints the inputs and outputs with their names, datatypes and shapes, and the model's hash and state:
  ready        runs are taken
  loading      its process is being started; runs wait for it
  quarantined  it crashed three times in a row: runs are refused until it is deleted and uploaded again
In a shape ? is a dimension that is free, in JSON it is -1. A name is looked for among your own models, then
among those that were uploaded without an owner token; if several have it, use an id.
Of a host that is called check, give the address.

Examples:
  blindai model localhost MODEL_ID --simulation
  blindai model localhost chest-xray --simulation
  blindai model enclave.example.org MODEL_ID --manifest manifest.toml --json
  blindai model check chest-xray.onnx`,
  );
  command.action(async (host: string, modelId: string, flags: ModelFlags) => {
    const ownerToken = await loadOwnerToken(flags.ownerTokenFile, { create: false });
    await using client = await connect(host, {
      ...(await connectOptions(flags)),
      ...(ownerToken === null ? {} : { ownerToken }),
    });
    const model = await client.describeModel(modelId, { timeoutMs: flags.timeout * 1000 });
    context.out(flags.json === true ? json(model) : formatModel(model, context.paint));
  });
}
