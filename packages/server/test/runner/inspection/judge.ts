import { bytesOf, type ByteSource } from '../../../src/runner/inspection/byte-source.ts';
import { inspectModel } from '../../../src/runner/inspection/inspect-model.ts';
import { Refusal } from '../../../src/runner/refusal.ts';

/** `taken`, or why a model is refused; anything else that is thrown is a bug. */
export function judge(
  model: Uint8Array | ByteSource,
  operatorDomains: readonly string[] = [],
): string {
  const source = model instanceof Uint8Array ? bytesOf(model) : model;
  try {
    inspectModel(source, { operatorDomains });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `${error.code}: ${error.message}`;
  }
  return 'taken';
}

/** Why, without the code. */
export function reason(model: Uint8Array, operatorDomains: readonly string[] = []): string {
  return judge(model, operatorDomains).replace(/^model-refused: /, '');
}
