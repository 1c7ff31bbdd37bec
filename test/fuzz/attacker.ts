import type { Socket } from 'node:net';
import { decodeUploadReply, encodeDelete, headers } from '@blindai/protocol';
import { openSocket } from '../../packages/server/test/raw-socket.ts';
import { Chance } from './chance.ts';
import {
  AnswerReader,
  codeOf,
  faultOf,
  openSurface,
  type Answer,
  type Ports,
  type Surface,
} from './exchange.ts';
import { abuse, type Abuse } from './framing.ts';
import { fuzzedRequest, type FuzzedRequest } from './requests.ts';

/** What came of it all. */
export interface Findings {
  /** How often each kind was tried. */
  readonly tried: Map<string, number>;
  /** How often each code was answered; a status stands for itself where all was well. */
  readonly answered: Map<string, number>;
  /** How often each kind was answered with each status. */
  readonly statuses: Map<string, Map<number, number>>;
  /** What must not have happened, with the number of the case. */
  readonly faults: string[];
}

/** What a finding tells of the request that made it. */
type Sent = Pick<Abuse, 'kind' | 'surface' | 'bytes' | 'isBad'>;

/** What else a server may answer here. */
export interface AttackerOptions {
  /** Codes of statuses from 500 on that are no fault. Default: none. */
  readonly alsoTaken?: ReadonlySet<string>;
}

/** One connection that is used as long as the server keeps it. */
interface Connection {
  readonly socket: Socket;
  readonly reader: AnswerReader;
}

/**
 * Sends fuzzed requests to a server and judges each answer. A case is made of the seed and its number alone,
 * so that one that finds something can be made again.
 */
export class Attacker {
  readonly findings: Findings = {
    tried: new Map(),
    answered: new Map(),
    statuses: new Map(),
    faults: [],
  };
  readonly #ports: Ports;
  readonly #modelId: string;
  readonly #seed: number;
  readonly #alsoTaken: ReadonlySet<string>;
  /** What lasts until a timeout, and is not waited for before. */
  readonly #held: Promise<void>[] = [];
  #next = 0;
  #isServerStopping = false;

  constructor(
    ports: Ports,
    modelId: string,
    seed: number,
    { alsoTaken = new Set() }: AttackerOptions = {},
  ) {
    this.#ports = ports;
    this.#modelId = modelId;
    this.#seed = seed;
    this.#alsoTaken = alsoTaken;
  }

