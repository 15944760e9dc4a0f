// Callers that want to read what is current. Those of one turn and group share one read of the core; it
// ends when this node has applied what the leader had committed by then, or is asked for again, in a
// read of its own, while the callers' time lasts.

import type { After, Cancel } from '@rockpool/storage';
import type { Raft } from '../core/types.ts';
import type { ClusterError, ClusterErrorCode } from '../ports.ts';
import { failure } from './submissions.ts';

/** Callers of one node that wait at the same time. */
const CALLERS_MAX = 16_384;

interface Caller {
  readonly cancelTimer: Cancel;
  readonly resolve: () => void;
  readonly reject: (error: ClusterError) => void;
  hasEnded: boolean;
  /** Why it waits. */
  reason: ClusterErrorCode;
}

interface GroupReads {
  waiting: Caller[];
  /** By the core's number of the read. */
  readonly asked: Map<number, readonly Caller[]>;
}

export class CurrentReads {
  readonly #after: After;
  readonly #wake: (group: number) => void;
  readonly #groups = new Map<number, GroupReads>();
  #callers = 0;
  #stopped = false;

  /** `wake` sees to it that ask() is called for the group. */
  constructor(after: After, wake: (group: number) => void) {
    this.#after = after;
    this.#wake = wake;
  }

  /** Resolves when local reads of the group see all that was committed before the call. */
  current(group: number, timeoutMs: number): Promise<void> {
    if (this.#stopped) return Promise.reject(failure('CLUSTER_STOPPED'));
    if (this.#callers >= CALLERS_MAX) return Promise.reject(failure('CLUSTER_BUSY'));
    this.#callers += 1;
    return new Promise((resolve, reject) => {
      const caller: Caller = {
        cancelTimer: this.#after(timeoutMs, () => this.#end(caller, caller.reason)),
        resolve,
        reject,
        hasEnded: false,
        reason: 'CLUSTER_NO_LEADER',
      };
      this.#reads(group).waiting.push(caller);
      this.#wake(group);
    });
  }

  /** Those who could not ask yet, or whose read has failed, may try again. */
  wakeWaiting(): void {
    for (const [group, { waiting }] of this.#groups) if (waiting.length > 0) this.#wake(group);
  }

  /** For those who came since the last turn, or whose read has failed. */
  ask(group: number, raft: Pick<Raft, 'readIndex'>): void {
    const reads = this.#groups.get(group);
    if (reads === undefined || reads.waiting.length === 0) return;
    const callers = reads.waiting.filter(({ hasEnded }) => !hasEnded);
    reads.waiting = callers;
    if (callers.length === 0) return;
    const result = raft.readIndex();
    const reason = result.ok ? 'CLUSTER_TIMEOUT' : REASONS[result.code];
    for (const caller of callers) caller.reason = reason;
    if (!result.ok) return;
    reads.waiting = [];
    reads.asked.set(result.read, callers);
  }

  confirmed(group: number, read: number): void {
    for (const caller of this.#take(group, read)) this.#end(caller, undefined);
  }

  failed(group: number, read: number): void {
    this.#reads(group).waiting.push(...this.#take(group, read));
  }

  stop(): void {
    this.#stopped = true;
    for (const { waiting, asked } of this.#groups.values()) {
      for (const caller of [...waiting, ...[...asked.values()].flat()]) {
        this.#end(caller, 'CLUSTER_STOPPED');
      }
    }
    this.#groups.clear();
  }

  #take(group: number, read: number): readonly Caller[] {
    const asked = this.#groups.get(group)?.asked;
    const callers = asked?.get(read) ?? [];
    asked?.delete(read);
    return callers;
  }

  #end(caller: Caller, code: ClusterErrorCode | undefined): void {
    if (caller.hasEnded) return;
    caller.hasEnded = true;
    this.#callers -= 1;
    caller.cancelTimer();
    if (code === undefined) caller.resolve();
    else caller.reject(failure(code));
  }

  #reads(group: number): GroupReads {
    const found = this.#groups.get(group);
    if (found !== undefined) return found;
    const fresh: GroupReads = { waiting: [], asked: new Map() };
    this.#groups.set(group, fresh);
    return fresh;
  }
}

const REASONS = { NO_LEADER: 'CLUSTER_NO_LEADER', BUSY: 'CLUSTER_BUSY' } as const;
