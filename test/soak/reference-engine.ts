import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Datatype } from '@blindai/protocol';

/** An input or output: elements little-endian, row-major. */
export interface ReferenceTensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

const engineTypes: Partial<Record<Datatype, string>> = {
  FP32: 'float32',
  INT64: 'int64',
  UINT8: 'uint8',
};

/**
 * The bare engine in this process, with as many threads as the server gives it: what a served model has to
 * answer, bit for bit.
 */
export class ReferenceEngine {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async load(model: Uint8Array): Promise<ReferenceEngine> {
    return new ReferenceEngine(
      await InferenceSession.create(model, {
        executionProviders: ['cpu'],
        graphOptimizationLevel: 'all',
        intraOpNumThreads: Math.min(availableParallelism(), 4),
        interOpNumThreads: 1,
        logSeverityLevel: 4,
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      }),
    );
  }

  /** The bytes of all outputs, in the model's order. */
  async run(inputs: Readonly<Record<string, ReferenceTensor>>): Promise<Uint8Array[]> {
    const feeds = Object.entries(inputs).map(([name, { datatype, shape, bytes }]) => {
      const data = elementsOf(datatype, bytes);
      return [name, new Tensor(engineTypes[datatype] as 'float32', data as Float32Array, shape)];
    });
    const outputs = await this.#session.run(Object.fromEntries(feeds));
    return this.#session.outputNames.map((name) => {
      const { buffer, byteOffset, byteLength } = outputs[name]!.data as Float32Array;
      return new Uint8Array(buffer, byteOffset, byteLength);
    });
  }
}

/** The elements of a tensor that begins where its memory does. */
export function elementsOf(
  datatype: Datatype,
  { buffer, byteOffset, byteLength }: Uint8Array,
): Float32Array | BigInt64Array | Uint8Array {
  if (datatype === 'FP32') return new Float32Array(buffer, byteOffset, byteLength / 4);
  if (datatype === 'INT64') return new BigInt64Array(buffer, byteOffset, byteLength / 8);
  return new Uint8Array(buffer, byteOffset, byteLength);
}
