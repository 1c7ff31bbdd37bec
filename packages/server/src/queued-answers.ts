import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The answers that are due on each connection. When it ends, Node closes the one whose turn it is; in version
 * 20 those that wait behind it (RFC 9112 §9.3.2) would never hear of it, nor would who works on them.
 */
export class QueuedAnswers {
  readonly #due = new WeakMap<Socket, Set<ServerResponse>>();

  add(socket: Socket, outgoing: ServerResponse): void {
    const due = this.#dueOn(socket);
    due.add(outgoing);
    // Before anybody else hears of it.
    outgoing.once('close', () => due.delete(outgoing));
  }

  /** Whether another is due on the connection. */
  areOn(socket: Socket): boolean {
    return (this.#due.get(socket)?.size ?? 0) > 0;
  }

  #dueOn(socket: Socket): Set<ServerResponse> {
    const known = this.#due.get(socket);
    if (known !== undefined) return known;
    const due = new Set<ServerResponse>();
    this.#due.set(socket, due);
    socket.once('close', () => {
      for (const outgoing of due) {
        if (outgoing.closed || outgoing.socket !== null) continue;
        outgoing.destroy();
        // An answer without a socket is destroyed silently.
        if (!outgoing.closed) outgoing.emit('close');
      }
    });
    return due;
  }
}
