// Calls to the other thread that are not answered yet.

import { failure } from '../driver/submissions.ts';
import type { Bytes, ClusterError, Slot, Submitted } from '../ports.ts';
import type { BatchedPort } from './batched-port.ts';
import { type CarriedError, uncarry } from './carried-error.ts';
import type { CallName, Calls, FromNode, ToNode } from './messages.ts';

/** Calls that wait at the same time, and what may be on its way to the other thread. */
const CALLS_MAX = 16_384;
const WAITING_BYTES_MAX = 67_108_864;

/** Let go of something, however busy the thread is: nobody comes back to try it again. */
const MAKES_ROOM: ReadonlySet<Call> = new Set(['stop', 'closeBackup']);

type Call = CallName | 'submit';

interface Caller {
  readonly name: Call;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class CallTable {
  readonly #port: BatchedPort<ToNode, FromNode>;
  readonly #callers = new Map<number, Caller>();
  #calls = 0;
  #hasEnded = false;

  constructor(port: BatchedPort<ToNode, FromNode>) {
    this.#port = port;
  }

  /** Rejects with what the node rejects with, or ClusterError. Bytes among the arguments are copied. */
  call<Name extends CallName>(
    name: Name,
    ...args: Parameters<Calls[Name]>
  ): Promise<ReturnType<Calls[Name]>> {
    const refusal = this.#refusal(name);
    if (refusal !== undefined) return Promise.reject(refusal);
    const { id, answer } = this.#expect<ReturnType<Calls[Name]>>(name);
    const copied = args.map((arg) => (arg instanceof Uint8Array ? this.#port.copy(arg) : arg));
    this.#port.post(['call', id, name, copied] as unknown as ToNode);
    return answer;
  }

  /** A call that is made by the thousand. */
  submit(slot: Slot, command: Bytes, timeoutMs: number | undefined): Promise<Submitted> {
    const refusal = this.#refusal('submit');
    if (refusal !== undefined) return Promise.reject(refusal);
    const { id, answer } = this.#expect<Submitted>('submit');
    this.#port.postRecord(['submit', id, slot, timeoutMs, command]);
    return answer;
  }

  answered(id: number, value: unknown): void {
    this.#take(id)?.resolve(value);
  }

  failed(id: number, error: CarriedError): void {
    this.#take(id)?.reject(uncarry(error));
  }

  /** The other thread is gone. What was submitted may be committed all the same. */
  end(): void {
    this.#hasEnded = true;
    for (const { name, reject } of this.#callers.values()) {
      reject(failure(name === 'submit' ? 'CLUSTER_TIMEOUT' : 'CLUSTER_STOPPED'));
    }
    this.#callers.clear();
  }

  #refusal(name: Call): ClusterError | undefined {
    if (this.#hasEnded) return failure('CLUSTER_STOPPED');
    const isFull = this.#callers.size >= CALLS_MAX || this.#port.waitingBytes > WAITING_BYTES_MAX;
    return isFull && !MAKES_ROOM.has(name) ? failure('CLUSTER_BUSY') : undefined;
  }

  #expect<Answer>(name: Call): { readonly id: number; readonly answer: Promise<Answer> } {
    this.#calls += 1;
    const id = this.#calls;
    const answer = new Promise<Answer>((resolve, reject) => {
      const settle = resolve as (value: unknown) => void;
      this.#callers.set(id, { name, resolve: settle, reject });
    });
    return { id, answer };
  }

  #take(id: number): Caller | undefined {
    const caller = this.#callers.get(id);
    this.#callers.delete(id);
    return caller;
  }
}
