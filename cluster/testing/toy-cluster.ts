// Three toy nodes as processes, from their parent's side: starts, kills, and carries requests.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ToyReply, ToyRequest } from './toy-node.ts';

const SCRIPT = join(import.meta.dirname, 'toy-node.ts');

type Ask<R> = R extends { readonly id: number } ? Omit<R, 'id'> : never;

/** A request that ended without a value; `code` is the node's, or GONE when its process died. */
export class ToyFailure extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly waiting: Map<number, PromiseWithResolvers<unknown>>;
  readonly started: PromiseWithResolvers<void>;
  readonly ended: Promise<unknown>;
  isUp: boolean;
  /** Why the node said that it stops. */
  stoppedBy: string | undefined;
}

export class ToyCluster {
  readonly #dataDirs: readonly string[];
  readonly #running = new Map<number, Running>();
  readonly #addresses = new Map<string, string>();
  #nextUp = Promise.withResolvers<void>();
  #requests = 0;

  constructor(dataDirs: readonly string[]) {
    this.#dataDirs = dataDirs;
  }

  /** The nodes that have started and were not killed. */
  get alive(): readonly number[] {
    return [...this.#running].filter(([, { isUp }]) => isUp).map(([at]) => at);
  }

  /** Resolves when the next node is up. */
  nextUp(): Promise<void> {
    return this.#nextUp.promise;
  }

  /** Resolves once the node listens; rejects with its code if it refuses to start. */
  async start(at: number): Promise<void> {
    const child = fork(SCRIPT, [this.#dataDirs[at] ?? ''], { execArgv: [], stdio: 'inherit' });
    const running: Running = {
      child,
      waiting: new Map(),
      started: Promise.withResolvers(),
      ended: once(child, 'exit'),
      isUp: false,
      stoppedBy: undefined,
    };
    this.#running.set(at, running);
    child.on('message', (reply: ToyReply) => this.#replied(running, reply));
    child.once('exit', () => this.#exited(at, running));
    this.#tellAddresses();
    await running.started.promise;
  }

  /** kill -9. */
  async kill(at: number): Promise<void> {
    const running = this.#running.get(at);
    if (running !== undefined) running.isUp = false;
    running?.child.kill('SIGKILL');
    await running?.ended;
  }

  /** The code with which the node stops by itself. */
  async stoppedBy(at: number): Promise<string | undefined> {
    const running = this.#running.get(at);
    await running?.ended;
    return running?.stoppedBy;
  }

  ask(at: number, request: Ask<ToyRequest>): Promise<unknown> {
    const running = this.#running.get(at);
    if (running === undefined || !running.child.connected) {
      return Promise.reject(new ToyFailure('GONE'));
    }
    this.#requests += 1;
    const id = this.#requests;
    const answer = Promise.withResolvers<unknown>();
    running.waiting.set(id, answer);
    this.#tell(running, { ...request, id });
    return answer.promise;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((at) => this.kill(at)));
  }

  #replied(running: Running, reply: ToyReply): void {
    switch (reply.kind) {
      case 'started':
        this.#addresses.set(reply.nodeId, reply.address);
        for (const other of this.#running.values()) this.#tell(other, this.#addressList());
        running.isUp = true;
        running.started.resolve();
        this.#nextUp.resolve();
        this.#nextUp = Promise.withResolvers();
        return;
      case 'stopped':
        running.stoppedBy = reply.code;
        return;
      case 'done':
        running.waiting.get(reply.id)?.resolve(reply.value);
        running.waiting.delete(reply.id);
        return;
      case 'failed':
        running.waiting.get(reply.id)?.reject(new ToyFailure(reply.code));
        running.waiting.delete(reply.id);
        return;
    }
  }

  #exited(at: number, running: Running): void {
    if (this.#running.get(at) === running) this.#running.delete(at);
    running.started.reject(new ToyFailure(running.stoppedBy ?? 'GONE'));
    for (const answer of running.waiting.values()) answer.reject(new ToyFailure('GONE'));
    running.waiting.clear();
  }

  #tellAddresses(): void {
    for (const running of this.#running.values()) this.#tell(running, this.#addressList());
  }

  #addressList(): ToyRequest {
    return { kind: 'addresses', addresses: Object.fromEntries(this.#addresses) };
  }

  #tell(running: Running, request: ToyRequest): void {
    // A child that died in this very moment is told nothing; its exit ends what waits for it.
    if (running.child.connected) running.child.send(request, () => {});
  }
}
