import { connect } from '@blindai/client/node';
import type { Command } from 'commander';
import {
  addServerOptions,
  connectOptions,
  hostArgument,
  type ServerFlags,
} from '../connection-options.ts';
import { loadOwnerToken } from '../owner-token-store.ts';
import { type Context, json } from './context.ts';
import { addTokenOption } from './model-options.ts';

interface DeleteFlags extends ServerFlags {
  readonly ownerTokenFile: string;
  readonly json?: boolean;
}

/** `blindai delete HOST MODEL_ID`: takes a model back. */
export function addDelete(program: Command, context: Context): void {
  const command = program
    .command('delete')
    .description('verify a server, then delete a model of yours from it')
    .addArgument(hostArgument())
    .argument('<model-id>', 'the id that upload printed')
    .option('--json', 'print one JSON object');
  addTokenOption(command, context);
  addServerOptions(command, { anyMeasurement: false });
  command.addHelpText('after', '\nExample:\n  blindai delete localhost MODEL_ID --simulation');
  command.action(async (host: string, modelId: string, flags: DeleteFlags) => {
    const ownerToken = await loadOwnerToken(flags.ownerTokenFile, { create: false });
    await using client = await connect(host, {
      ...(await connectOptions(flags)),
      ...(ownerToken === null ? {} : { ownerToken }),
    });
    await client.deleteModel(modelId, { timeoutMs: flags.timeout * 1000 });
    if (flags.json === true) context.out(json({ deleted: modelId }));
    else context.err('deleted\n');
  });
}
