// A TCP connection whose writes of one turn leave together, so that many calls at once cost one system call.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export class BatchedSocket {
  readonly #socket: Socket;
  #waiting: Uint8Array[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    // What went wrong is told with the end that always follows.
    socket.on('error', () => {});
  }

  /** To a port on loopback, or to the socket at a path. */
  static async open(place: number | string): Promise<BatchedSocket> {
    const socket = typeof place === 'number' ? connect(place, '127.0.0.1') : connect(place);
    await once(socket, 'connect');
    return new BatchedSocket(socket);
  }

  onData(listener: (chunk: Buffer) => void): void {
    this.#socket.on('data', listener);
  }

  onEnd(listener: () => void): void {
    this.#socket.on('close', listener);
  }

  write(bytes: Uint8Array): void {
    if (this.#waiting.push(bytes) === 1) setImmediate(() => this.#flush());
  }

  close(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#socket.write(this.#waiting.length === 1 ? first : Buffer.concat(this.#waiting));
    this.#waiting = [];
  }
}
