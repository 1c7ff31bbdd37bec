import { connect, type TensorInput } from '@blindai/client/node';
import type { Command } from 'commander';
import {
  addServerOptions,
  connectOptions,
  hostArgument,
  type ServerFlags,
} from '../connection-options.ts';
import { UsageError } from '../exit-codes.ts';
import { maxFileBytes, readBounded } from '../input-files.ts';
import { formatTensor, tensorToJson } from '../print/tensors.ts';
import { type Context, json } from './context.ts';

interface RunFlags extends ServerFlags {
  readonly input: string;
  readonly json?: boolean;
}

/** `blindai run HOST MODEL --input FILE`: proves the server, then runs a model on inputs from a JSON file. */
export function addRun(program: Command, context: Context): void {
  const command = program
    .command('run')
    .description('verify a server, then run a model on it')
    .addArgument(hostArgument())
    .argument('<model>', 'a model id, or sha256:HEX for the hash of a model')
    .requiredOption('--input <file>', 'the inputs as JSON, see below')
    .option('--json', 'print one JSON object');
  addServerOptions(command, { anyMeasurement: false });
  command.addHelpText(
    'after',
    `
The inputs are an object of tensors by name, or an array of them in the model's order. A tensor is
{"datatype": "FP32", "data": [[1, 2], [3, 4]]}, or with a flat "data" and a "shape"; bare nested arrays are FP32.
Datatypes: FP32 FP64 INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 BOOL.

Examples:
  blindai run localhost MODEL_ID --simulation --input patient.json
  blindai run enclave.example.org sha256:HEX --manifest manifest.toml --input patient.json --json`,
  );
  command.action(async (host: string, model: string, flags: RunFlags) => {
    const inputs = parseInputs(await readBounded(flags.input, maxFileBytes.inputs));
    await using client = await connect(host, await connectOptions(flags));
    const target = model.startsWith('sha256:') ? { hash: model.slice('sha256:'.length) } : model;
    const { outputs } = await client.runModel(target, inputs, { timeoutMs: flags.timeout * 1000 });
    if (flags.json === true) context.out(json({ outputs: outputs.map(tensorToJson) }));
    else for (const output of outputs) context.out(`${formatTensor(output)}\n`);
  });
}

/** Inputs of a run as a JSON text: tensors by name, or in order. */
export function parseInputs(text: Uint8Array): Record<string, TensorInput> | TensorInput[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch {
    throw new UsageError('the inputs are not JSON in UTF-8');
  }
  if (typeof value !== 'object' || value === null)
    throw new UsageError(
      'the inputs are neither an object of tensors by name nor an array of them',
    );
  if (Array.isArray(value)) return value.map((each, index) => parseTensor(each, `input ${index}`));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      parseTensor(each, `input ${JSON.stringify(name)}`),
    ]),
  );
}

function parseTensor(value: unknown, where: string): TensorInput {
  if (Array.isArray(value)) return { data: value, datatype: 'FP32' };
  if (
    typeof value !== 'object' ||
    value === null ||
    !('data' in value) ||
    !Array.isArray(value.data)
  )
    throw new UsageError(`${where} is neither nested arrays nor {"datatype", "data", "shape"?}`);
  const unknown = Object.keys(value).find((key) => !['data', 'datatype', 'shape'].includes(key));
  if (unknown !== undefined)
    throw new UsageError(`${where} has the unknown member ${JSON.stringify(unknown)}`);
  return { datatype: 'FP32', ...value } as TensorInput;
}
