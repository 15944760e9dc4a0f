// What came last in each group, for those who look at a node: who was elected and why, why this node stood down, and
// when its log was cut or its state sent on. Nothing decides by it.

import type { RaftEvent, RoleChangeReason } from '../core/types.ts';

export interface GroupHistory {
  /** The last leader that this node heard of, which may be itself. */
  readonly election?: {
    readonly atMs: number;
    readonly term: number;
    readonly leader: string;
    /** Why the election was called: known where this node called it. */
    readonly reason?: RoleChangeReason;
  };
  /** When and why this node last gave up to lead. */
  readonly stoodDown?: { readonly atMs: number; readonly reason: RoleChangeReason };
  readonly compactedAtMs?: number;
  /** All rows of the group were sent to a node, or received from one. */
  readonly snapshotAtMs?: number;
}

export class GroupHistories {
  readonly #nowMs: () => number;
  readonly #self: string;
  readonly #groups = new Map<number, GroupHistory>();
  readonly #campaigns = new Map<number, { readonly reason: RoleChangeReason }>();

  constructor(self: string, nowMs: () => number) {
    this.#self = self;
    this.#nowMs = nowMs;
  }

  of(group: number): GroupHistory {
    return this.#groups.get(group) ?? {};
  }

  note(group: number, event: RaftEvent): void {
    if (event.kind === 'roleChanged') {
      const { from, to, reason } = event;
      // A candidate was one who asked first whether it would win: that is no reason of its own.
      if (from === 'follower' && to !== 'leader') this.#campaigns.set(group, { reason });
      if (from === 'leader') this.#add(group, { stoodDown: { atMs: this.#nowMs(), reason } });
    }
    if (event.kind === 'leaderChanged' && event.leader !== undefined) {
      const { term, leader } = event;
      const called = leader === this.#self ? this.#campaigns.get(group) : undefined;
      this.#add(group, { election: { atMs: this.#nowMs(), term, leader, ...called } });
    }
  }

  compacted(group: number): void {
    this.#add(group, { compactedAtMs: this.#nowMs() });
  }

  snapshot(group: number): void {
    this.#add(group, { snapshotAtMs: this.#nowMs() });
  }

  #add(group: number, more: GroupHistory): void {
    this.#groups.set(group, { ...this.of(group), ...more });
  }
}
