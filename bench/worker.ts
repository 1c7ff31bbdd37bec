import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer } from './answer-orders.ts';

/** How a program of ours is started. */
export interface StartOptions {
  readonly args?: readonly string[];
  /** Of Node. */
  readonly nodeOptions?: readonly string[];
  /** Where its standard error goes: a descriptor. Default: nowhere. */
  readonly stderr?: number;
}

/**
 * A program of the bench in a process of its own, which answers one order after the other. It says first when
 * it is ready, and ends at SIGTERM, as it does with this process.
 */
export class Worker<Order extends { readonly kind: string }> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting: ((answer: Answer) => void)[] = [];
  readonly #ready: Promise<unknown>;

  /** @param program - Beside the file that is given, which is the caller's `import.meta.url`. */
  constructor(program: string, caller: string, options: StartOptions = {}) {
    this.#child = fork(fileURLToPath(new URL(program, caller)), options.args ?? [], {
      // The engine would tell others of its use.
      env: { PATH: process.env['PATH'], ORT_DISABLE_TELEMETRY: '1' },
      execArgv: [...(options.nodeOptions ?? [])],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', options.stderr ?? 'ignore', 'ipc'],
    });
    this.#ready = this.#answer();
    this.#ready.catch(() => {});
    this.#child.on('message', (answer: Answer) => this.#waiting.shift()?.(answer));
    const kill = (): void => void this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#child.once('exit', (code, signal) => {
      process.off('exit', kill);
      const message = `${program} ended with ${signal ?? code}`;
      for (const settle of this.#waiting.splice(0)) settle({ ok: false, message });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Whether the process is still there. */
  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with what the program said first. */
  async ready(): Promise<unknown> {
    return this.#ready;
  }

  /** @throws {Error} when the program fails, or is gone. */
  async ask(order: Order): Promise<unknown> {
    await this.#ready;
    if (!this.isAlive) throw new Error('the process has ended');
    const answer = this.#answer();
    this.#child.send(order);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isAlive) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }

  async #answer(): Promise<unknown> {
    const answer = await new Promise<Answer>((resolve) => void this.#waiting.push(resolve));
    if (!answer.ok) throw new Error(answer.message);
    return answer.value;
  }
}
