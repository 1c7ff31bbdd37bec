import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Stages } from './server-order.ts';

type Marks = { -readonly [Name in keyof Stages]?: number };

/** The server's own class, as it is in its build. */
interface RunnerClass {
  readonly prototype: { run: (...given: unknown[]) => Promise<unknown> };
}

/** In the build; this runs from `bench/dist/bench/serving`. */
const runnerModule = new URL(
  '../../../../packages/server/dist/inference/runner-process.js',
  import.meta.url,
);

/**
 * Notes when runs pass what they pass, from outside of the server: where Node tells of requests, and around
 * the method that hands a run to a runner. Only for runs that come one after the other.
 */
export class StageWatch {
  readonly #seen: Stages[] = [];
  #current: Marks | null = null;
  #headAt = 0;

  async start(): Promise<void> {
    subscribe('http.server.request.start', (message) => {
      const { request, response } = message as {
        request: IncomingMessage;
        response: ServerResponse;
      };
      if (request.method === 'POST' && request.url === '/run') this.#watch(request, response);
    });
    const { RunnerProcess } = (await import(runnerModule.href)) as { RunnerProcess: RunnerClass };
    const { run } = RunnerProcess.prototype;
    const mark = (name: keyof Stages): void => this.#mark(name);
    RunnerProcess.prototype.run = async function (...given) {
      mark('started');
      const outputs = await run.apply(this, given);
      mark('finished');
      return outputs;
    };
  }

  /** What was seen since the last call. */
  take(): Stages[] {
    return this.#seen.splice(0);
  }

  #watch(request: IncomingMessage, response: ServerResponse): void {
    const marks: Marks = {};
    this.#current = marks;
    this.#headAt = performance.now();
    const push = request.push.bind(request);
    request.push = (chunk: unknown, ...others) => {
      if (chunk === null) this.#mark('received');
      return push(chunk, ...others);
    };
    const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
    response.writeHead = (...given: unknown[]) => {
      this.#mark('firstByte');
      return writeHead(...given);
    };
    response.once('finish', () => {
      this.#mark('answered');
      if (isComplete(marks)) this.#seen.push(marks);
    });
  }

  #mark(name: keyof Stages): void {
    const marks = this.#current;
    if (marks !== null) marks[name] ??= performance.now() - this.#headAt;
  }
}

const names = ['received', 'started', 'finished', 'firstByte', 'answered'] as const;

function isComplete(marks: Marks): marks is Stages {
  return names.every((name) => marks[name] !== undefined);
}