  /** Sends the next cases, some at a time; `between` is called now and then. */
  async send(count: number, between: () => Promise<void> = async () => {}): Promise<void> {
    const end = this.#next + count;
    const lane = async (): Promise<void> => {
      const connections = new Map<Surface, Connection>();
      while (this.#next < end) {
        const number = this.#next++;
        if (number % 50 === 49) await between();
        const chance = new Chance(this.#seed * 1_000_003 + number);
        if (chance.oneIn(6)) await this.#abuse(abuse(chance), number);
        else await this.#ask(fuzzedRequest(this.#modelId, chance), number, connections);
      }
      for (const { socket } of connections.values()) socket.destroy();
    };
    await Promise.all(Array.from({ length: 6 }, lane));
    await Promise.all(this.#held.splice(0));
  }

  /** Goes on while the server stops, which may then answer with 503, or not at all. */
  async sendUntil(stopped: Promise<unknown>): Promise<void> {
    this.#isServerStopping = true;
    const isOver = stopped.then(() => true);
    while ((await Promise.race([isOver, this.send(50).catch(() => {})])) !== true);
  }

  async #ask(
    request: FuzzedRequest,
    number: number,
    connections: Map<Surface, Connection>,
  ): Promise<void> {
    const { surface, method, kind } = request;
    this.#count(this.findings.tried, kind);
    const isHead = method === 'HEAD';
    let { socket, reader } = await this.#connection(surface, connections);
    socket.write(request.bytes);
    let answer = await reader.next(isHead);
    if (answer === null && !this.#isServerStopping) {
      // The server may have closed what was idle for long at the moment when this was written, if only because
      // this process was late.
      this.#count(this.findings.tried, 'asked again');
      ({ socket, reader } = await this.#connection(surface, connections));
      socket.write(request.bytes);
      answer = await reader.next(isHead);
    }
    if (answer === null) {
      if (!this.#isServerStopping) this.#blame(number, request, 'no answer');
      return;
    }
    const isLast = answer.headers.get('connection') === 'close';
    if (reader.hasMore && !isLast) this.#blame(number, request, 'an answer that nobody asked for');
    this.#judge(answer, request, number, isHead);
    if (isLast) socket.destroy();
    if (answer.status === 200 && request.bytes.subarray(0, 12).toString() === 'POST /upload') {
      await this.#takeBack(answer, request, number, connections);
    }
  }

  /** Deletes a model that was taken after all. */
  async #takeBack(
    uploaded: Answer,
    request: FuzzedRequest,
    number: number,
    connections: Map<Surface, Connection>,
  ): Promise<void> {
    const body = encodeDelete({ modelId: decodeUploadReply(uploaded.body).modelId });
    const head = [
      'POST /delete HTTP/1.1',
      'Host: blindai-srv',
      `Content-Length: ${body.length}`,
      ...(request.ownerToken === undefined ? [] : [`${headers.ownerToken}: ${request.ownerToken}`]),
    ];
    const { socket, reader } = await this.#connection('management', connections);
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]));
    const answer = await reader.next();
    if (answer?.status !== 200) this.#blame(number, request, 'a model that cannot be deleted');
  }

  async #abuse(attempt: Abuse, number: number): Promise<void> {
    this.#count(this.findings.tried, attempt.kind);
    const { surface, isTls, bytes, ending } = attempt;
    const socket = isTls
      ? await openSurface(this.#ports, surface)
      : await openSocket(this.#ports[surface]);
    const reader = new AnswerReader(socket);
    if (ending === 'reset') {
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
      socket.destroy();
      return;
    }
    socket.write(bytes);
    const done = this.#judgeAll(socket, reader, attempt, number);
    if (ending === 'hold') this.#held.push(done);
    else await done;
  }

  /** A server may take the end of what is sent for the end of interest: first come the answers it owes. */
  async #judgeAll(
    socket: Socket,
    reader: AnswerReader,
    attempt: Abuse,
    number: number,
  ): Promise<void> {
    const answers: Answer[] = [];
    while (answers.length < attempt.least) {
      const answer = await reader.next();
      if (answer === null) break;
      answers.push(answer);
    }
    if (attempt.ending === 'finish') socket.end();
    answers.push(...(await reader.rest()));
    for (const answer of answers) this.#judge(answer, attempt, number, false);
    if (answers.length < attempt.least && !this.#isServerStopping) {
      this.#blame(number, attempt, `${answers.length} answers`);
    }
  }

  #judge(answer: Answer, sent: Sent, number: number, isHead: boolean): void {
    this.#count(this.findings.answered, codeOf(answer));
    const ofKind = this.findings.statuses.get(sent.kind) ?? new Map<number, number>();
    this.findings.statuses.set(sent.kind, ofKind);
    this.#count(ofKind, answer.status);
    if (this.#isServerStopping && codeOf(answer) === 'going-down') return;
    if (this.#alsoTaken.has(codeOf(answer))) return;
    const fault = faultOf(answer, isHead);
    if (fault !== null) this.#blame(number, sent, fault);
    else if (sent.isBad && answer.status < 300)
      this.#blame(number, sent, `status ${answer.status}`);
  }

  async #connection(surface: Surface, connections: Map<Surface, Connection>): Promise<Connection> {
    const known = connections.get(surface);
    if (known?.reader.isOpen === true) return known;
    const socket = await openSurface(this.#ports, surface);
    const connection = { socket, reader: new AnswerReader(socket) };
    connections.set(surface, connection);
    return connection;
  }

  #count<Name>(counts: Map<Name, number>, name: Name): void {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  #blame(number: number, { kind, surface, bytes }: Sent, what: string): void {
    const start = JSON.stringify(bytes.toString('latin1', 0, 120));
    this.findings.faults.push(
      `case ${number} of seed ${this.#seed}, ${kind} on ${surface}: ${what}: ${start}`,
    );
  }
}
