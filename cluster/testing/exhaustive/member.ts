// One node of the checked cluster as a value: the real core, what its disk holds, and what waits for the disk.
// An input never changes it but gives another one, with the messages that it sent.

import { assert } from '../../src/core/assert.ts';
import type { ConfigurationChange } from '../../src/core/configuration.ts';
import type { Configuration, Entry, LogBase, NodeId } from '../../src/core/entry.ts';
import type { PeerMessage } from '../../src/core/messages.ts';
import type { createRaft } from '../../src/core/raft.ts';
import type { HardState, PersistBatch, Raft, Ready, SendAfter } from '../../src/core/types.ts';
import { choicesOf, copyOf } from './opened-core.ts';
import { placeChecksum } from './place-checksum.ts';

const ELECTION_TICKS = 10;
const HEARTBEAT_TICKS = 1;
const OUTPUTS_MAX = 100;
const PLENTY = 1_000_000;

const LIMITS = {
  /** One entry at a time: so every part of a log is somewhere for a while. */
  appendBytesMax: 1,
  inflightAppendsMax: 8,
  inflightBytesMax: PLENTY,
  uncommittedBytesMax: PLENTY,
  applyBytesMax: PLENTY,
  logEntriesKept: PLENTY,
  logBytesKept: PLENTY,
  logBytesMax: PLENTY,
  readsMax: 8,
};

interface Disk {
  hardState: HardState | undefined;
  entries: Entry[];
  applied: number;
}

export interface Member {
  readonly self: NodeId;
  raft: Raft;
  readonly disk: Disk;
  /** Written and not yet durable; the oldest first. */
  writing: PersistBatch[];
  held: SendAfter[];
}

export type Input =
  | { readonly kind: 'deliver'; readonly message: PeerMessage }
  /** It comes when the receiver has not heard its leader for an election timeout. */
  | { readonly kind: 'deliverLate'; readonly message: PeerMessage }
  /** It comes when the receiver campaigns for the same term, and has the name that leaves it to the other. */
  | { readonly kind: 'deliverTied'; readonly message: PeerMessage }
  /** The election timeout of a node that does not lead. */
  | { readonly kind: 'expire' }
  | { readonly kind: 'heartbeat' }
  /** The end of a leader's election timeout: does a quorum hear it? */
  | { readonly kind: 'checkQuorum' }
  | { readonly kind: 'propose'; readonly value: number }
  | { readonly kind: 'transfer'; readonly to: NodeId }
  | { readonly kind: 'change'; readonly change: ConfigurationChange }
  | { readonly kind: 'persist' }
  /** Of the batches that are being written the first `kept` reach the disk; it starts again at once. */
  | { readonly kind: 'crash'; readonly kept: number };

export interface Step {
  readonly member: Member;
  readonly sent: readonly PeerMessage[];
  readonly hasWritten: boolean;
  /** As it was on the way: what it committed and then crashed, or lead no longer, stays committed. */
  readonly looks: readonly Member[];
}

export class Members {
  readonly #createRaft: typeof createRaft;
  readonly #base: LogBase;
  /** Batches that may be in flight; of more than these the oldest becomes durable at once. */
  readonly #writingMax: number;

  constructor(create: typeof createRaft, configuration: Configuration, writingMax: number) {
    this.#createRaft = create;
    this.#base = { index: 0, term: 0, checksum: 0, entryTimeMs: 0, configuration };
    this.#writingMax = writingMax;
  }

