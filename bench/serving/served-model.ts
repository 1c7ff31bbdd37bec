import { setTimeout as sleep } from 'node:timers/promises';
import type { BlindAIClient, UploadOptions } from '@blindai/client/node';
import { encodeRun, encodeRunReply, Tensor, type TensorInput } from '@blindai/protocol';
import type { Subject } from '../models/subjects.ts';
import type { Served } from './served.ts';

/** A model on a server, which is taken back in the end. */
export class ServedModel implements AsyncDisposable {
  readonly subject: Subject;
  readonly client: BlindAIClient;
  readonly modelId: string;
  /** A whole request body for a run. */
  readonly body: Uint8Array;
  /** Of the body of an answer. */
  readonly replyBytes: number;
  readonly #inputs: Readonly<Record<string, TensorInput>>;

  private constructor(
    subject: Subject,
    client: BlindAIClient,
    modelId: string,
    replyBytes: number,
    inputs: Readonly<Record<string, TensorInput>>,
  ) {
    this.subject = subject;
    this.client = client;
    this.modelId = modelId;
    this.replyBytes = replyBytes;
    this.#inputs = inputs;
    const tensors = Object.entries(inputs).map(([name, input]) =>
      Tensor.from(input, name).toBytes(),
    );
    this.body = Buffer.concat(encodeRun({ modelId, modelHash: null, inputs: tensors }));
  }

  /** Uploads a model over a connection of its own and runs it once. */
  static async upload(
    served: Served,
    subject: Subject,
    options: Pick<UploadOptions, 'batchAcrossCallers'> = {},
  ): Promise<ServedModel> {
    const client = await served.connect();
    const { modelId } = await client.uploadModel(subject.model, options);
    const inputs = subject.inputs as Readonly<Record<string, TensorInput>>;
    const { outputs } = await client.runModel(modelId, inputs);
    const reply = encodeRunReply(outputs.map((output) => output.toBytes()));
    const replyBytes = reply.reduce((sum, part) => sum + part.length, 0);
    return new ServedModel(subject, client, modelId, replyBytes, inputs);
  }

  async run(): Promise<void> {
    await this.client.runModel(this.modelId, this.#inputs);
  }

  /** How long runs take that a program awaits, each after a gap, in milliseconds. */
  async paced(count: number, gapMs: number): Promise<number[]> {
    const times: number[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      await sleep(gapMs);
      const started = performance.now();
      await this.run();
      times.push(performance.now() - started);
    }
    return times;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.deleteModel(this.modelId);
    await this.client.close();
  }
}
