// What must hold of who takes part (thesis chapter 4): configurations follow each other so that any two
// majorities meet, one at a time, and only those who vote elect.

import type { Configuration, Entry, NodeId } from '../../src/core/entry.ts';
import type { CoverageCounter } from './coverage.ts';
import type { PromiseChecker } from './promise-checker.ts';
import { alwaysMeet, isQuorum } from './quorums.ts';
import { check } from './violation.ts';
import type { Watched } from './watched.ts';

export class MembershipChecker {
  readonly #promises: PromiseChecker;
  readonly #coverage: CoverageCounter;
  /** By place and checksum: each is looked at once, in however many logs it is. */
  readonly #seen = new Set<string>();

  constructor(promises: PromiseChecker, coverage: CoverageCounter) {
    this.#promises = promises;
    this.#coverage = coverage;
  }

  /** A log took this entry; before it, `before` was in force there. */
  appended({ index, term, checksum, configuration }: Entry, before: Configuration): void {
    if (configuration === undefined) return;
    const name = `${index} ${term} ${checksum}`;
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    const meet = before.voters.length === 0 || alwaysMeet(before, configuration);
    check(meet, 'membership', () => `the members of ${index} could decide without those before`);
    if (configuration.outgoing.length > 0) this.#coverage.count('membership.joint');
    else if (before.outgoing.length > 0) this.#coverage.count('membership.left');
    else this.#coverage.count('membership.learners');
  }

  /** Of a log, the entries above all that is committed anywhere. */
  uncommitted(node: NodeId, entries: readonly Entry[]): void {
    const changes = entries.filter(({ configuration }) => configuration !== undefined);
    check(changes.length <= 1, 'membership', () => `${node} changes members twice at a time`);
  }

  elected({ id: leader, disk }: Watched, term: number, configuration: Configuration): void {
    const isElected = isQuorum(configuration, (voter) => {
      if (voter !== leader) return this.#promises.hasVoted(voter, term, leader);
      return disk.hardState?.term === term && disk.hardState.vote === leader;
    });
    check(isElected, 'membership', () => `${leader} leads ${term} without a majority's votes`);
    if (!configuration.voters.includes(leader)) this.#coverage.count('membership.ledByLeaving');
  }
}