  first(self: NodeId): Member {
    const disk = { hardState: undefined, entries: [], applied: 0 };
    return { self, raft: this.#start(self, disk), disk, writing: [], held: [] };
  }

  /** An interrupted one ends in a crash before anything that it wrote is durable. */
  step(before: Member, input: Input, isInterrupted = false): Step {
    const member = copyOf(before);
    const sent: PeerMessage[] = [];
    this.#input(member, input, sent);
    const looks = [copyOf(member)];
    this.#drain(member, sent);
    const hasWritten = member.writing.length > 0;
    if (isInterrupted) this.#crash(member, 0);
    while (member.writing.length > this.#writingMax) {
      this.#persistOldest(member, sent);
      looks.push(copyOf(member));
      this.#drain(member, sent);
    }
    stopTime(member);
    return { member, sent, hasWritten, looks };
  }

  #input(member: Member, input: Input, sent: PeerMessage[]): void {
    const { raft } = member;
    const choices = choicesOf(raft);
    switch (input.kind) {
      case 'deliver':
        raft.step(input.message);
        return;
      case 'deliverLate':
        choices.electionElapsed = ELECTION_TICKS;
        raft.step(input.message);
        return;
      case 'deliverTied':
        choices.yields = true;
        raft.step(input.message);
        return;
      case 'expire':
        choices.electionElapsed = choices.electionTimeoutTicks - 1;
        raft.tick();
        return;
      case 'heartbeat':
        raft.tick();
        return;
      case 'checkQuorum':
        choices.electionElapsed = ELECTION_TICKS - 1;
        choices.role.heartbeatElapsed = HEARTBEAT_TICKS - 2;
        raft.tick();
        return;
      case 'propose': {
        const command = Uint8Array.of(input.value);
        raft.propose({ command, entryTimeMs: 0, ruleVersion: 1, tableEpoch: 1 });
        return;
      }
      case 'transfer':
        raft.transfer(input.to);
        return;
      case 'change':
        raft.proposeConfiguration(input.change);
        return;
      case 'persist':
        this.#persistOldest(member, sent);
        return;
      case 'crash':
        this.#crash(member, input.kept);
        return;
    }
  }

  #drain(member: Member, sent: PeerMessage[]): void {
    for (let outputs = 0; ; outputs += 1) {
      assert(outputs < OUTPUTS_MAX, 'the core comes to rest');
      const ready = member.raft.ready();
      if (ready === undefined) return;
      carryOut(member, ready, sent);
    }
  }

  #persistOldest(member: Member, sent: PeerMessage[]): void {
    const batch = member.writing.shift();
    assert(batch !== undefined, 'a batch is being written');
    write(member.disk, batch);
    const released = member.held.filter((held) => held.batch <= batch.batch);
    member.held = member.held.filter((held) => held.batch > batch.batch);
    for (const { messages } of released) sent.push(...messages);
    member.raft.persisted({ batch: batch.batch, term: batch.term, index: batch.index });
  }

  #crash(member: Member, kept: number): void {
    for (const batch of member.writing.slice(0, kept)) write(member.disk, batch);
    member.writing = [];
    member.held = [];
    member.raft = this.#start(member.self, member.disk);
  }

  #start(self: NodeId, { hardState, entries, applied }: Disk): Raft {
    const config = {
      group: 1,
      self,
      boot: 1,
      electionTicks: ELECTION_TICKS,
      heartbeatTicks: HEARTBEAT_TICKS,
      seed: 1,
      chainChecksum: placeChecksum,
      hardState,
      log: { base: this.#base, entries },
      applied,
      limits: LIMITS,
    };
    return this.#createRaft(config);
  }
}

/** What is applied is durable at once: a core hands out nothing that a crash could take back. */
function carryOut(member: Member, ready: Ready, sent: PeerMessage[]): void {
  if (ready.persist !== undefined) member.writing.push(ready.persist);
  sent.push(...ready.sendNow);
  if (ready.sendAfter !== undefined) member.held.push(ready.sendAfter);
  const last = ready.apply.at(-1);
  if (last === undefined) return;
  member.disk.applied = last.index;
  member.raft.applied(last.index);
}

function write(disk: Disk, { truncateFrom, entries, hardState }: PersistBatch): void {
  if (truncateFrom !== undefined) disk.entries.splice(truncateFrom - 1);
  disk.entries.push(...entries);
  if (hardState !== undefined) disk.hardState = hardState;
}

/**
 * Time is in the inputs alone: how long ago something happened is forgotten, and so are the numbers of
 * batches that are durable.
 */
function stopTime(member: Member): void {
  const choices = choicesOf(member.raft);
  choices.nowTick = 0;
  choices.electionElapsed = 0;
  choices.electionTimeoutTicks = 2 * ELECTION_TICKS - 1;
  choices.yields = false;
  choices.$timeouts.$state = 0;
  if (choices.role.heartbeatElapsed !== undefined) choices.role.heartbeatElapsed = 0;
  if (choices.role.quietTicks !== undefined) choices.role.quietTicks = 0;
  const { durability } = choices;
  const done = (durability.$inFlight[0]?.batch ?? durability.$batches + 1) - 1;
  durability.$batches -= done;
  for (const batch of durability.$inFlight) {
    batch.handedAtTick = 0;
    batch.batch -= done;
  }
  const renumbered = <T extends { readonly batch: number }>(each: T): T => ({
    ...each,
    batch: each.batch - done,
  });
  member.writing = member.writing.map(renumbered);
  member.held = member.held.map(renumbered);
}
