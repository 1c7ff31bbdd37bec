import { connect } from '@blindai/client/node';
import type { Command } from 'commander';
import {
  addServerOptions,
  connectOptions,
  hostArgument,
  type ServerFlags,
} from '../connection-options.ts';
import { FileError } from '../exit-codes.ts';
import { loadOwnerToken } from '../owner-token-store.ts';
import { formatModels } from '../print/models.ts';
import { type Context, json } from './context.ts';
import { addTokenOption } from './model-options.ts';

interface ModelsFlags extends ServerFlags {
  readonly ownerTokenFile: string;
  readonly json?: boolean;
}

/** `blindai models HOST`: lists the models of the owner whose token is kept here. */
export function addModels(program: Command, context: Context): void {
  const command = program
    .command('models')
    .description('verify a server, then list the models of yours on it')
    .addArgument(hostArgument())
    .option('--json', 'print one JSON object');
  addTokenOption(command, context);
  addServerOptions(command, { anyMeasurement: false });
  command.addHelpText(
    'after',
    `
Yours is what was uploaded with your owner token. The ids that are printed are secrets: on an anonymous server
whoever has one may run the model.

Examples:
  blindai models localhost --simulation
  blindai models enclave.example.org --manifest manifest.toml --json`,
  );
  command.action(async (host: string, flags: ModelsFlags) => {
    const ownerToken = await loadOwnerToken(flags.ownerTokenFile, { create: false });
    if (ownerToken === null)
      throw new FileError(
        `there is no owner token in ${flags.ownerTokenFile}: blindai upload makes one, ` +
          'or name the file that holds yours with --owner-token-file',
      );
    await using client = await connect(host, { ...(await connectOptions(flags)), ownerToken });
    const models = await client.listModels({ timeoutMs: flags.timeout * 1000 });
    if (flags.json === true) context.out(json({ models }));
    else if (models.length > 0) context.out(formatModels(models, context.paint));
    else context.err('there are no models of yours\n');
  });
}
