import type { Duplex } from 'node:stream';
import { encodeFrame, FrameError, FrameReader, type FrameHeader } from './framing.ts';

/** The answer of a frame whose payload is of no use: it is read past. */
export class PastPayload<Answer> {
  readonly answer: Answer;

  constructor(answer: Answer) {
    this.answer = answer;
  }
}

/** Judges a header, before its payload is waited for; answers how the payload becomes the answer. */
export type Judge<Answer> = (
  header: FrameHeader,
  payloadBytes: number,
) => ((payload: Uint8Array) => Answer) | PastPayload<Answer>;

interface Expectation {
  /** Answers whether the payload is wanted, and what to do once it is there. */
  readonly judge: (
    header: FrameHeader,
    payloadBytes: number,
  ) => { readonly wanted: boolean; readonly take: (payload: Uint8Array) => void };
  readonly fail: (error: Error) => void;
}

/**
 * The server's side of what it and a runner say to each other. A frame is taken if it is expected and judged
 * to be what is due; everything else is reported as a fault, after which nothing more is listened to.
 */
export class Conversation {
  /** Resolved when all that the other side said has been heard, and nothing more can come. */
  readonly closed: Promise<void>;
  readonly #channel: Duplex;
  readonly #expected: Expectation[] = [];
  #over: Error | null = null;

  /**
   * @param onFault - Called with a {@link FrameError} for what is not expected, or with what a judge threw.
   * @param onHangUp - Called when the other side neither speaks nor listens any more.
   */
  constructor(channel: Duplex, onFault: (error: unknown) => void, onHangUp: () => void) {
    this.#channel = channel;
    this.closed = new Promise((resolve) => channel.once('close', () => resolve()));
    const reader = this.#createReader();
    let isFaulty = false;
    channel.on('data', (chunk: Uint8Array) => {
      if (isFaulty) return;
      try {
        reader.push(chunk);
      } catch (error) {
        isFaulty = true;
        onFault(error);
      }
    });
    channel.on('end', onHangUp);
    // A write to a process that is gone.
    channel.on('error', onHangUp);
  }

  /**
   * Says something; the payload is written as it is, without copies, and must not change.
   *
   * @throws {FrameError} if the header is too long.
   */
  say(message: { readonly kind: string }, payload: readonly Uint8Array[] = []): void {
    const parts = encodeFrame(message, payload);
    this.#channel.cork();
    for (const part of parts) this.#channel.write(part);
    this.#channel.uncork();
  }

  /**
   * Whether all that was said has left this process. What answers a question before that has not heard it, and
   * would let the questions pile up here.
   */
  get isHeard(): boolean {
    return this.#channel.writableLength === 0;
  }

  /** Waits for the next frame that is not yet waited for. Throws what `end` was given. */
  expect<Answer>(judge: Judge<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#over !== null) {
        reject(this.#over);
        return;
      }
      this.#expected.push({
        judge: (header, payloadBytes) => {
          const answer = judge(header, payloadBytes);
          return answer instanceof PastPayload
            ? { wanted: false, take: () => resolve(answer.answer) }
            : { wanted: true, take: (payload) => resolve(answer(payload)) };
        },
        fail: reject,
      });
    });
  }

  /** Closes the channel and answers whoever waits, or will, with the reason. */
  end(reason: Error): void {
    this.#over = reason;
    this.#channel.destroy();
    for (const { fail } of this.#expected.splice(0)) fail(reason);
  }

  #createReader(): FrameReader {
    let take: ((payload: Uint8Array) => void) | undefined;
    return new FrameReader({
      begin: () => {
        if (this.#expected.length === 0) throw new FrameError('a frame that nobody asked for');
      },
      judge: (header, payloadBytes) => {
        const judged = this.#expected[0]!.judge(header, payloadBytes);
        take = judged.take;
        return judged.wanted;
      },
      deliver: (payload) => {
        const taken = take!;
        // What it holds on to, a run with its inputs and outputs, is not to stay until the next answer.
        take = undefined;
        taken(payload);
        this.#expected.shift();
      },
    });
  }
}
