import type { BlindAIClient } from '@blindai/client/node';
import { classifier } from '../../packages/server/test/onnx/models.ts';

/** A well-behaved model of somebody else, who asks it again and again while others attack. */
export class Bystander {
  readonly #client: BlindAIClient;
  readonly #modelId: string;
  #isOver = false;
  #asking: Promise<void> = Promise.resolve();
  answers = 0;
  readonly wrong: unknown[] = [];

  private constructor(client: BlindAIClient, modelId: string) {
    this.#client = client;
    this.#modelId = modelId;
  }

  /** Uploads the model and asks it for the first time. */
  static async start(client: BlindAIClient): Promise<Bystander> {
    const { modelId } = await client.uploadModel(classifier());
    const bystander = new Bystander(client, modelId);
    await bystander.ask(0);
    return bystander;
  }

  /** Asks until `stop`, with a pause between two questions. */
  askOn(pauseMs = 0): void {
    const askAgain = async (): Promise<void> => {
      for (let times = 1; !this.#isOver; times++) {
        await this.ask(times);
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    };
    this.#asking = askAgain();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#asking;
  }

  /** `[a, 1] · [[1, 2], [3, 4]]` is `[a + 3, 2 a + 4]`, the second being the larger. */
  async ask(a: number): Promise<void> {
    try {
      const data = Float32Array.of(a, 1);
      const { outputs } = await this.#client.runModel(this.#modelId, {
        x: { data, shape: [1, 2] },
      });
      const found = outputs.map((output) => output.toNested());
      if (JSON.stringify(found, plain) === JSON.stringify([[[a + 3, 2 * a + 4]], [[1]]])) {
        this.answers += 1;
      } else {
        this.wrong.push(found);
      }
    } catch (error) {
      this.wrong.push(error);
    }
  }
}

const plain = (_key: string, held: unknown): unknown =>
  typeof held === 'bigint' ? Number(held) : held;
