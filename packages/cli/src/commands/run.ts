import { connect, type Tensor } from '@blindai/client/node';
import { type Command, Option } from 'commander';
import {
  addServerOptions,
  connectOptions,
  hostArgument,
  type ServerFlags,
} from '../connection-options.ts';
import { type InputArgument, parseInputArgument } from '../inputs/input-argument.ts';
import { addPictureOptions } from '../inputs/picture-options.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import { parseOutputPath, writeOutputs } from '../outputs/write-outputs.ts';
import { formatTensor, tensorToJson } from '../print/tensors.ts';
import { type Context, json } from './context.ts';

interface RunFlags extends ServerFlags {
  readonly input: readonly InputArgument[];
  readonly output?: string;
  readonly json?: boolean;
}

/** `blindai run HOST MODEL --input FILE`: proves the server, then runs a model on inputs from files. */
export function addRun(program: Command, context: Context): void {
  const command = program
    .command('run')
    .description('verify a server, then run a model on it')
    .addArgument(hostArgument())
    .argument('<model>', 'a model id, or sha256:HEX for the hash of a model')
    .addOption(
      new Option('--input <[name=]file>', 'an input, see below; once for each')
        .argParser((text, before: readonly InputArgument[] | undefined) => [
          ...(before ?? []),
          parseInputArgument(text),
        ])
        .makeOptionMandatory(),
    )
    .option('--output <file>', 'write the outputs to FILE.npy or FILE.npz', parseOutputPath)
    .option('--json', 'print one JSON object');
  const pictures = addPictureOptions(command);
  addServerOptions(command, { anyMeasurement: false });
  command.addHelpText('after', `\n${help}`);
  command.action(async (host: string, model: string, flags: RunFlags) => {
    const inputs = await readInputs(flags.input, pictures());
    await using client = await connect(host, await connectOptions(flags));
    const target = model.startsWith('sha256:') ? { hash: model.slice('sha256:'.length) } : model;
    const { outputs } = await client.runModel(target, inputs, { timeoutMs: flags.timeout * 1000 });
    if (flags.output !== undefined) {
      await writeOutputs(flags.output, outputs);
      printWritten(flags.output, outputs, flags.json === true, context);
    } else if (flags.json === true) context.out(json({ outputs: outputs.map(tensorToJson) }));
    else for (const output of outputs) context.out(`${formatTensor(output)}\n`);
  });
}

function printWritten(
  written: string,
  outputs: readonly Tensor[],
  asJson: boolean,
  context: Context,
): void {
  const described = outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
  if (asJson) context.out(json({ written, outputs: described }));
  else
    context.err(
      `wrote ${written}: ${described
        .map(({ name, datatype, shape }) => `${name || 'output'} ${datatype} [${shape.join(', ')}]`)
        .join('; ')}\n`,
    );
}

const help = `Inputs: [NAME=]FILE[:DATATYPE[:SHAPE]]. Without names they go to the model in their order.
What a file holds is told by its first bytes:
  JSON    an object of tensors by name, an array of them in order, or with NAME= one tensor. A tensor is
          {"datatype": "FP32", "data": [[1, 2], [3, 4]]}, or with a flat "data" and a "shape"; bare nested
          arrays are FP32.
  .npy    an array that NumPy saved
  .npz    several, by name as in numpy.savez(file, name=array), or in order as in numpy.savez(file, array)
  PNG, JPEG
          a picture, as a batch of one: FP32, or with :DATATYPE FP64, UINT8 or INT8. First it is made grey if
          --channels says so, then --crop and --resize in the order in which they are given, as often as they
          are, then (sample * scale - mean) / std. Transparency is dropped.
  bare elements, little-endian and row-major
          with :DATATYPE:SHAPE, the dimensions separated by commas
Datatypes: FP32 FP64 INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 BOOL.

Crops: square (the largest, central), WxH (central), WxH+X+Y (from the top left corner), and top=N, bottom=N,
left=N, right=N or N% to cut that much off a side.
Without --no-antialias a picture is scaled as Pillow and torchvision do (BILINEAR), with it as OpenCV does
(INTER_LINEAR): take the one that the model was trained with.

Examples:
  blindai run localhost MODEL_ID --simulation --input patient.json
  blindai run enclave.example.org sha256:HEX --manifest manifest.toml --input patient.json --json
  blindai run localhost MODEL_ID --simulation --input tokens=tokens.npy --input mask=mask.npy --output out.npz
  blindai run localhost MODEL_ID --simulation --input audio.raw:FP32:1,512 --output speech.npy
  blindai run localhost MODEL_ID --simulation --input image=photo.jpg --resize 256 --crop 224x224 --scale 1/255 \\
    --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225`;
