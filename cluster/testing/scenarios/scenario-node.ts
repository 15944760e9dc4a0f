// One node of a scenario: the real core, a disk, and a state machine. Each input is followed by all that the
// core then wants done; a slow disk or state machine waits to be told when it is done.

import { RaftInvariantError } from '../../src/core/assert.ts';
import type { Entry, NodeId } from '../../src/core/entry.ts';
import type { Message } from '../../src/core/messages.ts';
import { createRaft } from '../../src/core/raft.ts';
import type { HardState, Raft, RaftConfig, Ready, SendAfter } from '../../src/core/types.ts';
import { SimDisk, type SimState } from '../sim/disk.ts';
import { MADE_COMMAND, madeEntry } from './forged.ts';
import { baseText, batchText, entriesText, eventText, messageText } from './notation.ts';

/** A snapshot's content travels with it. */
export interface Letter {
  readonly message: Message;
  readonly state?: SimState;
}

/** What is seen of a node: `detail` is left out where a scenario asks for the outcome only. */
export type Note = (line: string, weight: 'outcome' | 'detail') => void;

export interface NodeHost {
  readonly note: Note;
  send(letter: Letter): void;
  applied(node: NodeId, entry: Entry): void;
  elected(node: NodeId, term: number): void;
}

export interface NodeSettings
  extends Pick<
    RaftConfig,
    'electionTicks' | 'heartbeatTicks' | 'limits' | 'chainChecksum' | 'group'
  > {
  /** What a new disk holds. */
  readonly first: SimState;
}

const OUTPUTS_MAX = 10_000;

export class ScenarioNode {
  readonly id: NodeId;
  readonly #settings: NodeSettings;
  readonly #host: NodeHost;
  #disk: SimDisk;
  readonly #received = new Map<number, SimState>();
  #held: SendAfter[] = [];
  #pages: (readonly Entry[])[] = [];
  #raft: Raft | undefined;
  #boots = 0;
  isDiskSlow = false;
  isApplySlow = false;

  constructor(id: NodeId, settings: NodeSettings, host: NodeHost) {
    this.id = id;
    this.#settings = settings;
    this.#host = host;
    this.#disk = new SimDisk(settings.first);
  }

  get raft(): Raft | undefined {
    return this.#raft;
  }

  get state(): SimState {
    return this.#disk.state;
  }

  /** What stands in the durable log, for entries that a scenario chains to it. */
  checksumAt(index: number): number {
    const { base, entries } = this.#disk.log;
    if (index === base.index) return base.checksum;
    return entries.find((entry) => entry.index === index)?.checksum ?? 0;
  }

  /** A new disk with this content, for a node that is down. */
  given(hardState: HardState, terms: readonly number[], applied: number): void {
    this.#disk = new SimDisk(this.#settings.first);
    const entries: Entry[] = [];
    for (const [at, term] of terms.entries()) {
      const place = { index: at + 1, term };
      entries.push(madeEntry(place, MADE_COMMAND, entries.at(-1)?.checksum ?? 0));
    }
    this.#rewrite({ hardState, entries, truncateFrom: 1 });
    this.#disk.apply(entries.slice(0, applied));
  }

  /** The disk loses the end of the log. */
  lose(from: number): void {
    this.#rewrite({ hardState: undefined, entries: [], truncateFrom: from });
  }

  /** The disk gives back another command than was written, under the old checksum. */
  damage(index: number): void {
    const { entries } = this.#disk.log;
    const changed = entries.map((entry) =>
      entry.index === index ? { ...entry, command: Buffer.from('damaged') } : entry,
    );
    const truncateFrom = this.#disk.log.base.index + 1;
    this.#rewrite({ hardState: undefined, entries: changed, truncateFrom });
  }

