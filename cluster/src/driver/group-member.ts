// This node's member of one group: carries out what the pure core wants done. Promises (votes,
// acknowledgements) leave only once their batch is durable; rows travel to the disk behind the
// entries they come from.

import type { Operation } from '@rockpool/storage';
import { baseAt, type Configuration, type Entry, type LogBase } from '../core/entry.ts';
import type { PeerMessage } from '../core/messages.ts';
import type { PersistBatch, Raft, RaftEvent } from '../core/types.ts';
import { decodeGroupSlots, encodeLogBase } from '../format/group-records.ts';
import type { SnapshotAnswer, SnapshotChunk } from '../format/snapshot-payload.ts';
import { KEY_KIND, storeKey } from '../format/store-key.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import type { LogStore } from '../store/log-store.ts';
import type { LogRow } from '../store/verify-store.ts';
import { type AppliedEntry, type ApplyPorts, applyCommands } from './apply-commands.ts';
import { HeldPromises } from './held-promises.ts';
import { LogOperations } from './log-operations.ts';
import { type ReceivedSnapshot, SnapshotReceiver } from './snapshot-receiver.ts';

export interface MemberHooks {
  send(message: PeerMessage): void;
  /** The core may have more to do: drain() is wanted at the end of this turn. */
  wake(group: number): void;
  /** Reads of this node see it. Committed, and durable as entries: rows follow, or are made again from them. */
  applied(entries: readonly AppliedEntry[]): void;
  /** Local reads are current for those who asked for this read. */
  readConfirmed(group: number, read: number): void;
  readFailed(group: number, read: number): void;
  /** The follower needs this node's state of the group. */
  sendSnapshot(group: number, to: string): void;
  answerSnapshot(to: string, answer: SnapshotAnswer): void;
  /** Entries up to the applied index were skipped: of their outcome only the sessions tell. */
  skipped(group: number, sessions: SessionTable): void;
  /** Rows changed without their entries being applied, and are durable. */
  replaced(group: number): void;
  event(group: number, event: RaftEvent): void;
  /** Entries that every state machine has by now were dropped. */
  compacted(group: number): void;
  fatal(error: unknown): void;
}

export interface MemberOptions {
  readonly group: number;
  readonly self: string;
  readonly raft: Raft;
  readonly store: LogStore;
  readonly apply: ApplyPorts;
  readonly hooks: MemberHooks;
  /** How the log lies in the store. */
  readonly logRows: readonly LogRow[];
  /** The last entry applied before this start. */
  readonly applied: Pick<LogBase, 'index' | 'term' | 'configuration'>;
}

