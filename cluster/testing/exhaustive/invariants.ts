// What holds in every state (thesis figure 3.2, chapter 4), and the history that it is judged by: who led which
// term, and what was committed. The history is part of a state; nothing in the core can touch it.

import type { Configuration, Entry, NodeId } from '../../src/core/entry.ts';
import type { Role } from '../../src/core/types.ts';
import { alwaysMeet, isQuorum } from '../sim/quorums.ts';
import type { Member } from './member.ts';

interface Place {
  readonly term: number;
  /** In force from here on. */
  readonly configuration: Configuration | undefined;
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
  /** What it goes by. */
  readonly configuration: Configuration;
}

export interface History {
  /** By term. */
  readonly leaders: readonly (NodeId | undefined)[];
  readonly committed: readonly Committed[];
}

interface Committed extends Place {
  readonly inTerm: number;
  /** What was in force where it was committed. */
  readonly by: Configuration;
}

export const NO_HISTORY: History = { leaders: [], committed: [] };

export function factsOf({ self, raft, disk }: Member): Facts {
  const { role, term, commit, lastIndex, configuration } = raft.status();
  const log = raft.entries(1, lastIndex).map(placeOf);
  return { self, role, term, commit, log, durable: disk.entries.map(placeOf), configuration };
}

function placeOf({ term, checksum, configuration }: Entry): Place {
  return { term, checksum, configuration };
}

export class BrokenInvariant extends Error {}

function check(holds: boolean, invariant: string): asserts holds {
  if (!holds) throw new BrokenInvariant(invariant);
}

/** The history after `node` came to be as it is now among `all`, who began with the configuration `first`. */
export function judge(
  history: History,
  node: Facts,
  all: readonly Facts[],
  first: Configuration,
): History {
  const leaders = withLeader(history, node);
  const committed = withCommitted(history, node, all, first);
  checkLogs(all);
  checkChanges(node, committed, first);
  for (const other of all) {
    const { commit, log } = other;
    check(commit <= committed.length, 'what a node holds committed, a leader has committed');
    const agrees = committed.slice(0, commit).every((place, at) => isSame(place, log[at]));
    check(agrees, 'what is committed never changes');
  }
  for (const [at, place] of committed.entries()) {
    check(isDurable(place, at, place.by, all), 'what is committed is durable on a quorum');
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
  first: Configuration,
): History['committed'] {
  const { role, term, commit, log } = node;
  if (commit <= committed.length) return committed;
  check(role === 'leader', 'only a leader commits what nobody has');
  check(log[commit - 1]?.term === term, 'an entry of an earlier term is not committed by counting');
  const fresh = log.slice(committed.length, commit);
  const by = configurationsOf(log, first).at(-1) ?? first;
  for (const [at, place] of fresh.entries()) {
    const isThere = isDurable(place, committed.length + at, by, all);
    check(isThere, 'what commits is durable on a quorum by then');
  }
  return [...committed, ...fresh.map((place) => ({ ...place, inTerm: term, by }))];
}

function isDurable(place: Place, at: number, by: Configuration, all: readonly Facts[]): boolean {
  const has = all.filter(({ durable }) => isSame(place, durable[at])).map(({ self }) => self);
  return isQuorum(by, (node) => has.includes(node));
}

/** The first one, and those that a log has entries of: the last one is in force. */
function configurationsOf(log: readonly Place[], first: Configuration): readonly Configuration[] {
  return [first, ...log.flatMap(({ configuration }) => configuration ?? [])];
}

/** Thesis 4.1, 4.3. */
function checkChanges(
  { log, configuration }: Facts,
  committed: History['committed'],
  first: Configuration,
): void {
  const open = log.filter(
    (place, at) => place.configuration !== undefined && !isSame(place, committed[at]),
  );
  check(open.length <= 1, 'one change at a time');
  const all = configurationsOf(log, first);
  const isNewest = namesIn(configuration) === namesIn(all.at(-1));
  check(isNewest, 'a node goes by the newest configuration in its log');
  for (const [at, after] of all.entries()) {
    const isMet = alwaysMeet(all[at - 1] ?? first, after);
    check(isMet, 'majorities of configurations that follow each other meet');
  }
}

/** Two logs that have an entry of one index and term are equal up to it. */
function checkLogs(all: readonly Facts[]): void {
  for (const { log } of all) {
    for (const other of all) {
      const agree = log.every(
        (place, at) => other.log[at]?.term !== place.term || isSame(place, other.log[at]),
      );
      check(agree, 'logs that share an entry are equal up to it');
    }
  }
}

function isSame(place: Place, other: Place | undefined): boolean {
  if (place.term !== other?.term || place.checksum !== other.checksum) return false;
  return namesIn(place.configuration) === namesIn(other.configuration);
}

function namesIn(configuration: Configuration | undefined): string {
  if (configuration === undefined) return '';
  const { voters, outgoing, learners } = configuration;
  return [voters, outgoing, learners].map((names) => [...names].sort().join()).join(' ');
}
