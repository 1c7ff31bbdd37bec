import { open, type FileHandle } from 'node:fs/promises';
import { limits } from '@blindai/protocol';
import type { InspectionOptions, ModelCheck } from '@blindai/server';
import type { Command } from 'commander';
import { exitCodes, FileError } from '../exit-codes.ts';
import { reasonOf } from '../input-files.ts';
import { formatModelCheck } from '../print/model-check.ts';
import { type Context, json } from './context.ts';

interface CheckFlags {
  readonly operatorDomains?: readonly string[];
  readonly json?: boolean;
}

/** `blindai model check FILE`: whether a server would hand a model on to its engine. */
export function addModelCheck(model: Command, context: Context): void {
  model
    .command('check')
    .description('look a model through as a server does before it loads it, without a server')
    .argument('<file>', 'the model')
    .option(
      '--operator-domains <names>',
      'further domains of operators that the server takes, with commas between',
      (text) => text.split(',').map((name) => name.trim()),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Looks at the format, versions, operators, sizes of constants, and that nothing lies in other files. What is
accepted here can still be refused by the engine, or prove too large or too slow to load.

Exit status: 0 accepted, 1 refused, as a server would.

Example:
  blindai model check chest-xray.onnx`,
    )
    .action(async (path: string, _: object, command: Command) => {
      const flags = command.optsWithGlobals<CheckFlags>();
      const found = await checkFile(path, { operatorDomains: flags.operatorDomains ?? [] });
      context.out(flags.json === true ? json(found) : formatModelCheck(found, context.paint));
      if (!found.accepted) context.exit(exitCodes.refusedByServer);
    });
}

async function checkFile(path: string, options: InspectionOptions): Promise<ModelCheck> {
  const { checkModel } = await import('@blindai/server');
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const stats = await file.stat();
    if (!stats.isFile()) throw new FileError(`${path} is no file`);
    if (stats.size > limits.maxModelBytes) {
      throw new FileError(`${path} holds more than ${limits.maxModelBytes} bytes`);
    }
    return checkModel(file.fd, stats.size, options);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new FileError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  } finally {
    await file?.close();
  }
}
