/** Another model of the same server, asked all the while: whether it always answers, and rightly. */
export class Neighbour {
  #loaded;
  #answers = 0;
  #faults = [];
  #isOver = false;
  #asking;

  constructor(loaded) {
    this.#loaded = loaded;
    this.#asking = this.#askOn();
  }

  async #askOn() {
    while (!this.#isOver) {
      await this.#ask(this.#answers);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The model returns what it is given. */
  async #ask(value) {
    const bytes = new Uint8Array(Float32Array.of(value).buffer);
    const input = { name: 'x', datatype: 'FP32', shape: [1], bytes };
    try {
      const [y] = await this.#loaded.run([input], { timeoutMs: 30_000 });
      const [answer] = new Float32Array(Uint8Array.from(y.bytes).buffer);
      if (answer !== value) this.#faults.push(`${answer} instead of ${value}`);
      this.#answers++;
    } catch (error) {
      this.#faults.push(String(error));
    }
  }

  get answers() {
    return this.#answers;
  }

  async stop() {
    this.#isOver = true;
    await this.#asking;
    return { answers: this.#answers, faults: this.#faults };
  }
}
