import type { Tensor } from '@blindai/client';

/** A tensor as a person reads it: name, datatype and shape, then its elements, of a large one the first. */
export function formatTensor(tensor: Tensor): string {
  const shown = 1000;
  const head = `${tensor.name || 'output'}: ${tensor.datatype} [${tensor.shape.join(', ')}]`;
  if (tensor.data.length <= shown)
    return `${head}\n  ${JSON.stringify(tensor.toNested(), jsonNumber)}`;
  const first = Array.from(tensor.data.subarray(0, shown), String).join(', ');
  return `${head}\n  ${first}, … (${tensor.data.length} elements; --json prints all)`;
}

/** A tensor as JSON: integers beyond 2^53 and non-finite numbers as text, so that nothing is rounded or lost. */
export function tensorToJson(tensor: Tensor): unknown {
  return {
    name: tensor.name,
    datatype: tensor.datatype,
    shape: tensor.shape,
    data: JSON.parse(JSON.stringify(tensor.toNested(), jsonNumber)),
  };
}

function jsonNumber(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint')
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}
