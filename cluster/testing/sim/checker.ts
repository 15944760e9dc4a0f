// What must hold after every step, seen from outside all nodes (thesis figure 3.2, and more). The
// history kept here outlives every crash, and nothing in the core can touch it. Checksums are
// chained, so equal checksums at one index mean equal logs up to it.

import { isVoter, membersOf, NOBODY } from '../../src/core/configuration.ts';
import type { ChainChecksum, Configuration, Entry, NodeId } from '../../src/core/entry.ts';
import type { Raft, RaftLimits, RaftStatus, Role } from '../../src/core/types.ts';
import { chainChecksum } from './chain-checksum.ts';
import { foldEntry, type SimDisk, type SimState } from './disk.ts';
import type { MembershipChecker } from './membership-checker.ts';
import { isQuorum } from './quorums.ts';
import { check } from './violation.ts';
import type { Watched } from './watched.ts';

export interface CheckerParts {
  readonly processes: readonly Watched[];
  readonly limits: RaftLimits;
  /** Of the founders. */
  readonly first: SimState;
  readonly membership: MembershipChecker;
  readonly chain?: ChainChecksum;
  /** Between two looks there may be several inputs: a leader may count an answer, and then hear of a higher term. */
  readonly isBundled?: boolean;
}

interface Committed {
  readonly entry: Entry;
  /** The term of the leader that committed it. */
  readonly inTerm: number;
}

/** What was last seen of a process. */
interface View {
  life: number;
  role: Role;
  term: number;
  commit: number;
  applied: number;
  /** Up to here the log is cut off. */
  base: number;
  /** The end of the log: checksums are chained, so as long as it stays the log does. */
  last: Entry | undefined;
  checksums: number[];
  /** In force as of each entry. */
  configurations: Configuration[];
  /** Seen to be that of the log. */
  configuration: Configuration | undefined;
  durableCommit: number;
}

/** Above any index, so that (term, index) becomes one number. */
const INDEX_SPAN = 10_000_000;
const ENTRY_OVERHEAD_BYTES = 64;
/** The log may be over its bound by what was applied last, and until a quarter more has gathered. */
const STEP_BYTES = 16_384;

export class Checker {
  readonly #processes: readonly Watched[];
  readonly #limits: RaftLimits;
  readonly #chain: ChainChecksum;
  readonly #isBundled: boolean;
  readonly #membership: MembershipChecker;
  readonly #first: SimState;
  readonly #committed: Committed[] = [];
  readonly #leaders = new Map<number, NodeId>();
  /** The state machine after each committed entry. */
  readonly #states: SimState[];
  readonly #placed = new Map<number, number>();
  readonly #views = new Map<NodeId, View>();

  constructor(parts: CheckerParts) {
    const { processes, limits, first, membership, chain = chainChecksum } = parts;
    this.#isBundled = parts.isBundled ?? false;
    this.#membership = membership;
    this.#states = [first];
    this.#first = first;
    this.#chain = chain;
    this.#processes = processes;
    this.#limits = limits;
  }

  get committedIndex(): number {
    return this.#committed.length;
  }

  committedAt(index: number): Entry | undefined {
    return this.#committed[index - 1]?.entry;
  }

  afterStep(process: Watched): void {
    const { raft, status, id } = process;
    if (raft === undefined || status === undefined) return;
    const view = this.#viewOf(process, status);
    const hasLogMoved = this.#checkLog(process, raft, status, view);
    const isSame = !hasLogMoved && status.configuration === view.configuration;
    if (!isSame) this.#checkConfiguration(process, status, view);
    this.#checkMembers(process, status, view);
    this.#checkLeader(process, raft, status, view);
    this.#checkCommit(process, raft, status, view);
    if (status.role === 'leader') this.#checkWindows(status);
    const { role, term, commit, applied } = status;
    // What is counted of the log moves with these alone.
    const isCounted =
      !hasLogMoved && role === view.role && commit === view.commit && applied === view.applied;
    if (!isCounted) this.#checkBytes(id, raft, status);
    view.role = role;
    view.term = term;
    view.commit = commit;
    view.applied = applied;
  }

  applied(process: Watched, entries: readonly Entry[]): void {
    let expected = process.disk.appliedIndex;
    for (const entry of entries) {
      expected += 1;
      const canonical = this.committedAt(entry.index);
      const isNext = entry.index === expected && canonical?.checksum === entry.checksum;
      check(isNext, 'stateMachineSafety', () => `${process.id} applies another ${expected}`);
    }
  }

  /** Applied or installed: the same state at the same index on every node, whatever the way there. */
  stateOf({ disk, id }: { readonly disk: SimDisk; readonly id: NodeId }): void {
    const { base, value } = disk.state;
    const canonical = this.#states[base.index]?.value === value;
    check(canonical, 'replicaState', () => `${id} has another state at ${base.index}`);
  }

