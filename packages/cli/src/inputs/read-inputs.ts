import { Tensor } from '@blindai/client';
import { ProtocolError } from '@blindai/protocol';
import { FileError, UsageError } from '../exit-codes.ts';
import { maxFileBytes, readBounded } from '../input-files.ts';
import type { InputArgument } from './input-argument.ts';
import { looksLikeJson, parseJsonInputs, parseJsonTensor } from './json.ts';
import { isNpy, parseNpy } from './npy.ts';
import { isZip, parseNpz } from './npz.ts';
import type { PictureOptions } from './picture-options.ts';
import { isPicture, parsePicture } from './picture.ts';
import { parseRaw } from './raw.ts';

/** How the pictures among the inputs are shaped, and which flags the user wrote for that. */
export interface PictureFlags {
  readonly options: PictureOptions;
  readonly given: readonly string[];
}

/**
 * Reads the inputs of a run; what a file holds is told by its first bytes, not by its name. Each tensor has its
 * name, or none where the inputs go by their order.
 *
 * @throws {FileError} if a file cannot be read, or is too large.
 * @throws {UsageError} if a file does not hold what it should, or inputs do not go together.
 */
export async function readInputs(
  inputs: readonly InputArgument[],
  pictures: PictureFlags,
): Promise<Tensor[]> {
  const tensors: Tensor[] = [];
  let shaped = false;
  for (const input of inputs) {
    const bytes = await readBounded(input.file, maxFileBytes.inputs);
    shaped ||= input.shape === null && isPicture(bytes);
    tensors.push(...(await parsing(input.file, () => parseInput(bytes, input, pictures.options))));
  }
  if (!shaped && pictures.given.length > 0)
    throw new UsageError(`${pictures.given.join(', ')}: for pictures, and no input is one`);
  requireOneScheme(tensors);
  return tensors;
}

async function parseInput(
  bytes: Uint8Array,
  { name, datatype, shape }: InputArgument,
  options: PictureOptions,
): Promise<Tensor[]> {
  if (datatype !== null && shape !== null)
    return [Tensor.from(parseRaw(bytes, datatype, shape), name)];
  if (isPicture(bytes))
    return [Tensor.from(await parsePicture(bytes, datatype ?? 'FP32', options), name)];
  if (datatype !== null)
    throw new UsageError(
      `a datatype alone is for pictures; for a file of bare elements add the shape, as :${datatype}:1,3,224,224`,
    );
  if (isNpy(bytes)) return [Tensor.from(parseNpy(bytes), name)];
  if (isZip(bytes)) return name === '' ? parseNpz(bytes) : [onlyOf(await parseNpz(bytes), name)];
  if (looksLikeJson(bytes))
    return name === '' ? parseJsonInputs(bytes) : [Tensor.from(parseJsonTensor(bytes), name)];
  throw new UsageError(
    'neither JSON, .npy, .npz, PNG nor JPEG; for a file of bare elements give FILE:DATATYPE:SHAPE, as data.raw:FP32:1,30',
  );
}

function onlyOf(tensors: readonly Tensor[], name: string): Tensor {
  if (tensors.length !== 1)
    throw new UsageError(
      `it holds ${tensors.length} arrays, and ${JSON.stringify(name)} is one input: leave out the name to give all by theirs`,
    );
  return Tensor.from(tensors[0]!, name);
}

/** Says which file it was. */
async function parsing<T>(file: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof FileError)
      throw new FileError(`${file}: ${error.message}`, { cause: error });
    if (error instanceof UsageError || error instanceof ProtocolError)
      throw new UsageError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

function requireOneScheme(tensors: readonly Tensor[]): void {
  const names = tensors.map(({ name }) => name).filter((name) => name !== '');
  if (names.length !== 0 && names.length !== tensors.length)
    throw new UsageError('some inputs have a name and some have none: name all, or none');
  const doubled = names.find((name, index) => names.indexOf(name) !== index);
  if (doubled !== undefined)
    throw new UsageError(`two inputs have the name ${JSON.stringify(doubled)}`);
}
