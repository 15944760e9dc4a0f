// Client sessions of one group, a part of its replicated state (Ongaro's thesis, 6.3): which commands of each
// client are applied, so that one that stands in the log twice takes effect once. A session is named by
// the index of the entry that opened it, which no other entry ever has: once evicted it cannot come back,
// not even by a copy of that entry. No reply is kept, since the node that submitted a command sees the
// reply when it applies the entry itself.

import type { KeyValue, Operation } from '@rockpool/storage';
import { ByteReader } from '../format/bytes.ts';
import type { Command } from '../format/command.ts';
import { NodeError } from '../node-error.ts';
import { SEQUENCES_OPEN_MAX, SequenceSet } from './sequence-set.ts';
import { decodeSession, encodeSession, sessionKey } from './session-record.ts';

/** Of one group. Each start of a node opens one, so that this many starts push out nobody who is at work. */
const SESSIONS_MAX = 64;

interface Session {
  readonly key: Uint8Array;
  /** A copy: what it comes from may be a part of a whole frame. */
  readonly clientId: Uint8Array;
  readonly sequences: SequenceSet;
  lastUse: number;
}

export type Admission = 'admitted' | 'repeated' | 'sessionUnknown';

export class SessionTable {
  readonly #group: number;
  #sessions: Map<number, Session>;
  /** Opened, used or evicted since their rows were taken. */
  readonly #changed = new Set<number>();

  /** From the rows of the store, keyed by what follows kind and group. Throws NodeError. */
  constructor(group: number, rows: readonly KeyValue[]) {
    this.#group = group;
    this.#sessions = this.#read(rows);
  }

  /** Takes what a snapshot brought in the place of all it knew. Throws NodeError. */
  restore(rows: readonly KeyValue[]): void {
    this.#sessions = this.#read(rows);
  }

  /** A client has one session: false if it is open already. */
  open(clientId: Uint8Array, index: number): boolean {
    if (this.sessionOf(clientId) !== undefined) return false;
    while (this.#sessions.size >= SESSIONS_MAX) this.#evict();
    const key = sessionKey(this.#group, index);
    const sequences = new SequenceSet(0, []);
    const copy = new Uint8Array(clientId);
    this.#sessions.set(index, { key, clientId: copy, sequences, lastUse: index });
    this.#changed.add(index);
    return true;
  }

  /** Admits each sequence of a session once, and none of a session that is not there. */
  admit({ session: id, sequence, oldest }: Command, index: number): Admission {
    const session = this.#sessions.get(id);
    if (session === undefined) return 'sessionUnknown';
    const { sequences } = session;
    // Its sender keeps to the window, so this one is of no sender that we know.
    if (sequence >= Math.max(oldest, sequences.oldest) + SEQUENCES_OPEN_MAX)
      return 'sessionUnknown';
    this.#changed.add(id);
    session.lastUse = index;
    sequences.forgetBelow(oldest);
    if (sequences.has(sequence)) return 'repeated';
    sequences.add(sequence);
    return 'admitted';
  }

  /** The session that is open for a client. */
  sessionOf(clientId: Uint8Array): number | undefined {
    for (const [id, session] of this.#sessions) {
      if (Buffer.compare(session.clientId, clientId) === 0) return id;
    }
    return undefined;
  }

  /** Whether a command has taken effect, or never will; undefined where the session is not there. */
  isTaken(session: number, sequence: number): boolean | undefined {
    return this.#sessions.get(session)?.sequences.has(sequence);
  }

  /** Rows of what changed since the last call: one of each session, however many entries used it. */
  takeRows(): Operation[] {
    const operations = [...this.#changed].map((id): Operation => {
      const session = this.#sessions.get(id);
      if (session === undefined) return { key: sessionKey(this.#group, id), payload: null };
      const { key, clientId, lastUse, sequences } = session;
      const { oldest, ranges } = sequences;
      return { key, payload: encodeSession({ clientId, lastUse, oldest, ranges }) };
    });
    this.#changed.clear();
    return operations;
  }

  /** By the log and by no clock: all replicas evict the same one at the same entry. */
  #evict(): void {
    let found: number | undefined;
    let lastUse = Number.POSITIVE_INFINITY;
    for (const [id, session] of this.#sessions) {
      if (session.lastUse >= lastUse) continue;
      found = id;
      lastUse = session.lastUse;
    }
    if (found === undefined) return;
    this.#sessions.delete(found);
    this.#changed.add(found);
  }

  #read(rows: readonly KeyValue[]): Map<number, Session> {
    return new Map(
      rows.map(([key, payload]) => {
        const record = decodeSession(payload);
        const id = new ByteReader(key);
        const session = id.u64();
        // Without it a command could take effect twice.
        if (record === undefined || !id.complete) {
          throw new NodeError('STORE_HOLE', `A session of group ${this.#group} is unreadable.`);
        }
        const { clientId, lastUse, oldest, ranges } = record;
        const stored = sessionKey(this.#group, session);
        const sequences = new SequenceSet(oldest, ranges);
        const copy = new Uint8Array(clientId);
        return [session, { key: stored, clientId: copy, lastUse, sequences }];
      }),
    );
  }
}
