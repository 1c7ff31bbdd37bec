import type { ReadyInfo } from '@blindai/server';
import { settings } from '@blindai/server/settings';
import type { Command } from 'commander';
import { type Context, json } from './context.ts';

/**
 * `blindai serve`: starts the server and runs it until it is told to stop. The server is loaded only then, since
 * that takes longer than most commands.
 */
export function addServe(program: Command, context: Context): void {
  const command = program
    .command('serve')
    .description('start the inference server')
    .option('--json', 'print the ready line as one JSON object on stdout')
    .option('--config <file>', 'a file of settings, TOML (BLINDAI_CONFIG)');
  for (const setting of settings)
    command.option(
      setting.isSwitch ? setting.flag : `${setting.flag} <value>`,
      `${setting.description} (${setting.isSwitch ? '' : `${setting.hint}; `}${setting.environment}; default ${setting.default})`,
    );
  command.addHelpText(
    'after',
    `
A setting is taken from its flag, else from its environment variable, else from the file of --config (TOML),
else it has its default. A wrong or unknown setting refuses the start.

Examples:
  blindai serve --simulation
  blindai serve --simulation --attested-port 19924 --log-level debug
  blindai serve --config /etc/blindai.toml`,
  );
  command.action(async (flags: Record<string, string | boolean | undefined>) => {
    const { json: asJson, ...given } = flags;
    const { loadConfig, runUntilSignal, startServer } = await import('@blindai/server');
    const config = await loadConfig({ flags: given, environment: context.environment });
    const server = await startServer(config);
    const stopped = runUntilSignal(server); // before the ready line: whoever reads that may send a signal
    context.out(
      asJson === true ? json({ event: 'ready', ...server.ready }) : describe(server.ready),
    );
    await stopped;
  });
}

function describe(ready: ReadyInfo): string {
  const addresses = Object.entries(ready.addresses)
    .filter(([, address]) => address !== null)
    .map(([name, address]) => `${name} ${address}`)
    .join(', ');
  const simulation = ready.simulation ? ' SIMULATION: protects nothing.' : '';
  return `BlindAI ${ready.version} is ready: ${addresses}; TEE ${ready.tee}, measurement ${ready.measurement}, isolation ${ready.isolation}.${simulation}\n`;
}
