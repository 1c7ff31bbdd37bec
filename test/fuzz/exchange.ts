import type { Socket } from 'node:net';
import { decodeErrorText, errorStatuses, isErrorCode } from '@blindai/protocol';
import { openSocket, openTls } from '../../packages/server/test/raw-socket.ts';

/** The three ports, by what they are for. */
export type Surface = 'unattested' | 'attested' | 'management';

/** Where each surface is. */
export type Ports = Readonly<Record<Surface, number>>;

/** One answer of a server, as it came. */
export interface Answer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** How long a server may take that owes an answer, unless more is said. */
const usualPatienceMs = 30_000;

/** Opens a connection as clients of a surface do. */
export async function openSurface(ports: Ports, surface: Surface): Promise<Socket> {
  return surface === 'unattested' ? openSocket(ports[surface]) : openTls(ports[surface]);
}

/** Cuts what arrives on one connection into answers. */
export class AnswerReader {
  readonly #socket: Socket;
  readonly #patienceMs: number;
  #bytes: Buffer = Buffer.alloc(0);
  #isOver = false;
  #wake: () => void = () => {};

  constructor(socket: Socket, patienceMs: number = usualPatienceMs) {
    this.#socket = socket;
    this.#patienceMs = patienceMs;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    socket.on('close', () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /** Whether something came that was not taken yet. */
  get hasMore(): boolean {
    return this.#bytes.length > 0;
  }

  /** Whether the server still listens. */
  get isOpen(): boolean {
    return !this.#isOver && this.#socket.writable;
  }

  /**
   * The next answer, interim ones passed over; null when the connection ends without one.
   *
   * @param isHead - Whether it answers a HEAD, which has no body whatever it announces.
   */
  async next(isHead = false): Promise<Answer | null> {
    for (;;) {
      const head = await this.#take(() => {
        const end = this.#bytes.indexOf('\r\n\r\n');
        return end < 0 ? null : end + 4;
      });
      if (head === null) return null;
      const [statusLine, ...lines] = head.toString('latin1').trimEnd().split('\r\n');
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine!)?.[1]);
      if (status < 200) continue;
      const headers = new Map(
        lines.map((line) => {
          const at = line.indexOf(':');
          return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
        }),
      );
      const length = isHead ? 0 : Number(headers.get('content-length'));
      const body = await this.#take(() => (this.#bytes.length >= length ? length : null));
      return body === null ? null : { status, headers, body };
    }
  }

  /** All answers until the connection ends. */
  async rest(): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let answer = await this.next(); answer !== null; answer = await this.next()) {
      answers.push(answer);
    }
    return answers;
  }

  /** As many bytes as `count` says, once it says so; null when they will never come. */
  async #take(count: () => number | null): Promise<Buffer | null> {
    const timer = setTimeout(() => this.#socket.destroy(), this.#patienceMs);
    try {
      for (let length = count(); ; length = count()) {
        if (length !== null) {
          const taken = this.#bytes.subarray(0, length);
          this.#bytes = this.#bytes.subarray(length);
          return taken;
        }
        if (this.#isOver) return null;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The code of an answer: `200` and the like where all is well, else that of the error. */
export function codeOf(answer: Answer): string {
  return answer.headers.get('blindai-error') ?? String(answer.status);
}

/**
 * What is wrong with an answer to a request that may be bad; null if nothing is. An error has a code in its
 * header, the status of that code, and the code in its body again.
 */
export function faultOf({ status, headers, body }: Answer, isHead = false): string | null {
  if (status >= 200 && status < 300) return null;
  if (status < 400 || status >= 500) return `status ${status}`;
  const code = headers.get('blindai-error');
  if (code === undefined || !isErrorCode(code)) return `status ${status} without a code`;
  if (errorStatuses[code] !== status) return `status ${status} for ${code}`;
  if (isHead) return null;
  try {
    const said =
      headers.get('content-type') === 'application/json'
        ? jsonCode(body)
        : decodeErrorText(body).code;
    return said === code ? null : `${said} in the body of ${code}`;
  } catch {
    return `a body of ${code} that cannot be read`;
  }
}

function jsonCode(body: Buffer): string {
  const { error } = JSON.parse(body.toString()) as { error: string };
  return error.slice(0, error.indexOf(': '));
}
