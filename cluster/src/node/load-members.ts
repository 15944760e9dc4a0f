// Restores this node's member of every group from the store.

import { createRaft } from '../core/raft.ts';
import type { RaftLimits } from '../core/types.ts';
import { GroupMember, type MemberHooks } from '../driver/group-member.ts';
import { chainChecksum } from '../format/log-entry.ts';
import { KEY_KIND } from '../format/store-key.ts';
import type { MetaState } from '../meta/meta-state.ts';
import type { ClusterTiming } from '../options.ts';
import type { StateMachine } from '../ports.ts';
import { SessionTable } from '../sessions/session-table.ts';
import type { LogStore } from '../store/log-store.ts';
import type { GroupState } from '../store/verify-store.ts';

export interface MemberParts {
  readonly store: LogStore;
  readonly meta: MetaState;
  readonly machine: StateMachine;
  readonly hooks: MemberHooks;
  readonly timing: Pick<ClusterTiming, 'electionTicks' | 'heartbeatTicks'>;
  readonly limits: RaftLimits;
  /** An integer, another one with each call: elections must not tie. */
  readonly drawSeed: () => number;
}

export interface LoadedMembers {
  readonly groups: readonly number[];
  readonly members: readonly GroupMember[];
  /** By group: what was committed when the node started. */
  readonly commitAtStart: ReadonlyMap<number, number>;
}

export async function loadMembers(parts: MemberParts): Promise<LoadedMembers> {
  const { shardGroups } = parts.meta.slotTable;
  const groups = Array.from({ length: shardGroups + 1 }, (_, group) => group);
  const commitAtStart = new Map<number, number>();
  const members: GroupMember[] = [];
  for (const group of groups) {
    const state = await parts.store.loadGroup(group);
    commitAtStart.set(group, Math.max(state.hardState?.commit ?? 0, state.applied.index));
    const sessions = new SessionTable(group, await parts.store.loadAll(KEY_KIND.session, group));
    members.push(restoreMember(group, state, sessions, parts));
  }
  return { groups, commitAtStart, members };
}

function restoreMember(
  group: number,
  state: GroupState,
  sessions: SessionTable,
  parts: MemberParts,
): GroupMember {
  const { store, meta, machine, hooks, timing, limits } = parts;
  const { nodeId: self, bootNumber: boot } = store.identity;
  const raft = createRaft({
    group,
    self,
    boot,
    electionTicks: timing.electionTicks,
    heartbeatTicks: timing.heartbeatTicks,
    seed: parts.drawSeed(),
    chainChecksum,
    hardState: state.hardState,
    log: state.log,
    applied: state.applied.index,
    limits,
  });
  return new GroupMember({
    group,
    self,
    raft,
    store,
    apply: {
      machine,
      slots: state.slots,
      meta: group === 0 ? meta : undefined,
      sessions,
      getMany: (keys) => store.getMany(keys),
    },
    hooks,
    logRows: state.logRows,
    applied: state.applied,
  });
}
