// A client's socket to a node, as far as the bench needs one: requests with answers, and signals.
import { once } from 'node:events';
import {
  type Bytes,
  type ClientFrame,
  decodeServerFrame,
  encodeCbor,
  type Ref,
  type ServerFrame,
  type ServerHello,
  socketProofBytes,
} from '@rockpool/protocol';
import { WebSocket } from 'ws';
import { LOOPBACK } from './loopback.ts';

type WithoutRe<F> = F extends { readonly re: number } ? Omit<F, 're'> : never;
export type SignalFrame = Extract<ServerFrame, { type: 'signal' }>;

export interface NodeAddress {
  readonly port: number;
  /** What a browser would send as Origin. */
  readonly origin: string;
}

/** What signs for a device. */
export interface DeviceSigner {
  readonly id: Bytes;
  sign(message: Bytes): Bytes;
}

const PROOF_LIFE_MS = 60_000;

export class RockpoolSocket {
  readonly #socket: WebSocket;
  readonly #origin: string;
  readonly #answers = new Map<number, PromiseWithResolvers<ServerFrame>>();
  readonly #greeted = Promise.withResolvers<ServerHello>();
  #re = 0;
  onSignal: (frame: SignalFrame) => void = () => {};
  /** A request that nobody waits for was refused, or the socket closed by itself. */
  onTrouble: (why: string) => void = () => {};

  private constructor(socket: WebSocket, origin: string) {
    this.#socket = socket;
    this.#origin = origin;
    socket.on('message', (data: Buffer) => this.#take(data));
    socket.on('close', (code, reason) => this.#lost(`closed with ${code} ${reason}`));
    socket.on('error', (error) => this.#lost(error.message));
  }

  /** Open, and greeted. */
  static async open({ port, origin }: NodeAddress, localAddress: string): Promise<RockpoolSocket> {
    const address = `ws://${LOOPBACK}:${port}/ws`;
    const socket = new WebSocket(address, { origin, localAddress, perMessageDeflate: false });
    const opened = new RockpoolSocket(socket, origin);
    await opened.#greeted.promise;
    return opened;
  }

  get hello(): Promise<ServerHello> {
    return this.#greeted.promise;
  }

  /** The answer; rejects when it is an error. */
  async request(frame: WithoutRe<ClientFrame>): Promise<ServerFrame> {
    const answer = Promise.withResolvers<ServerFrame>();
    this.#answers.set(this.post(frame), answer);
    return answer.promise;
  }

  /** Sends without waiting; an error goes to `onTrouble`. */
  post(frame: WithoutRe<ClientFrame>): number {
    this.#re += 1;
    this.#socket.send(encodeCbor({ ...frame, re: this.#re }));
    return this.#re;
  }

  async showDevice(user: Ref, device: DeviceSigner): Promise<void> {
    const { realm, node, nonce, time } = await this.hello;
    const expiry = time + PROOF_LIFE_MS;
    const proof = { realm, node, origin: this.#origin, nonce, device: device.id, expiry };
    const sig = device.sign(socketProofBytes(proof));
    await this.request({ type: 'auth', user, device: device.id, expiry, sig });
  }

  async close(): Promise<void> {
    this.onTrouble = () => {};
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  /** Gone from one moment to the next, as when a network goes. */
  cut(): void {
    this.onTrouble = () => {};
    this.#socket.terminate();
  }

  #take(data: Buffer): void {
    const decoded = decodeServerFrame(new Uint8Array(data));
    if (!decoded.ok) this.#lost(`an unreadable frame: ${decoded.detail}`);
    else if (decoded.value.type === 'signal') this.onSignal(decoded.value);
    else if (decoded.value.type === 'hello') this.#greeted.resolve(decoded.value);
    else if ('re' in decoded.value) this.#settle(decoded.value);
  }

  #settle(answer: Extract<ServerFrame, { re: number }>): void {
    const awaited = this.#answers.get(answer.re);
    this.#answers.delete(answer.re);
    if (answer.type !== 'error') {
      awaited?.resolve(answer);
      return;
    }
    const why = `${answer.code} ${answer.detail}`;
    if (awaited === undefined) this.onTrouble(why);
    else awaited.reject(new Error(why));
  }

  #lost(why: string): void {
    const error = new Error(`a socket to the node: ${why}`);
    this.#greeted.reject(error);
    for (const answer of this.#answers.values()) answer.reject(error);
    this.#answers.clear();
    this.onTrouble(error.message);
  }
}
