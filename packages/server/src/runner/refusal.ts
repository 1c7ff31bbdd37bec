import { maxRefusalLength, type RefusalCode } from '../inference/messages.ts';

/** A model or a run that this runner does not take; the message is for whoever sent it, and for no log. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;

  /** Keeps of the message what fits into one bounded line of printable ASCII. */
  constructor(code: RefusalCode, message: string) {
    super(
      message
        .replaceAll(/\s+/g, ' ')
        .replaceAll(/[^\x20-\x7e]/g, '?')
        .slice(0, maxRefusalLength),
    );
    this.code = code;
  }
}

/** What the engine, the C++ library and V8 say when an allocation fails. */
const outOfMemory =
  /bad_alloc|bad allocation|alloc\w* (?:memory )?fail|failed to alloc|out of memory/i;

/** Why a model cannot be loaded, from what was thrown. The engine names the model's own nodes and types. */
export function refusalOfLoad(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const message = messageOf(error);
  if (outOfMemory.test(message)) {
    return new Refusal('model-memory', 'the model needs more memory to load than it may use');
  }
  return new Refusal('model-refused', `the engine does not take the model: ${message}`);
}

/**
 * Why a run failed, from what was thrown. The engine's words may hold values of the inputs, so that only the
 * kind of the node that failed is kept.
 */
export function refusalOfRun(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const message = messageOf(error);
  if (outOfMemory.test(message)) {
    return new Refusal('model-memory', 'the run needs more memory than it may use');
  }
  const node = /while running (\w{1,64}) node/.exec(message)?.[1];
  const where = node === undefined ? '' : `, it stopped at a node of type ${node}`;
  return new Refusal('bad-input', `the model cannot compute with these inputs${where}`);
}

/** The message of an error, without the places in the engine's own source files. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll(/(?:[\w.+-]*\/)+[\w.+-]+\.(?:cc|h|hpp|cpp):\d+/g, '').trim();
}
