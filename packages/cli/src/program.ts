import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addCompletion } from './commands/completion.ts';
import type { Context } from './commands/context.ts';
import { addDelete } from './commands/delete.ts';
import { addEvidence } from './commands/evidence.ts';
import { addIsolation } from './commands/isolation.ts';
import { addManifest } from './commands/manifest.ts';
import { addModel } from './commands/model.ts';
import { addModels } from './commands/models.ts';
import { addRun } from './commands/run.ts';
import { addServe } from './commands/serve.ts';
import { addSimulator } from './commands/simulator.ts';
import { addUpload } from './commands/upload.ts';
import { addVerify } from './commands/verify.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';

/** Runs the command that the arguments name; resolves with the exit status (docs/command-line.md, "Exit codes"). */
export async function run(args: readonly string[], context: Context): Promise<number> {
  let status: number = exitCodes.done;
  const inside: Context = { ...context, exit: (wanted) => (status = wanted) };
  const program = new Command('blindai')
    .description('Confidential AI inference: prove the server before one byte leaves')
    .version(version(), '--version')
    .exitOverride()
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .showHelpAfterError('(--help tells more)');
  for (const add of [
    addServe,
    addIsolation,
    addVerify,
    addUpload,
    addRun,
    addModels,
    addModel,
    addDelete,
    addManifest,
    addEvidence,
    addSimulator,
    addCompletion,
  ])
    add(program, inside);
  inheritSettings(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const code = exitCodeOf(error);
    context.err(`blindai: ${describe(error, code)}\n`);
    return code;
  }
}

/** Subcommands of subcommands take over how the program ends and prints, whenever they were added. */
function inheritSettings(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inheritSettings(child);
  }
}

function describe(error: unknown, code: number): string {
  if (!(error instanceof Error)) return 'something that is not an error was thrown: this is a bug';
  const name = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  if (code !== exitCodes.bug) return `${name}${error.message}`;
  return `${error.name}: ${error.message}\nThis is a bug of BlindAI: please report it, with what led to it.\n${error.stack ?? ''}`;
}

function version(): string {
  const manifest = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as {
    version: string;
  };
  return manifest.version;
}
