// A workbench for tests of the core: one node with everything it puts out, or a group of them with
// a network that loses exactly what a test wants lost.

import { type ConfigurationChange, votersOf } from '../../src/core/configuration.ts';
import {
  baseAt,
  type Configuration,
  type Entry,
  type EntryContent,
  type LogBase,
} from '../../src/core/entry.ts';
import type { Message } from '../../src/core/messages.ts';
import { createRaft } from '../../src/core/raft.ts';
import type {
  ConfirmedRead,
  HardState,
  PersistBatch,
  Proposal,
  ProposeResult,
  Raft,
  RaftConfig,
  RaftEvent,
  RaftLimits,
  RaftStatus,
  SendAfter,
} from '../../src/core/types.ts';
import { chainChecksum } from '../../testing/index.ts';

export const ELECTION_TICKS = 10;
const DELIVERIES_MAX = 100_000;

const LIMITS: RaftLimits = {
  appendBytesMax: 64 * 1024,
  inflightAppendsMax: 64,
  inflightBytesMax: 1024 * 1024,
  uncommittedBytesMax: 1024 * 1024,
  applyBytesMax: 64 * 1024,
  logEntriesKept: 1_000_000,
  logBytesKept: 1024 * 1024 * 1024,
  logBytesMax: 1024 * 1024 * 1024,
  readsMax: 64,
};

export interface NodeOptions {
  readonly self?: string;
  readonly voters?: readonly string[];
  readonly configuration?: Partial<Configuration>;
  readonly hardState?: Partial<HardState>;
  /** Terms of the entries of its log, from index 1 on. */
  readonly log?: readonly number[];
  readonly applied?: number;
  readonly limits?: Partial<RaftLimits>;
  readonly seed?: number;
  /** False: the test says when a batch is durable. */
  readonly autoPersist?: boolean;
  readonly autoApply?: boolean;
}

export function voterIds(count: number): string[] {
  return ['a', 'b', 'c', 'd', 'e', 'f', 'g'].slice(0, count);
}

/** Entries of the given terms, chained, each the same wherever it is made. */
export function entriesOf(
  terms: readonly number[],
  previous: { index: number; checksum: number } = { index: 0, checksum: 0 },
): Entry[] {
  const entries: Entry[] = [];
  let { index, checksum } = previous;
  for (const term of terms) {
    index += 1;
    const entry = commandEntry({ index, term }, checksum);
    checksum = entry.checksum;
    entries.push(entry);
  }
  return entries;
}

export function commandEntry(
  content: Pick<EntryContent, 'index' | 'term'> & Partial<EntryContent>,
  previousChecksum: number,
): Entry {
  const full: EntryContent = {
    group: 1,
    kind: 'command',
    ruleVersion: 1,
    entryTimeMs: 0,
    tableEpoch: 1,
    command: Uint8Array.of(content.term, content.index),
    ...content,
  };
  return { ...full, checksum: chainChecksum(previousChecksum, full) };
}

type Kind = Message['kind'];
type Of<K extends Kind> = Extract<Message, { kind: K }>;

export class Node {
  readonly raft: Raft;
  readonly sent: Message[] = [];
  readonly batches: PersistBatch[] = [];
  readonly applied: Entry[] = [];
  readonly pages: number[] = [];
  readonly events: RaftEvent[] = [];
  readonly reads: ConfirmedRead[] = [];
  readonly failedReads: number[] = [];
  readonly snapshotsFor: string[] = [];
  readonly #config: RaftConfig;
  readonly #autoPersist: boolean;
  readonly #autoApply: boolean;
  /** Where its state machine stands. */
  appliedBase: LogBase;
  #held: SendAfter[] = [];
  #unpersisted: PersistBatch[] = [];

