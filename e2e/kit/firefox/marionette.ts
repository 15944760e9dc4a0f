// Firefox's remote control, as its WebDriver uses it: JSON over TCP, each message with its length before it.
// https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

const COMMAND_TIMEOUT_MS = 120_000;
const MESSAGE_CHARACTERS_MAX = 64 * 1024 * 1024;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class Marionette {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #held = Buffer.alloc(0);
  #next = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#fail(new Error('Firefox has ended')));
  }

  /** Rejects where nothing listens yet. */
  static async connect(port: number): Promise<Marionette> {
    const socket = createConnection({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return new Marionette(socket);
  }

  /** Resolves to what the command answers. */
  send(name: string, parameters: object = {}): Promise<unknown> {
    const id = this.#next++;
    const message = Buffer.from(JSON.stringify([0, id, name, parameters]));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new Error(`${name} took over ${COMMAND_TIMEOUT_MS} ms`));
      }, COMMAND_TIMEOUT_MS);
      const settle =
        <Value>(conclude: (value: Value) => void) =>
        (value: Value) => {
          clearTimeout(timer);
          conclude(value);
        };
      this.#pending.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#socket.write(Buffer.concat([Buffer.from(`${message.length}:`), message]));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    for (;;) {
      const colon = this.#held.indexOf(':');
      if (colon < 0) return;
      const length = Number(this.#held.toString('latin1', 0, colon));
      if (!(length <= MESSAGE_CHARACTERS_MAX)) {
        this.close();
        return;
      }
      if (this.#held.length < colon + 1 + length) return;
      const text = this.#held.toString('utf8', colon + 1, colon + 1 + length);
      this.#held = this.#held.subarray(colon + 1 + length);
      this.#message(JSON.parse(text));
    }
  }

  /** The first message is a greeting, and an object; answers are `[1, id, error, value]`. */
  #message(message: unknown): void {
    if (!Array.isArray(message)) return;
    const [, id, error, value] = message;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === null) pending?.resolve(value);
    else pending?.reject(new Error(`${error.error}: ${error.message}`));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
