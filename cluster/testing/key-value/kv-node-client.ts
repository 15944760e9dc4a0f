// The client of a key-value node: requests by number over one connection, as many at once as asked.
import { BatchedSocket } from './batched-socket.ts';
import { frameBuffer } from './frame-buffer.ts';
import type { KeyValue, KeyValueClient } from './key-value-client.ts';
import { decodeFound, putCommand, swapCommand } from './kv-command.ts';
import {
  decodeKvFrame,
  decodeRows,
  encodeKvFrame,
  KV_REQUEST,
  KV_SHAPE,
  KV_STATUS,
} from './kv-frames.ts';

export interface KvNodeState {
  readonly ready: boolean;
  /** Each shard group by a slot of it. */
  readonly groups: readonly {
    readonly slot: number;
    readonly leads: boolean;
    readonly term: number;
  }[];
}

/** The node refused, and nothing changed. */
export class KvRefusal extends Error {}

interface Waiting {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: Error) => void;
}

export class KvNodeClient implements KeyValueClient {
  readonly #socket: BatchedSocket;
  readonly #slot: Buffer;
  readonly #waiting = new Map<number, Waiting>();
  #requests = 0;

  private constructor(socket: BatchedSocket, slot: number) {
    this.#socket = socket;
    this.#slot = Buffer.alloc(2);
    this.#slot.writeUInt16BE(slot);
    const frames = frameBuffer(KV_SHAPE);
    socket.onData((chunk) => {
      for (const frame of frames(chunk)) {
        const { request, code, body } = decodeKvFrame(frame);
        const waiting = this.#waiting.get(request);
        this.#waiting.delete(request);
        if (code === KV_STATUS.done) waiting?.resolve(body);
        else if (code === KV_STATUS.refused) waiting?.reject(new KvRefusal(body.toString()));
        else waiting?.reject(new Error(body.toString()));
      }
    });
    socket.onEnd(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the connection ended'));
      this.#waiting.clear();
    });
  }

  /** By a port on loopback, or the path of a socket. */
  static async open(place: number | string, slot: number): Promise<KvNodeClient> {
    return new KvNodeClient(await BatchedSocket.open(place), slot);
  }

  async put(key: Buffer, value: Buffer): Promise<void> {
    const command = putCommand(key, value);
    await this.#ask(KV_REQUEST.command, Buffer.concat([this.#slot, command]));
  }

  /** Puts the value if it finds the expected one; answers what it found. */
  async swap(
    key: Buffer,
    expected: Buffer | undefined,
    value: Buffer,
  ): Promise<Buffer | undefined> {
    const command = swapCommand(key, expected, value);
    return decodeFound(await this.#ask(KV_REQUEST.command, Buffer.concat([this.#slot, command])));
  }

  /** The current value, whichever node answers. */
  async read(key: Buffer): Promise<Buffer | undefined> {
    return decodeFound(await this.#ask(KV_REQUEST.read, Buffer.concat([this.#slot, key])));
  }

  async page(after: Buffer | undefined): Promise<readonly KeyValue[]> {
    const from = after === undefined ? this.#slot : Buffer.concat([this.#slot, after]);
    const rows = decodeRows(await this.#ask(KV_REQUEST.page, from));
    if (rows === undefined) throw new Error('the node answered no rows');
    return rows;
  }

  async state(): Promise<KvNodeState> {
    return JSON.parse((await this.#ask(KV_REQUEST.state, Buffer.alloc(0))).toString());
  }

  close(): void {
    this.#socket.close();
  }

  #ask(kind: number, body: Buffer): Promise<Buffer> {
    this.#requests = (this.#requests + 1) >>> 0;
    const request = this.#requests;
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
      this.#socket.write(encodeKvFrame(request, kind, body));
    });
  }
}
