import { isTensorInput, Tensor, type TensorBytes, type TensorInput } from '@blindai/protocol';
import { InputError, readingInput } from './errors.ts';

/** The inputs of a run: by name, by position, or the only one. */
export type RunInputs =
  TensorInput | readonly TensorInput[] | Readonly<Record<string, TensorInput>>;

/**
 * The inputs as they travel.
 *
 * @throws {InputError} `bad-input`.
 */
export function encodeInputs(inputs: RunInputs): TensorBytes[] {
  return readingInput(() => {
    if (isTensorInput(inputs)) return [Tensor.from(inputs).toBytes()];
    if (Array.isArray(inputs)) {
      return (inputs as readonly TensorInput[]).map((input) => Tensor.from(input).toBytes());
    }
    if (typeof inputs !== 'object' || inputs === null) {
      throw new InputError('bad-input', 'inputs must be tensors by name, in a list, or one tensor');
    }
    return Object.entries(inputs).map(([name, input]) => Tensor.from(input, name).toBytes());
  });
}
