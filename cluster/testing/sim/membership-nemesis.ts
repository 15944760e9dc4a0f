// An operator who changes members at random: adds, removes, promotes, demotes and replaces, whoever is
// there or not: leaders, the dead and the cut off among them.

import type { ConfigurationChange } from '../../src/core/configuration.ts';
import type { NodeId } from '../../src/core/entry.ts';
import type { CoverageCounter } from './coverage.ts';
import type { SimProcess } from './process.ts';
import type { Random } from './random.ts';

export class MembershipNemesis {
  readonly #processes: readonly SimProcess[];
  readonly #coverage: CoverageCounter;

  constructor(processes: readonly SimProcess[], coverage: CoverageCounter) {
    this.#processes = processes;
    this.#coverage = coverage;
  }

  /** Asked of everyone who believes to lead, now and then of two; gives those who have begun a change. */
  strike(random: Random): readonly SimProcess[] {
    const begun: SimProcess[] = [];
    for (const leader of this.#processes) {
      const { status } = leader;
      if (status?.role !== 'leader') continue;
      const { voters, learners } = status.configuration;
      const change = this.#draw(voters, learners, random);
      const result = leader.change(change);
      if (result === undefined) continue;
      if (!result.ok) {
        this.#coverage.count('membership.refused');
        if (result.code === 'QUORUM_AT_RISK') this.#coverage.count('membership.atRisk');
        if (result.code === 'LEARNER_BEHIND') this.#coverage.count('membership.behind');
        continue;
      }
      this.#coverage.count('O1');
      begun.push(leader);
      if (change.remove?.includes(leader.id) || change.demote?.includes(leader.id)) {
        this.#coverage.count('membership.leaderLeaves');
      }
    }
    return begun;
  }

  #draw(
    voters: readonly NodeId[],
    learners: readonly NodeId[],
    random: Random,
  ): ConfigurationChange {
    const ids = this.#processes.map(({ id }) => id);
    const strangers = ids.filter((id) => !voters.includes(id) && !learners.includes(id));
    const some = (nodes: readonly NodeId[], most: number): readonly NodeId[] =>
      random.shuffled(nodes).slice(0, random.between(1, most));
    const draw = random.unit();
    // Additions and removals come out even, or everyone would be in, or out.
    if (draw < 0.3) return { addLearners: some(strangers, 2) };
    if (draw < 0.55) return { promote: some(learners, 2) };
    if (draw < 0.7) return { promote: some(learners, 2), remove: some(voters, 2) };
    if (draw < 0.8) return { demote: some(voters, 1) };
    if (draw < 0.9) return { remove: some(voters, 1) };
    if (draw < 0.95) return { remove: some(learners, 2) };
    return { addLearners: some(ids, 1), remove: some(ids, 1) };
  }
}
