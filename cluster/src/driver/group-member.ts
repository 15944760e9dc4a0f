// This node's member of one group: carries out what the pure core wants done. Promises (votes,
// acknowledgements) leave only once their batch is durable; rows travel to the disk behind the
// entries they come from.

import type { Operation } from '@rockpool/storage';
import type { Entry } from '../core/entry.ts';
import type { Message } from '../core/messages.ts';
import type { PersistBatch, Raft, RaftEvent } from '../core/types.ts';
import { encodeHardState, encodeIndex } from '../format/group-records.ts';
import { encodeLogEntry } from '../format/log-entry.ts';
import { entryKey, KEY_KIND, storeKey } from '../format/store-key.ts';
import type { LogStore } from '../store/log-store.ts';
import { type AppliedEntry, type ApplyPorts, applyCommands } from './apply-commands.ts';

export interface MemberHooks {
  send(message: Message): void;
  /** The core may have more to do: drain() is wanted at the end of this turn. */
  wake(group: number): void;
  /** Applied in memory; reads of this node see it. */
  applied(entry: AppliedEntry): void;
  /** What was applied is durable. */
  durable(entries: readonly AppliedEntry[]): void;
  /** Local reads are current for those who asked for this read. */
  readConfirmed(group: number, read: number): void;
  readFailed(group: number, read: number): void;
  event(group: number, event: RaftEvent): void;
  fatal(error: unknown): void;
}

export interface MemberOptions {
  readonly group: number;
  readonly raft: Raft;
  readonly store: LogStore;
  readonly apply: ApplyPorts;
  readonly hooks: MemberHooks;
  /** Index and term of the last entry applied before this start. */
  readonly applied: { readonly index: number; readonly term: number };
}

interface Held {
  readonly batch: number;
  readonly messages: readonly Message[];
}

export class GroupMember {
  readonly group: number;
  readonly raft: Raft;
  readonly #store: LogStore;
  readonly #apply: ApplyPorts;
  readonly #hooks: MemberHooks;
  #storedIndex: number;
  #durableBatch = 0;
  #held: Held[] = [];
  #appliedTerm: number;
  #appliedIndex: number;
  #applying: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: MemberOptions) {
    this.group = options.group;
    this.raft = options.raft;
    this.#store = options.store;
    this.#apply = options.apply;
    this.#hooks = options.hooks;
    this.#storedIndex = options.raft.status().lastIndex;
    this.#appliedIndex = options.applied.index;
    this.#appliedTerm = options.applied.term;
  }

  get appliedTerm(): number {
    return this.#appliedTerm;
  }

  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  /** Takes everything that the core has ready. */
  drain(): void {
    for (;;) {
      const ready = this.#stopped ? undefined : this.raft.ready();
      if (ready === undefined) return;
      if (ready.persist !== undefined) this.#persist(ready.persist);
      for (const message of ready.sendNow) this.#hooks.send(message);
      if (ready.sendAfter !== undefined) this.#sendAfter(ready.sendAfter);
      for (const { read } of ready.reads) this.#hooks.readConfirmed(this.group, read);
      for (const read of ready.failedReads) this.#hooks.readFailed(this.group, read);
      for (const event of ready.events) this.#hooks.event(this.group, event);
      if (ready.apply.length > 0) this.#applying = this.#applyPage(ready.apply);
    }
  }

  /** Nothing more is taken from the core; waits for the page in work. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#applying;
  }

  #persist(persist: PersistBatch): void {
    const operations: Operation[] = [];
    const { group } = this;
    if (persist.truncateFrom !== undefined) {
      for (let index = persist.truncateFrom; index <= this.#storedIndex; index += 1) {
        operations.push({ key: entryKey(group, index), payload: null });
      }
    }
    for (const entry of persist.entries) {
      operations.push({ key: entryKey(group, entry.index), payload: encodeLogEntry(entry) });
    }
    if (persist.hardState !== undefined) {
      const payload = encodeHardState(persist.hardState);
      operations.push({ key: storeKey(KEY_KIND.hardState, group), payload });
    }
    this.#storedIndex = persist.index;
    this.#store.stage(operations, 'urgent', () => this.#persisted(persist));
  }

  #persisted(persist: PersistBatch): void {
    if (this.#stopped) return;
    this.#durableBatch = persist.batch;
    const { batch, term, index } = persist;
    this.raft.persisted({ batch, term, index });
    while (this.#held[0] !== undefined && this.#held[0].batch <= batch) {
      for (const message of this.#held.shift()?.messages ?? []) this.#hooks.send(message);
    }
    this.#hooks.wake(this.group);
  }

  #sendAfter(held: Held): void {
    if (held.batch > this.#durableBatch) {
      this.#held.push(held);
      return;
    }
    for (const message of held.messages) this.#hooks.send(message);
  }

  /** The core gives the next page only after this one: entries are applied in order, one by one. */
  async #applyPage(entries: readonly Entry[]): Promise<void> {
    const last = entries.at(-1);
    if (last === undefined) return;
    try {
      await this.#store.room();
      const page = await applyCommands(entries, this.#apply);
      const applied = {
        key: storeKey(KEY_KIND.applied, this.group),
        payload: encodeIndex(last.index),
      };
      this.#store.stage([...page.operations, applied], 'lazy', () =>
        this.#hooks.durable(page.entries),
      );
      for (const entry of page.entries) {
        this.#appliedIndex = entry.entry.index;
        this.#appliedTerm = entry.entry.term;
        this.#hooks.applied(entry);
      }
      if (this.#stopped) return;
      this.raft.applied(last.index);
      this.#hooks.wake(this.group);
    } catch (error) {
      this.#hooks.fatal(error);
    }
  }
}