export class GroupMember {
  readonly group: number;
  readonly raft: Raft;
  readonly #store: LogStore;
  #apply: ApplyPorts;
  readonly #hooks: MemberHooks;
  readonly #self: string;
  readonly #receiver: SnapshotReceiver;
  #received: ReceivedSnapshot | undefined;
  readonly #log: LogOperations;
  readonly #held = new HeldPromises();
  #appliedTerm: number;
  #appliedIndex: number;
  /** As of the last entry applied; a snapshot says it to a node that has not the entries. */
  #appliedConfiguration: Configuration;
  #applying: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: MemberOptions) {
    this.group = options.group;
    this.raft = options.raft;
    this.#store = options.store;
    this.#apply = options.apply;
    this.#hooks = options.hooks;
    this.#self = options.self;
    this.#log = new LogOperations(options.group, options.logRows, options.raft);
    this.#receiver = this.#makeReceiver();
    this.#appliedIndex = options.applied.index;
    this.#appliedTerm = options.applied.term;
    this.#appliedConfiguration = options.applied.configuration;
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
      if (ready.sendAfter !== undefined) {
        for (const message of this.#held.hold(ready.sendAfter)) this.#hooks.send(message);
      }
      for (const { read } of ready.reads) this.#hooks.readConfirmed(this.group, read);
      for (const read of ready.failedReads) this.#hooks.readFailed(this.group, read);
      for (const to of ready.snapshotsFor) this.#hooks.sendSnapshot(this.group, to);
      for (const event of ready.events) this.#noteEvent(event);
      if (ready.apply.length > 0) this.#applying = this.#applyPage(ready.apply);
    }
  }

  /** Nothing more is taken from the core; waits for the page in work. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#applying;
  }

  /** A part of a snapshot that this node's leader sends. */
  chunk(from: string, chunk: SnapshotChunk): void {
    if (!this.#stopped) this.#receiver.chunk(from, chunk);
  }

  #persist(persist: PersistBatch): void {
    const operations = this.#log.of(persist);
    if (persist.compactTo !== undefined) this.#hooks.compacted(this.group);
    const durable = () => this.#persisted(persist);
    if (persist.snapshot === undefined) this.#store.stage(operations, 'urgent', durable);
    else this.#install(persist.snapshot, operations, durable);
  }

  /** From here on reads see what was received; no page is being applied meanwhile. */
  #install(base: LogBase, operations: readonly Operation[], durable: () => void): void {
    const { group } = this;
    const received = this.#received;
    const slots = received && decodeGroupSlots(received.slots);
    if (received?.base.index !== base.index || slots === undefined) {
      throw new Error('the core installs what was received');
    }
    this.#received = undefined;
    this.#apply.meta?.restore(received.clusterRows);
    this.#apply.sessions.restore(received.sessionRows);
    this.#apply = { ...this.#apply, slots };
    this.#appliedIndex = base.index;
    this.#appliedTerm = base.term;
    this.#appliedConfiguration = base.configuration;
    const slotsRecord = { key: storeKey(KEY_KIND.slots, group), payload: received.slots };
    this.#store.stageSwitch(group, [...operations, slotsRecord], () => {
      durable();
      this.#clear().catch((error: unknown) => this.#hooks.fatal(error));
      this.#hooks.replaced(group);
    });
    this.#hooks.skipped(group, this.#apply.sessions);
  }

  #makeReceiver(): SnapshotReceiver {
    const { group } = this;
    return new SnapshotReceiver({
      group,
      status: () => this.raft.status(),
      isInstalling: () => this.#received !== undefined,
      clear: () => this.#clear(),
      stage: (rows) => this.#store.stageReceived(group, rows),
      received: (from, term, snapshot) => this.#complete(from, term, snapshot),
      answer: (to, answer) => this.#hooks.answerSnapshot(to, answer),
      fatal: (error) => this.#hooks.fatal(error),
    });
  }

  #complete(from: string, term: number, received: ReceivedSnapshot): void {
    if (this.#stopped) return;
    const { group, raft } = this;
    const { base } = received;
    this.#received = received;
    raft.step({ kind: 'snapshot', group, from, to: this.#self, term, base });
    this.#hooks.wake(group);
  }

  #clear(): Promise<void> {
    return this.#stopped ? Promise.resolve() : this.#store.clearOther(this.group);
  }

  #noteEvent(event: RaftEvent): void {
    if (event.kind !== 'snapshotNotNeeded') {
      this.#hooks.event(this.group, event);
      return;
    }
    this.#received = undefined;
    // Its rows go: whoever sends the same again must not hear that it is here.
    this.#receiver.forget();
    this.#clear().catch((error: unknown) => this.#hooks.fatal(error));
  }

  #persisted(persist: PersistBatch): void {
    if (this.#stopped) return;
    const { batch, term, index } = persist;
    this.raft.persisted({ batch, term, index });
    for (const message of this.#held.release(batch)) this.#hooks.send(message);
    this.#hooks.wake(this.group);
  }

  /** Where the state machine stands once this page is applied. */
  #placeOf(page: readonly Entry[], last: Entry): LogBase {
    const changed = page.findLast(({ configuration }) => configuration !== undefined);
    this.#appliedConfiguration = changed?.configuration ?? this.#appliedConfiguration;
    return baseAt(last, this.#appliedConfiguration);
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
        payload: encodeLogBase(this.#placeOf(entries, last)),
      };
      this.#store.stage([...page.operations, applied], 'lazy');
      this.#appliedIndex = last.index;
      this.#appliedTerm = last.term;
      this.#hooks.applied(page.entries);
      if (this.#stopped) return;
      this.raft.applied(last.index);
      this.#hooks.wake(this.group);
    } catch (error) {
      this.#hooks.fatal(error);
    }
  }
}
