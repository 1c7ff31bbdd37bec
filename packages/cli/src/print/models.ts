import type { ListedModel, ModelDescription, TensorMetadata } from '@blindai/client';
import { align } from './align.ts';
import type { Paint } from './colours.ts';
import { printable } from './printable.ts';

const colourOfState = { ready: 'green', loading: 'yellow', quarantined: 'red' } as const;

/** A list of models as a table; below a model that is not ready stands why. */
export function formatModels(models: readonly ListedModel[], paint: Paint): string {
  const rows = models.map(({ modelId, name, state, modelHash }) => [
    printable(modelId),
    nameOf(name),
    state,
    modelHash,
  ]);
  const [head, ...lines] = align([['MODEL ID', 'NAME', 'STATE', 'SHA-256'], ...rows]);
  const shown = lines.flatMap((line, at) => {
    const { state, reason } = models[at]!;
    if (reason === null) return [line];
    return [line, `  ${paint(colourOfState[state], printable(reason))}`];
  });
  return [paint('dim', head!), ...shown, ''].join('\n');
}

/** What a model takes and gives, one fact a line. A dimension that is free is a question mark. */
export function formatModel(model: ModelDescription, paint: Paint): string {
  const { modelId, name, modelHash, state, reason, inputs, outputs } = model;
  const why = reason === null ? '' : `: ${printable(reason)}`;
  const facts = align([
    ['model', printable(modelId)],
    ['name', nameOf(name)],
    ['SHA-256', modelHash],
    ['state', paint(colourOfState[state], `${state}${why}`)],
  ]);
  const tensors = align([
    ...inputs.map((tensor) => ['input', ...describe(tensor)]),
    ...outputs.map((tensor) => ['output', ...describe(tensor)]),
  ]);
  return [...facts, '', ...tensors, ''].join('\n');
}

function describe({ name, datatype, shape }: TensorMetadata): string[] {
  const sizes = shape.map((size) => (size === -1 ? '?' : String(size)));
  return [nameOf(name), datatype, `[${sizes.join(', ')}]`];
}

function nameOf(name: string): string {
  return name === '' ? '(no name)' : printable(name);
}
