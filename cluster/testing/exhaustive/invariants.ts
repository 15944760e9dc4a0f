// What holds in every state (thesis figure 3.2), and the history that it is judged by: who led which term, and
// what was committed. The history is part of a state; nothing in the core can touch it.

import type { Entry, NodeId } from '../../src/core/entry.ts';
import type { Role } from '../../src/core/types.ts';
import type { Member } from './member.ts';

interface Place {
  readonly term: number;
  /** Chained, so that equal ones mean equal logs up to here. */
  readonly checksum: number;
}

/** What of a node the invariants speak of. */
export interface Facts {
  readonly self: NodeId;
  readonly role: Role;
  readonly term: number;
  readonly commit: number;
  readonly log: readonly Place[];
  readonly durable: readonly Place[];
}

export interface History {
  /** By term. */
  readonly leaders: readonly (NodeId | undefined)[];
  readonly committed: readonly (Place & { readonly inTerm: number })[];
}

export const NO_HISTORY: History = { leaders: [], committed: [] };

export function factsOf({ self, raft, disk }: Member): Facts {
  const { role, term, commit, lastIndex } = raft.status();
  const log = raft.entries(1, lastIndex).map(placeOf);
  return { self, role, term, commit, log, durable: disk.entries.map(placeOf) };
}

function placeOf({ term, checksum }: Entry): Place {
  return { term, checksum };
}

export class BrokenInvariant extends Error {}

function check(holds: boolean, invariant: string): asserts holds {
  if (!holds) throw new BrokenInvariant(invariant);
}

/** The history after `node` came to be as it is now among `all`. */
export function judge(history: History, node: Facts, all: readonly Facts[]): History {
  const leaders = withLeader(history, node);
  const committed = withCommitted(history, node, all);
  checkLogs(all);
  for (const other of all) {
    const { commit, log } = other;
    check(commit <= committed.length, 'what a node holds committed, a leader has committed');
    const agrees = committed.slice(0, commit).every((place, at) => isSame(place, log[at]));
    check(agrees, 'what is committed never changes');
  }
  for (const [at, place] of committed.entries()) {
    const copies = all.filter(({ durable }) => isSame(place, durable[at]));
    check(copies.length * 2 > all.length, 'what is committed is durable on a quorum');
  }
  return { leaders, committed };
}

function withLeader({ leaders, committed }: History, node: Facts): History['leaders'] {
  const { role, term, self, log } = node;
  if (role !== 'leader' || leaders[term] === self) return leaders;
  check(leaders[term] === undefined, 'a term has one leader');
  const earlier = committed.findLastIndex(({ inTerm }) => inTerm < term);
  const place = committed[earlier];
  const isComplete = place === undefined || isSame(place, log[earlier]);
  check(isComplete, 'a leader has all that was committed in earlier terms');
  const now = Array.from({ length: Math.max(leaders.length, term + 1) }, (_, at) => leaders[at]);
  now[term] = self;
  return now;
}

function withCommitted(
  { committed }: History,
  node: Facts,
  all: readonly Facts[],
): History['committed'] {
  const { role, term, commit, log } = node;
  if (commit <= committed.length) return committed;
  check(role === 'leader', 'only a leader commits what nobody has');
  check(log[commit - 1]?.term === term, 'an entry of an earlier term is not committed by counting');
  const fresh = log.slice(committed.length, commit);
  for (const [at, place] of fresh.entries()) {
    const copies = all.filter(({ durable }) => isSame(place, durable[committed.length + at]));
    check(copies.length * 2 > all.length, 'what commits is durable on a quorum by then');
  }
  return [...committed, ...fresh.map((place) => ({ ...place, inTerm: term }))];
}

/** Two logs that have an entry of one index and term are equal up to it. */
function checkLogs(all: readonly Facts[]): void {
  for (const { log } of all) {
    for (const other of all) {
      const agree = log.every(
        ({ term, checksum }, at) =>
          other.log[at]?.term !== term || other.log[at]?.checksum === checksum,
      );
      check(agree, 'logs that share an entry are equal up to it');
    }
  }
}

function isSame(place: Place, other: Place | undefined): boolean {
  return other !== undefined && place.term === other.term && place.checksum === other.checksum;
}
