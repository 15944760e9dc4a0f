// When a leader may change who takes part (thesis 4.1, 4.2.1; raft-dev, 2015): once it has committed in its own
// term, and for voters that are there and have the log. And when it must go: once it is removed.

import { isVoter } from '../../src/core/configuration.ts';
import type { Configuration, NodeId } from '../../src/core/entry.ts';
import type { Message } from '../../src/core/messages.ts';
import type { RaftStatus } from '../../src/core/types.ts';
import type { SimProcess } from './process.ts';
import { isQuorum } from './quorums.ts';
import { check } from './violation.ts';

/** What was last seen of a leader in a term of its. */
interface Reign {
  readonly life: number;
  readonly term: number;
  ticks: number;
  /** When each answered a heartbeat, in this term. */
  readonly answeredAt: Map<NodeId, number>;
  configurationIndex: number;
  configuration: Configuration;
  /** Ticks since it is known that it takes part no more. */
  removedTicks: number;
}

export class ChangeChecker {
  readonly #processes: readonly SimProcess[];
  readonly #electionTicks: number;
  readonly #learnersLag: number;
  readonly #reigns = new Map<NodeId, Reign>();

  /** A learner becomes a voter when it lacks so many entries at most. */
  constructor(processes: readonly SimProcess[], electionTicks: number, learnersLag: number) {
    this.#processes = processes;
    this.#electionTicks = electionTicks;
    this.#learnersLag = learnersLag;
  }

  received(process: SimProcess, status: RaftStatus, { kind, from, term }: Message): void {
    const reign = this.#of(process, status);
    if (kind === 'heartbeatReply' && term === status.term) {
      reign?.answeredAt.set(from, reign.ticks);
    }
  }

  afterStep(process: SimProcess, status: RaftStatus): void {
    const reign = this.#of(process, status);
    if (reign === undefined || status.configurationIndex <= reign.configurationIndex) return;
    // The log was cut off: its base has the same members as the entry before.
    if (status.configurationIndex < status.firstIndex) return;
    const before = reign.configuration;
    reign.configurationIndex = status.configurationIndex;
    reign.configuration = status.configuration;
    const { raft, id } = process;
    const { commit, firstIndex, term, configuration } = status;
    const committed = commit < firstIndex ? undefined : raft?.entries(commit, commit)[0];
    const isSettled = committed === undefined || committed.term === term;
    check(isSettled, 'membership', () => `${id} changes members before it commits in ${term}`);
    if (configuration.outgoing.length > 0) this.#checkVoters(id, status, reign, before);
  }

  ticked(process: SimProcess, status: RaftStatus): void {
    const reign = this.#of(process, status);
    if (reign === undefined) return;
    const { configuration, configurationIndex, commit } = status;
    reign.ticks += 1;
    const isRemoved = configurationIndex <= commit && !isVoter(configuration, process.id);
    reign.removedTicks = isRemoved ? reign.removedTicks + 1 : 0;
    // While its disk hangs nothing is asked of it, and it leads no longer than that.
    const isGoing = reign.removedTicks <= this.#electionTicks + 1;
    check(isGoing, 'membership', () => `${process.id} leads on although it was removed`);
  }

  #checkVoters(id: NodeId, status: RaftStatus, reign: Reign, before: Configuration): void {
    const { configuration, configurationIndex } = status;
    const answers = (voter: NodeId): boolean => {
      const answeredAt = reign.answeredAt.get(voter) ?? Number.NEGATIVE_INFINITY;
      return voter === id || reign.ticks - answeredAt <= 2 * this.#electionTicks + 1;
    };
    const isThere = isQuorum({ ...configuration, outgoing: [] }, answers);
    check(isThere, 'membership', () => `${id} hands over to voters of whom too few answer`);
    const promoted = configuration.voters.filter((voter) => !before.voters.includes(voter));
    for (const { id: voter, disk } of this.#processes) {
      if (!promoted.includes(voter)) continue;
      const hasLog = disk.lastIndex >= configurationIndex - 1 - this.#learnersLag;
      check(hasLog && answers(voter), 'membership', () => {
        return `${id} makes ${voter} a voter that lacks the log, or is silent`;
      });
    }
  }

  #of({ id, life }: SimProcess, status: RaftStatus): Reign | undefined {
    const { role, term, configuration, configurationIndex } = status;
    if (role !== 'leader') return undefined;
    const known = this.#reigns.get(id);
    if (known?.life === life && known.term === term) return known;
    const fresh: Reign = {
      life,
      term,
      ticks: 0,
      answeredAt: new Map(),
      configurationIndex,
      configuration,
      removedTicks: 0,
    };
    this.#reigns.set(id, fresh);
    return fresh;
  }
}
