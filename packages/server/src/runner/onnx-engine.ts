import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Datatype, TensorData } from '@blindai/protocol';
import type { Engine, EngineSession, EngineTensor, EngineValue } from './session.ts';

/** What onnxruntime calls our datatypes, and the arrays that it takes their elements in. */
const engineTypes = {
  FP32: { type: 'float32', array: Float32Array },
  FP64: { type: 'float64', array: Float64Array },
  INT8: { type: 'int8', array: Int8Array },
  INT16: { type: 'int16', array: Int16Array },
  INT32: { type: 'int32', array: Int32Array },
  INT64: { type: 'int64', array: BigInt64Array },
  UINT8: { type: 'uint8', array: Uint8Array },
  UINT16: { type: 'uint16', array: Uint16Array },
  UINT32: { type: 'uint32', array: Uint32Array },
  UINT64: { type: 'uint64', array: BigUint64Array },
  BOOL: { type: 'bool', array: Uint8Array },
} as const satisfies Record<
  Datatype,
  { type: Tensor.Type; array: new (length: number) => TensorData }
>;

const datatypeOf: ReadonlyMap<string, Datatype> = new Map(
  Object.entries(engineTypes).map(([datatype, { type }]) => [type, datatype as Datatype]),
);

/** A smallest model: `y = Identity(x)` on one FP32, IR version 8, opset 13. */
const tinyModel = Buffer.from(
  '08083a370a100a0178120179220849' +
    '64656e746974791201745a0f0a01781' +
    '20a0a08080112040a020801620f0a01' +
    '79120a0a08080112040a0208014202100d',
  'hex',
);

/** ONNX models on onnxruntime's CPU engine. */
export const onnxEngine: Engine = {
  async tryOut(threads) {
    const session = await InferenceSession.create(tinyModel, sessionOptions(true, threads));
    await session.run({ x: new Tensor('float32', [0], [1]) });
    return wrap(session);
  },
  allocate: (datatype, elements) => new engineTypes[datatype].array(elements),
  async createSession(model, { optimize, threads }) {
    return wrap(await InferenceSession.create(model, sessionOptions(optimize, threads)));
  },
};

function sessionOptions(optimize: boolean, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    graphOptimizationLevel: optimize ? 'all' : 'disabled',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    // Several runners share the cores: a thread that waits must not keep one busy.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}

function wrap(session: InferenceSession): EngineSession {
  return {
    inputs: session.inputMetadata.map(describe),
    outputs: session.outputMetadata.map(describe),
    async run(feeds) {
      const results = await session.run(
        Object.fromEntries([...feeds].map(([name, tensor]) => [name, toEngine(tensor)])),
      );
      return new Map(Object.entries(results).map(([name, tensor]) => [name, fromEngine(tensor)]));
    },
    release: async () => session.release(),
  };
}

function describe(value: InferenceSession.ValueMetadata): EngineValue {
  if (!value.isTensor) {
    return { name: value.name, datatype: null, engineType: 'sequence or map', shape: [] };
  }
  return {
    name: value.name,
    datatype: datatypeOf.get(value.type) ?? null,
    engineType: value.type,
    shape: value.shape.map((size) => (size === '' ? null : size)),
  };
}

function toEngine({ datatype, data, shape }: EngineTensor): Tensor {
  return new Tensor(engineTypes[datatype].type as 'float32', data as Float32Array, shape);
}

function fromEngine(tensor: InferenceSession.OnnxValueMapType[string]): EngineTensor {
  const datatype = datatypeOf.get(tensor.type);
  if (datatype === undefined) throw new TypeError(`an output of type ${tensor.type}`);
  return { datatype, shape: tensor.dims, data: tensor.data as TensorData };
}