  #viewOf(process: Watched, status: RaftStatus): View {
    const known = this.#views.get(process.id);
    const { disk, life, id } = process;
    if (known === undefined) {
      const { term, commit } = status;
      const fresh: View = {
        life,
        role: 'follower',
        term,
        commit,
        applied: 0,
        base: 0,
        last: undefined,
        checksums: [],
        configurations: [],
        configuration: undefined,
        durableCommit: 0,
      };
      this.#views.set(id, fresh);
      return fresh;
    }
    const durableCommit = Math.max(disk.hardState?.commit ?? 0, disk.appliedIndex);
    const isDurableMonotonic = durableCommit >= known.durableCommit;
    check(isDurableMonotonic, 'monotonic', () => `${id} forgot what it had stored as committed`);
    known.durableCommit = durableCommit;
    if (known.life !== life) {
      const restored = status.term === (disk.hardState?.term ?? 0) && status.role === 'follower';
      check(restored, 'monotonic', () => `${id} did not restart from its disk as a follower`);
      check(status.commit >= durableCommit, 'monotonic', () => `${id} restarted below its commit`);
      Object.assign(known, { life, role: status.role, term: status.term, commit: status.commit });
    }
    check(status.term >= known.term, 'monotonic', () => `the term of ${id} fell`);
    check(status.commit >= known.commit, 'monotonic', () => `the commit of ${id} fell`);
    return known;
  }

  /** Compares from the end, where change happens; says whether anything has changed. */
  #checkLog(process: Watched, raft: Raft, status: RaftStatus, view: View): boolean {
    const { checksums, configurations } = view;
    const { lastIndex } = status;
    const base = status.firstIndex - 1;
    const last = lastIndex === base ? undefined : raft.entries(lastIndex, lastIndex)[0];
    if (base === view.base && last === view.last && lastIndex === checksums.length) return false;
    view.last = last;
    check(base <= status.applied, 'bounds', () => `${process.id} has cut off what is not applied`);
    // What is cut off, or was brought by a snapshot, is committed; what stood there before may not be.
    for (let index = view.base + 1; index <= base; index += 1) {
      checksums[index - 1] = this.committedAt(index)?.checksum ?? 0;
      configurations[index - 1] = this.#states[index]?.base.configuration ?? NOBODY;
    }
    view.base = base;
    let agreed = Math.min(checksums.length, status.lastIndex);
    while (agreed > base && checksumAt(raft, agreed) !== checksums[agreed - 1]) agreed -= 1;
    if (agreed < checksums.length) {
      const led = view.role === 'leader' && status.role === 'leader' && view.term === status.term;
      check(!led, 'leaderAppendOnly', () => `leader ${process.id} replaced ${agreed + 1}`);
      const isKept = agreed >= view.commit || agreed >= status.lastIndex;
      check(isKept, 'stateMachineSafety', () => `${process.id} replaced a committed entry`);
      checksums.length = agreed;
      configurations.length = agreed;
    }
    if (agreed < lastIndex) this.#checkAppended(process, raft, status, view);
    return true;
  }

  #checkAppended(process: Watched, raft: Raft, status: RaftStatus, view: View): void {
    const { checksums, configurations } = view;
    const { firstIndex, lastIndex } = status;
    for (const entry of raft.entries(checksums.length + 1, lastIndex)) {
      const chained = this.#chain(checksums.at(-1) ?? 0, entry) === entry.checksum;
      check(chained, 'logMatching', () => `${process.id} took a damaged entry ${entry.index}`);
      const place = entry.term * INDEX_SPAN + entry.index;
      const other = this.#placed.get(place) ?? entry.checksum;
      const matches = other === entry.checksum;
      check(matches, 'logMatching', () => `two logs differ at ${entry.index} in ${entry.term}`);
      this.#placed.set(place, entry.checksum);
      const before = configurations.at(-1) ?? process.first.base.configuration;
      this.#membership.appended(entry, before);
      checksums.push(entry.checksum);
      configurations.push(entry.configuration ?? before);
    }
    const uncommittedFrom = Math.max(this.committedIndex + 1, firstIndex);
    if (uncommittedFrom > lastIndex) return;
    this.#membership.uncommitted(process.id, raft.entries(uncommittedFrom, lastIndex));
  }

  /** Who takes part is what the log says, up to its end. */
  #checkConfiguration({ id, first }: Watched, { configuration }: RaftStatus, view: View): void {
    const newest = view.configurations.at(-1) ?? first.base.configuration;
    const isOfLog = isSameConfiguration(newest, configuration);
    check(isOfLog, 'membership', () => `${id} goes by members that are not in its log`);
    view.configuration = configuration;
  }

  /** And who may lead is decided by that, or by what is committed of it. */
  #checkMembers({ id, first }: Watched, status: RaftStatus, view: View): void {
    const { role, configurationIndex, commit, followers } = status;
    if (role === 'follower' || (role === view.role && configurationIndex <= commit)) return;
    const founders = first.base.configuration;
    const newest = view.configurations.at(-1) ?? founders;
    const committed = commit === 0 ? founders : (view.configurations[commit - 1] ?? founders);
    const mayLead = isVoter(newest, id) || isVoter(committed, id);
    check(mayLead || role === view.role, 'membership', () => `${id} campaigns and has no vote`);
    if (role !== 'leader') return;
    for (const member of membersOf(committed)) {
      const isTold = member === id || followers.some(({ node }) => node === member);
      check(isTold, 'membership', () => `${id} forgets ${member}, which has not left yet`);
    }
  }

  #checkLeader(process: Watched, raft: Raft, status: RaftStatus, view: View): void {
    if (status.role !== 'leader') return;
    const { term } = status;
    if (view.role === 'leader' && view.term === term) return;
    const other = this.#leaders.get(term) ?? process.id;
    check(other === process.id, 'electionSafety', () => `two leaders in term ${term}`);
    this.#leaders.set(term, process.id);
    this.#membership.elected(process, term, status.configuration);
    let must = this.#committed.length;
    while (must > 0 && (this.#committed[must - 1]?.inTerm ?? 0) >= term) must -= 1;
    const checksum = this.committedAt(must)?.checksum;
    const isComplete =
      must < status.firstIndex || (must <= status.lastIndex && checksumAt(raft, must) === checksum);
    check(isComplete, 'leaderCompleteness', () => `leader of ${term} lacks committed ${must}`);
  }

  #checkCommit(process: Watched, raft: Raft, status: RaftStatus, view: View): void {
    const { commit, term } = status;
    if (commit > this.#committed.length) {
      const isLeader = status.role === 'leader';
      const hasLed = this.#isBundled && view.role === 'leader';
      const ledTerm = isLeader ? term : view.term;
      check(
        isLeader || hasLed,
        'stateMachineSafety',
        () => `${process.id} committed what no leader did`,
      );
      const isOwn = raft.entries(commit, commit)[0]?.term === ledTerm;
      check(isOwn, 'ownTermCommit', () => `${process.id} counts ${commit}, of an earlier term`);
      const checksum = checksumAt(raft, commit);
      const holders = this.#processes.filter(({ disk }) => disk.holds(commit, checksum));
      const copies = new Set(holders.map(({ id }) => id));
      const isDurable = isQuorum(status.configuration, (id) => copies.has(id));
      check(isDurable, 'durableQuorum', () => `${commit} is durable on ${[...copies]} only`);
      for (const entry of raft.entries(this.#committed.length + 1, commit)) {
        this.#committed.push({ entry, inTerm: ledTerm });
        this.#states.push(foldEntry(this.#states.at(-1) ?? this.#first, entry));
      }
    }
    if (commit === 0 || commit === view.commit || commit < status.firstIndex) return;
    const isCanonical = checksumAt(raft, commit) === this.committedAt(commit)?.checksum;
    check(isCanonical, 'stateMachineSafety', () => `${process.id} committed another ${commit}`);
  }

  #checkWindows({ followers }: RaftStatus): void {
    for (const { node, nextIndex, matchIndex, inflightAppends } of followers) {
      const isAbove = nextIndex > matchIndex;
      check(isAbove, 'bounds', () => `next is not above match for ${node}`);
      const isWithin = inflightAppends <= this.#limits.inflightAppendsMax;
      check(isWithin, 'bounds', () => `too many appends on their way to ${node}`);
    }
  }

  #checkBytes(id: NodeId, raft: Raft, status: RaftStatus): void {
    const { applied, commit, lastIndex, logBytes, uncommittedBytes, role } = status;
    check(applied <= commit, 'bounds', () => `${id} applied beyond its commit`);
    // What is not applied cannot be cut off; beyond it the log is kept within its bound.
    let unappliedBytes = 0;
    let commandBytes = 0;
    for (const { index, kind, command } of raft.entries(applied + 1, lastIndex)) {
      const bytes = command.length + ENTRY_OVERHEAD_BYTES;
      unappliedBytes += bytes;
      if (index > commit && kind === 'command') commandBytes += bytes;
    }
    const bytesMax = this.#limits.logBytesMax + unappliedBytes + STEP_BYTES;
    check(logBytes <= bytesMax, 'bounds', () => `the log of ${id} grows without bound`);
    const isCounted = role !== 'leader' || commandBytes === uncommittedBytes;
    check(isCounted, 'bounds', () => `${id} miscounts what is uncommitted`);
  }
}

function isSameConfiguration(a: Configuration, b: Configuration): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function checksumAt(raft: Raft, index: number): number | undefined {
  return raft.entries(index, index)[0]?.checksum;
}
