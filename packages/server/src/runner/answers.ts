import { FrameError } from '../inference/framing.ts';
import type {
  LoadedMessage,
  LoadMessage,
  RunMessage,
  RunnerLimits,
} from '../inference/messages.ts';
import { HungUp, readFrameStart, readInto, send, skipPayload } from './channel.ts';
import { bytesOf } from './inspection/byte-source.ts';
import { inspectModel } from './inspection/inspect-model.ts';
import { readModelFile } from './model-file.ts';
import { onnxEngine } from './onnx-engine.ts';
import { Refusal, refusalOfLoad } from './refusal.ts';
import { describeModel, InputMemory, runModel, type InputTensor } from './served-model.ts';
import type { EngineSession } from './session.ts';

/**
 * Reads the model, the first foreign bytes, and answers runs of it until the server hangs up.
 *
 * @throws {HungUp}
 */
export async function answerForModel(load: LoadMessage): Promise<never> {
  const session = await answerLoad(load);
  const memory = new InputMemory(onnxEngine);
  for (;;) await answerRun(session, memory, load.limits);
}

async function answerLoad(load: LoadMessage): Promise<EngineSession> {
  try {
    const session = await loadModel(load);
    announce(describeModel(session, load.limits));
    // The engine has made a copy of the model's file; ours would stay until the next collection.
    globalThis.gc?.();
    return session;
  } catch (error) {
    if (error instanceof HungUp) throw error;
    refuse(refusalOfLoad(error));
    // An exit could overtake the frame: the server ends this process when it has read it.
    for (;;) skipPayload(readFrameStart().payloadBytes);
  }
}

function announce(description: Pick<LoadedMessage, 'inputs' | 'outputs'>): void {
  try {
    send({ kind: 'loaded', ...description });
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    throw new Refusal('model-refused', 'the names of inputs, outputs and dimensions are too long');
  }
}

async function loadModel(load: LoadMessage): Promise<EngineSession> {
  const model =
    load.modelIn === 'descriptor'
      ? readModelFile(load.modelBytes)
      : readInto(new Uint8Array(load.modelBytes));
  inspectModel(bytesOf(model), load);
  return onnxEngine.createSession(model, load);
}

async function answerRun(
  session: EngineSession,
  memory: InputMemory,
  limits: RunnerLimits,
): Promise<void> {
  const { header, payloadBytes } = readFrameStart();
  try {
    const inputs = readInputs(header as unknown as RunMessage, payloadBytes, memory);
    const { tensors, payload } = await runModel(session, inputs, limits);
    send({ kind: 'ran', tensors }, payload);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuse(error);
  }
}

function readInputs(run: RunMessage, payloadBytes: number, memory: InputMemory): InputTensor[] {
  let inputs: InputTensor[];
  try {
    inputs = memory.take(run.tensors);
  } catch (error) {
    skipPayload(payloadBytes);
    throw error;
  }
  for (const { bytes } of inputs) readInto(bytes);
  return inputs;
}

function refuse({ code, message }: Refusal): void {
  send({ kind: 'refused', code, message });
}