  constructor(options: NodeOptions = {}) {
    const entries = entriesOf(options.log ?? []);
    const lastTerm = entries.at(-1)?.term ?? 0;
    this.#autoPersist = options.autoPersist ?? true;
    this.#autoApply = options.autoApply ?? true;
    const voters = options.voters ?? voterIds(3);
    const configuration = { voters, outgoing: [], learners: [], ...options.configuration };
    this.#config = {
      group: 1,
      self: options.self ?? 'a',
      boot: 1,
      electionTicks: ELECTION_TICKS,
      heartbeatTicks: 1,
      seed: options.seed ?? 1,
      chainChecksum,
      hardState: { term: lastTerm, vote: undefined, commit: 0, ...options.hardState },
      log: { base: { index: 0, term: 0, checksum: 0, entryTimeMs: 0, configuration }, entries },
      applied: options.applied ?? 0,
      limits: { ...LIMITS, ...options.limits },
    };
    this.appliedBase = this.#config.log.base;
    this.raft = createRaft(this.#config);
  }

  get status(): RaftStatus {
    return this.raft.status();
  }

  /** Terms of the log. */
  get terms(): number[] {
    return this.raft.entries(1, this.status.lastIndex).map((entry) => entry.term);
  }

  step<K extends Kind>(
    kind: K,
    fields: Omit<Of<K>, 'kind' | 'group' | 'to' | 'from' | 'isTransfer'> & {
      from?: string;
      group?: number;
      isTransfer?: boolean;
    },
  ): this {
    const envelope = { group: 1, from: 'b', to: this.#config.self };
    const isTransfer = kind === 'voteRequest' ? { isTransfer: false } : {};
    this.raft.step({ kind, ...envelope, ...isTransfer, ...fields } as unknown as Message);
    return this.drain();
  }

  tick(times = 1): this {
    for (let time = 0; time < times; time += 1) {
      this.raft.tick();
      this.drain();
    }
    return this;
  }

  /** Ticks until it campaigns. */
  campaign(): this {
    for (let time = 0; time < 3 * ELECTION_TICKS; time += 1) {
      this.tick();
      if (this.status.role !== 'follower') return this;
    }
    throw new Error('it does not campaign');
  }

  /** Through a campaign that all others support. */
  lead(): this {
    this.campaign();
    const { self } = this.#config;
    const others = votersOf(this.status.configuration).filter((voter) => voter !== self);
    const next = this.status.term + 1;
    for (const from of others) this.step('preVoteReply', { from, term: next, granted: true });
    for (const from of others) {
      this.step('voteReply', { from, term: this.status.term, granted: true });
    }
    if (this.status.role !== 'leader') throw new Error('it does not lead');
    return this;
  }

  propose(proposal: Partial<Proposal> = {}): ProposeResult {
    const command = Uint8Array.of(7);
    const full = { command, entryTimeMs: 0, ruleVersion: 1, tableEpoch: 1, ...proposal };
    const result = this.raft.propose(full);
    this.drain();
    return result;
  }

  /** ok, or why not. */
  change(change: ConfigurationChange): string {
    const result = this.raft.proposeConfiguration(change);
    this.drain();
    return result.ok ? 'ok' : result.code;
  }

  /** The number of the read, or why it was not taken. */
  read(): number | string {
    const result = this.raft.readIndex();
    this.drain();
    return result.ok ? result.read : result.code;
  }

  drain(): this {
    for (let ready = this.raft.ready(); ready !== undefined; ready = this.raft.ready()) {
      this.sent.push(...ready.sendNow);
      this.events.push(...ready.events);
      this.reads.push(...ready.reads);
      this.failedReads.push(...ready.failedReads);
      this.snapshotsFor.push(...ready.snapshotsFor);
      if (ready.sendAfter !== undefined) this.#held.push(ready.sendAfter);
      if (ready.persist !== undefined) {
        this.batches.push(ready.persist);
        this.appliedBase = ready.persist.snapshot ?? this.appliedBase;
        this.#unpersisted.push(ready.persist);
      }
      if (ready.apply.length > 0) {
        this.applied.push(...ready.apply);
        this.pages.push(ready.apply.length);
      }
      if (this.#autoPersist) this.persist();
      if (this.#autoApply) this.#apply(ready.apply);
    }
    return this;
  }

  /** The oldest batches become durable, all if no number is given. */
  persist(batches = this.#unpersisted.length): this {
    for (const { batch, term, index } of this.#unpersisted.splice(0, batches)) {
      for (const held of this.#held) if (held.batch <= batch) this.sent.push(...held.messages);
      this.#held = this.#held.filter((held) => held.batch > batch);
      this.raft.persisted({ batch, term, index });
    }
    return this.#autoPersist ? this : this.drain();
  }

  /** What was sent since last asked, of one kind. */
  take<K extends Kind>(kind: K): Of<K>[] {
    const taken = this.sent.filter((message): message is Of<K> => message.kind === kind);
    this.sent.length = 0;
    return taken;
  }

  /** A new process over what is durable; without the batches that were not. */
  restarted(options: Partial<RaftConfig> = {}): Raft {
    return createRaft({ ...this.#config, ...options });
  }

  #apply(page: readonly Entry[]): void {
    for (const entry of page) this.appliedBase = baseAt(entry, this.appliedBase.configuration);
    const last = page.at(-1);
    if (last !== undefined) this.raft.applied(last.index);
  }
}

export class Group {
  readonly nodes: ReadonlyMap<string, Node>;
  /** True: whoever needs a snapshot gets it at the next delivery. */
  sendsSnapshots = false;
  /** False: the message is lost. */
  passes: (message: Message) => boolean = () => true;

  /** Nodes with options that do not vote are empty, and know of nobody. */
  constructor(voters: number, options: Readonly<Record<string, NodeOptions>> = {}) {
    const ids = voterIds(voters);
    const all = [...new Set([...ids, ...Object.keys(options)])];
    this.nodes = new Map(
      all.map((self, at) => {
        const known = ids.includes(self) ? ids : [];
        const node = new Node({ self, voters: known, seed: at + 1, ...options[self] });
        return [self, node];
      }),
    );
  }

  at(id: string): Node {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`there is no ${id}`);
    return node;
  }

  get leaders(): string[] {
    return [...this.nodes].filter(([, node]) => node.status.role === 'leader').map(([id]) => id);
  }

  cut(...ids: readonly string[]): void {
    this.passes = ({ from, to }) => !ids.includes(from) && !ids.includes(to);
  }

  heal(): void {
    this.passes = () => true;
  }

  /** Until nothing is under way. */
  deliver(): this {
    for (let delivered = 0; delivered < DELIVERIES_MAX; ) {
      const messages = [...this.nodes.values()].flatMap((node) => node.sent.splice(0));
      if (this.sendsSnapshots) messages.push(...this.#snapshots());
      if (messages.length === 0) return this;
      for (const message of messages) {
        delivered += 1;
        if (!this.passes(message)) continue;
        const node = this.at(message.to);
        node.raft.step(message);
        node.drain();
      }
    }
    throw new Error('messages never end');
  }

  #snapshots(): Message[] {
    return [...this.nodes].flatMap(([from, node]) =>
      node.snapshotsFor.splice(0).map((to) => {
        node.raft.snapshotEnded(to, true);
        const { term } = node.status;
        return { kind: 'snapshot' as const, group: 1, from, to, term, base: node.appliedBase };
      }),
    );
  }

  /** Ticks all, delivering after each. */
  tick(times = 1): this {
    for (let time = 0; time < times; time += 1) {
      for (const node of this.nodes.values()) node.tick();
      this.deliver();
    }
    return this;
  }

  /** The others forget their leader, then this one campaigns. */
  elect(id: string): this {
    const { passes } = this;
    this.passes = () => false;
    for (const [other, node] of this.nodes) if (other !== id) node.tick(ELECTION_TICKS);
    this.deliver();
    this.passes = passes;
    this.at(id).campaign();
    return this.deliver();
  }

  /** Each node's log as terms. */
  get logs(): number[][] {
    return [...this.nodes.values()].map((node) => node.terms);
  }
}
