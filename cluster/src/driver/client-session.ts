// This node as a client of one group: it opens a session before its first command, numbers what it submits, and
// keeps each command until its entry is applied here. Commands wait in line while no session is open, or
// while the oldest one on its way holds up the window.

import { type Command, encodeCommand, openSession, SESSION } from '../format/command.ts';
import type { ClusterErrorCode, Submitted } from '../ports.ts';
import { SEQUENCES_OPEN_MAX } from '../sessions/sequence-set.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import type { AppliedEntry, Outcome } from './apply-commands.ts';
import { Delivery, type LeaderView, type Requests } from './delivery.ts';

/** One caller's command; settled once. */
export interface Submission {
  readonly slot: number;
  readonly body: Uint8Array;
  /** Undefined while it is in line. */
  sequence: number | undefined;
  readonly settle: (end: Submitted | ClusterErrorCode) => void;
}

interface Numbered {
  readonly submission: Submission;
  readonly delivery: Delivery;
}

export interface ClientSessionOptions {
  readonly group: number;
  readonly clientId: Uint8Array;
  readonly requests: Requests;
  readonly view: () => LeaderView;
}

export class ClientSession {
  readonly #options: ClientSessionOptions;
  /** The index of the entry that opened it, once it is applied here. */
  #session: number | undefined;
  #opening: Delivery;
  /** Never begins anew, so that it tells submissions apart even where a session was lost. */
  #sequence = 0;
  #inLine = new Set<Submission>();
  /** By sequence, ascending. */
  readonly #numbered = new Map<number, Numbered>();

  constructor(options: ClientSessionOptions) {
    this.#options = options;
    this.#opening = this.#newOpening();
  }

  add(submission: Submission): void {
    this.#inLine.add(submission);
    this.#advance();
  }

  /** A leader, a connection or room may have appeared. */
  retry(): void {
    const { term, leader } = this.#options.view();
    if (leader === undefined) return;
    for (const { delivery } of this.#numbered.values()) if (!delivery.send(term, leader)) return;
    this.#advance();
  }

  disconnected(nodeId: string): void {
    this.#opening.disconnected(nodeId);
    for (const { delivery } of this.#numbered.values()) delivery.disconnected(nodeId);
  }

  /** Its caller's time is over. */
  expire(submission: Submission): void {
    const { sequence } = submission;
    const numbered = sequence === undefined ? undefined : this.#numbered.get(sequence);
    if (sequence !== undefined && numbered !== undefined) {
      this.#end(sequence, numbered.delivery.failure);
      this.#advance();
    } else if (this.#inLine.delete(submission)) submission.settle(this.#reasonInLine());
  }

  applied({ entry, outcome }: AppliedEntry, command: Command): void {
    if (command.slot === SESSION) {
      const isOwn = Buffer.compare(command.body, this.#options.clientId) === 0;
      if (isOwn && this.#session === undefined && outcome.kind === 'applied') {
        this.#open(entry.index);
      }
    } else if (command.session === this.#session) {
      if (outcome.kind === 'sessionUnknown') this.#lose('CLUSTER_SESSION_UNKNOWN');
      else {
        const { index, entryTimeMs } = entry;
        this.#end(command.sequence, endOf(outcome, index, entryTimeMs));
      }
      this.#advance();
    }
  }

  /** A snapshot took the place of entries: it tells what became of them, but not the replies. */
  skipped(table: SessionTable): void {
    const open = table.sessionOf(this.#options.clientId);
    if (this.#session !== undefined && this.#session !== open) this.#lose('CLUSTER_TIMEOUT');
    if (open === undefined) this.#advance();
    else if (this.#session === undefined) this.#open(open);
    else {
      for (const sequence of [...this.#numbered.keys()]) {
        if (table.isTaken(open, sequence)) this.#end(sequence, 'CLUSTER_TIMEOUT');
      }
      this.#advance();
    }
  }

  stop(): void {
    for (const submission of this.#inLine) submission.settle('CLUSTER_STOPPED');
    for (const { submission, delivery } of this.#numbered.values()) {
      // What was sent may be committed all the same.
      submission.settle(delivery.mayBeInLog ? 'CLUSTER_TIMEOUT' : 'CLUSTER_STOPPED');
    }
    this.#inLine.clear();
    this.#numbered.clear();
  }

  #open(session: number): void {
    this.#session = session;
    this.#opening.end();
    this.#advance();
  }

  /** No entry of it was applied here that somebody still waits for, and none takes effect from here on. */
  #lose(code: ClusterErrorCode): void {
    const numbered = [...this.#numbered.values()];
    this.#numbered.clear();
    this.#session = undefined;
    this.#opening = this.#newOpening();
    const unsent: Submission[] = [];
    for (const { submission, delivery } of numbered) {
      delivery.end();
      submission.sequence = undefined;
      if (delivery.mayBeInLog) submission.settle(code);
      else unsent.push(submission);
    }
    this.#inLine = new Set([...unsent, ...this.#inLine]);
  }

  /** Sends what is in line, as far as the window goes. */
  #advance(): void {
    if (this.#inLine.size === 0) return;
    const { term, leader } = this.#options.view();
    if (leader === undefined) return;
    if (this.#session === undefined) {
      this.#opening.send(term, leader);
      return;
    }
    for (const submission of this.#inLine) {
      if (!this.#hasRoom()) return;
      this.#inLine.delete(submission);
      if (!this.#number(submission, this.#session).send(term, leader)) return;
    }
  }

  #number(submission: Submission, session: number): Delivery {
    const { group, requests } = this.#options;
    const { slot, body } = submission;
    this.#sequence += 1;
    const sequence = this.#sequence;
    submission.sequence = sequence;
    const oldest = this.#oldest(sequence);
    const command = encodeCommand({ slot, session, sequence, oldest, body });
    const delivery = new Delivery(group, command, requests);
    this.#numbered.set(sequence, { submission, delivery });
    return delivery;
  }

  #end(sequence: number, end: Submitted | ClusterErrorCode): void {
    const numbered = this.#numbered.get(sequence);
    if (numbered === undefined) return;
    this.#numbered.delete(sequence);
    numbered.delivery.end();
    numbered.submission.settle(end);
  }

  #hasRoom(): boolean {
    const next = this.#sequence + 1;
    return next < this.#oldest(next) + SEQUENCES_OPEN_MAX;
  }

  #oldest(next: number): number {
    return this.#numbered.keys().next().value ?? next;
  }

  #reasonInLine(): ClusterErrorCode {
    if (this.#session !== undefined) return this.#hasRoom() ? 'CLUSTER_NO_LEADER' : 'CLUSTER_BUSY';
    // Whether the session was opened is not what the caller asks.
    return this.#opening.mayBeInLog ? 'CLUSTER_NO_LEADER' : this.#opening.failure;
  }

  #newOpening(): Delivery {
    const { group, clientId, requests } = this.#options;
    return new Delivery(group, encodeCommand(openSession(clientId)), requests);
  }
}

function endOf(outcome: Outcome, index: number, entryTimeMs: number): Submitted | ClusterErrorCode {
  switch (outcome.kind) {
    case 'applied':
      return { reply: outcome.reply, index, entryTimeMs };
    case 'wrongShard':
      return 'CLUSTER_WRONG_SHARD';
    default:
      // The entry that took effect was not seen here.
      return 'CLUSTER_TIMEOUT';
  }
}
