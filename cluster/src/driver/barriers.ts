// Linearizable reads through the log: a barrier entry that this node has applied stands after
// everything that was committed before the call. Callers that come while one is in flight share the
// next one.

export class Barriers {
  readonly #commit: (group: number) => Promise<unknown>;
  readonly #queued = new Map<number, Promise<void>>();
  readonly #running = new Map<number, Promise<void>>();

  constructor(commit: (group: number) => Promise<unknown>) {
    this.#commit = commit;
  }

  pass(group: number): Promise<void> {
    const queued = this.#queued.get(group);
    if (queued !== undefined) return queued;
    const running = this.#running.get(group);
    if (running === undefined) return this.#start(group);
    const started = running.then(
      () => {},
      () => {},
    );
    const done = started.then(() => {
      this.#queued.delete(group);
      return this.#start(group);
    });
    this.#queued.set(group, done);
    return done;
  }

  #start(group: number): Promise<void> {
    const running = this.#commit(group).then(() => {});
    this.#running.set(group, running);
    const forget = () => {
      if (this.#running.get(group) === running) this.#running.delete(group);
    };
    running.then(forget, forget);
    return running;
  }
}
