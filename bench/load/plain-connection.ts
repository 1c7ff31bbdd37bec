import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

/** Where a server is, and the certificate that it was verified to have. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** DER. */
  readonly certificate: Uint8Array;
}

/**
 * A connection that sends prepared bytes and passes over the answers: hardly any work beside encryption, so
 * that the server is measured and not who asks.
 */
export class PlainConnection {
  readonly #socket: TLSSocket;
  #head = '';
  /** Of the present answer's body; null while its head is read. */
  #left: number | null = null;
  #settle: { resolve: () => void; reject: (error: Error) => void } | null = null;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** @throws {Error} unless the server shows exactly the certificate. */
  static async open({ host, port, certificate }: Target): Promise<PlainConnection> {
    const socket = connect({
      host,
      port,
      servername: 'blindai-srv',
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    socket.setNoDelay(true).on('error', () => {});
    if (socket.getPeerX509Certificate()?.raw.equals(certificate) !== true) {
      socket.destroy();
      throw new Error('another certificate than the one that was verified');
    }
    return new PlainConnection(socket);
  }

  /** Sends a request and waits for its answer. @throws {Error} unless that is 200. */
  async ask(request: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let body = chunk.length;
    if (this.#left === null) {
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!this.#head.startsWith('HTTP/1.1 200 ')) {
        this.#fail(new Error(this.#head.slice(0, this.#head.indexOf('\r\n'))));
        return;
      }
      body = this.#head.length - end - 4;
      this.#left = Number(/^content-length: (\d+)/im.exec(this.#head)![1]);
      this.#head = '';
    }
    this.#left -= body;
    if (this.#left > 0) return;
    this.#left = null;
    this.#settle?.resolve();
    this.#settle = null;
  }

  #fail(error: Error): void {
    this.#settle?.reject(error);
    this.#settle = null;
    this.#socket.destroy();
  }
}
