// Gives away what this node leads: before it stops, and when it should not lead.

import type { GroupMember } from './group-member.ts';

export class Handover {
  readonly #members: ReadonlyMap<number, GroupMember>;
  readonly #wake: (group: number) => void;
  #done: PromiseWithResolvers<void> | undefined;

  constructor(members: ReadonlyMap<number, GroupMember>, wake: (group: number) => void) {
    this.#members = members;
    this.#wake = wake;
  }

  /** Each group to the follower that is furthest, where one answers. */
  transferAll(): void {
    for (const { raft, group } of this.#members.values()) {
      if (raft.role !== 'leader') continue;
      const { followers, configuration } = raft.status();
      const live = followers.filter(
        ({ node, isLive }) => isLive && configuration.voters.includes(node),
      );
      const [best] = live.sort((a, b) => b.matchIndex - a.matchIndex);
      if (best === undefined) continue;
      raft.transfer(best.node);
      this.#wake(group);
    }
  }

  /** Resolves when all is given away, or that has failed. */
  async finish(): Promise<void> {
    this.transferAll();
    if (!this.#isUnderWay()) return;
    this.#done = Promise.withResolvers();
    await this.#done.promise;
  }

  /** To be called when a group may have changed hands. */
  check(): void {
    if (this.#done !== undefined && !this.#isUnderWay()) this.#done.resolve();
  }

  /** Whatever is not given away by now stays. */
  end(): void {
    this.#done?.resolve();
  }

  #isUnderWay(): boolean {
    const members = [...this.#members.values()];
    return members.some(({ raft }) => raft.status().transferTo !== undefined);
  }
}