  start(): void {
    this.#boots += 1;
    const { first, ...settings } = this.#settings;
    this.#guarded('does not start', () => {
      const config = {
        ...settings,
        self: this.id,
        boot: this.#boots,
        seed: Number(this.id),
        hardState: this.#disk.hardState,
        log: this.#disk.log,
        applied: this.#disk.appliedIndex,
      };
      this.#raft = createRaft(config);
    });
    this.input(() => {});
  }

  /** Of the batches that are being written the first `kept` reach the disk. */
  crash(kept: number): void {
    this.#disk.crash(Math.min(kept, this.#disk.batchesInFlight));
    this.#raft = undefined;
    this.#held = [];
    this.#pages = [];
    this.#received.clear();
  }

  /** Calls the core, and carries out what it then wants. */
  input(call: (raft: Raft) => void): void {
    const raft = this.#raft;
    if (raft === undefined) return;
    this.#guarded('stops', () => {
      call(raft);
      for (let outputs = 0; ; outputs += 1) {
        if (outputs > OUTPUTS_MAX) throw new Error('the core never comes to rest');
        const ready = raft.ready();
        if (ready === undefined) return;
        this.#carryOut(ready);
      }
    });
  }

  receive({ message, state }: Letter): void {
    if (state !== undefined) this.#received.set(state.base.index, state);
    this.input((raft) => raft.step(message));
  }

  /** The oldest batch that is being written becomes durable. */
  persistOldest(): boolean {
    if (this.#disk.batchesInFlight === 0) return false;
    this.input(() => this.#persist());
    return true;
  }

  applyOldest(): boolean {
    if (this.#pages.length === 0) return false;
    this.input(() => this.#apply());
    return true;
  }

  #carryOut(ready: Ready): void {
    for (const event of ready.events) {
      this.#note(eventText(event), 'outcome');
      if (event.kind === 'roleChanged' && event.to === 'leader') {
        this.#host.elected(this.id, event.term);
      }
    }
    if (ready.persist !== undefined) {
      this.#note(batchText(ready.persist), 'detail');
      const { snapshot } = ready.persist;
      this.#disk.write(ready.persist, snapshot && this.#received.get(snapshot.index));
    }
    for (const message of ready.sendNow) this.#host.send({ message });
    if (ready.sendAfter !== undefined) this.#hold(ready.sendAfter);
    if (ready.persist !== undefined && !this.isDiskSlow) this.#persist();
    if (ready.apply.length > 0) {
      this.#pages.push(ready.apply);
      if (this.isApplySlow) this.#note(`has to apply ${entriesText(ready.apply)}`, 'outcome');
      else this.#apply();
    }
    for (const { read, index } of ready.reads) {
      this.#note(`read ${read} is current at ${index}`, 'outcome');
    }
    for (const read of ready.failedReads) this.#note(`read ${read} fails`, 'outcome');
    for (const to of ready.snapshotsFor) this.#note(`has to send ${to} a snapshot`, 'outcome');
  }

  #hold(sendAfter: SendAfter): void {
    this.#held.push(sendAfter);
    if (!this.isDiskSlow) return;
    for (const message of sendAfter.messages) {
      const text = `${message.to} ${messageText(message)}`;
      this.#note(`holds until #${sendAfter.batch}: -> ${text}`, 'detail');
    }
  }

  #persist(): void {
    const { batch, term, index, snapshot } = this.#disk.completeOldest();
    if (this.isDiskSlow) this.#note(`#${batch} is durable`, 'detail');
    if (snapshot !== undefined) this.#note(`goes on from ${baseText(snapshot)}`, 'outcome');
    const released = this.#held.filter((held) => held.batch <= batch);
    this.#held = this.#held.filter((held) => held.batch > batch);
    for (const { messages } of released)
      for (const message of messages) this.#host.send({ message });
    this.#raft?.persisted({ batch, term, index });
  }

  #apply(): void {
    const page = this.#pages.shift() ?? [];
    this.#note(`applies ${entriesText(page)}`, 'outcome');
    for (const entry of page) this.#host.applied(this.id, entry);
    this.#disk.apply(page);
    this.#raft?.applied(page.at(-1)?.index ?? 0);
  }

  #rewrite(content: {
    readonly hardState: HardState | undefined;
    readonly entries: readonly Entry[];
    readonly truncateFrom: number;
  }): void {
    const whole = { batch: 0, snapshot: undefined, compactTo: undefined, term: 0, index: 0 };
    this.#disk.write({ ...whole, ...content }, undefined);
    this.#disk.completeOldest();
  }

  #note(text: string, weight: 'outcome' | 'detail'): void {
    this.#host.note(`${this.id} ${text}`, weight);
  }

  /** A broken invariant stops the node, as it does in a process. */
  #guarded(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof RaftInvariantError)) throw error;
      this.#note(`${what}: ${error.message}`, 'outcome');
      this.crash(0);
    }
  }
}
