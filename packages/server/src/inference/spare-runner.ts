import { ProtocolError } from '@blindai/protocol';
import { RunnerProcess, type RunnerHost } from './runner-process.ts';

/**
 * Starts processes, and one of them ahead: most of what a start takes does not depend on the model, and nobody
 * waits for it then. A spare has read no foreign byte and is not caged yet; it becomes the process of one model
 * and of no other.
 */
export class SpareRunner {
  readonly #host: RunnerHost;
  #isKept: boolean;
  #spare: RunnerProcess | null = null;

  /** @param isKept - False: every process is started when it is needed. */
  constructor(host: RunnerHost, isKept: boolean) {
    this.#host = host;
    this.#isKept = isKept;
    this.prepare();
  }

  /**
   * The process that waits, or a new one.
   *
   * @throws {ProtocolError} `too-many-requests` if there is no user for it.
   */
  take(): RunnerProcess {
    const spare = this.#spare;
    this.#spare = null;
    return spare?.isAlive === true ? spare : new RunnerProcess(this.#host);
  }

  /** Has the next process started ahead. */
  prepare(): void {
    if (!this.#isKept || this.#spare?.isAlive === true) return;
    try {
      this.#spare = new RunnerProcess(this.#host);
    } catch (error) {
      // Whoever needs a process hears of it.
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  /** Ends the process that waits; resolves when it is gone. */
  async close(): Promise<void> {
    this.#isKept = false;
    const spare = this.#spare;
    this.#spare = null;
    spare?.kill(new ProtocolError('going-down', 'the server is going down'));
    await spare?.ended;
  }
}
