// Brings the members of each group in line with the nodes that there are. Whoever leads a group does it
// there, one step at a time, and the core refuses every step that is not safe yet: so it goes on after
// any crash, and nobody has to wait for it.

import { type ConfigurationChange, isMember } from '../core/configuration.ts';
import type { RaftStatus } from '../core/types.ts';
import type { ClusterLogger } from '../options.ts';
import type { GroupMember } from './group-member.ts';
import { nextChange } from './placement.ts';

const META_GROUP = 0;
/** At the usual tick, once in a second. */
const EVERY_TICKS = 20;
/** Entries that a learner may lack; the core decides. */
const LAG_MAX = 64;

export interface NodesView {
  readonly staying: readonly string[];
  readonly leaving: readonly string[];
  isDeparting(node: string): boolean;
}

export interface ReconcilerPorts {
  readonly logger: ClusterLogger;
  nodes(): NodesView;
  wake(group: number): void;
  /** No group has it any more, as far as is seen here. */
  departed(node: string): void;
}

export class Reconciler {
  readonly #members: ReadonlyMap<number, GroupMember>;
  readonly #ports: ReconcilerPorts;
  #ticks = 0;

  constructor(members: ReadonlyMap<number, GroupMember>, ports: ReconcilerPorts) {
    this.#members = members;
    this.#ports = ports;
  }

  tick(): void {
    this.#ticks += 1;
    if (this.#ticks % EVERY_TICKS !== 0) return;
    const nodes = this.#ports.nodes();
    for (const { group, raft } of this.#members.values()) {
      if (raft.role === 'leader') this.#advance(group, nodes);
    }
    if (this.#members.get(META_GROUP)?.raft.role !== 'leader') return;
    for (const node of nodes.leaving) if (this.#isGone(node)) this.#ports.departed(node);
  }

  #advance(group: number, nodes: NodesView): void {
    const member = this.#members.get(group);
    const status = member?.raft.status();
    if (member === undefined || status === undefined) return;
    const { configuration, configurationIndex, commit } = status;
    if (configuration.outgoing.length > 0 || configurationIndex > commit) return;
    const change = nextChange({
      group,
      configuration,
      staying: nodes.staying,
      isDeparting: (node) => nodes.isDeparting(node),
      mustHear: (node) => group === META_GROUP && this.#isElsewhere(node),
      isCaughtUp: (learner) => isCaughtUp(status, learner),
    });
    if (change !== undefined) this.#propose(member, change);
  }

  #propose({ group, raft }: GroupMember, change: ConfigurationChange): void {
    const { logger } = this.#ports;
    const result = raft.proposeConfiguration(change);
    this.#ports.wake(group);
    if (result.ok) logger.info({ group, ...change }, 'the members of a group change');
    else logger.debug({ group, ...change, code: result.code }, 'a change of members has to wait');
  }

  /**
   * Another group than that of the nodes still has it. It may lead there, and only the list of nodes tells it to make room:
   * a node that leaves while it is away would else never learn of it, and nobody could take its place there.
   */
  #isElsewhere(node: string): boolean {
    return [...this.#members.values()].some(({ group, raft }) => {
      const { configuration } = raft.status();
      return group !== META_GROUP && isMember(configuration, node);
    });
  }

  #isGone(node: string): boolean {
    return [...this.#members.values()].every(({ raft }) => {
      const { configuration, configurationIndex, commit } = raft.status();
      const isSettled = configurationIndex <= commit && configuration.voters.length > 0;
      return isSettled && !isMember(configuration, node);
    });
  }
}

function isCaughtUp({ followers, lastIndex }: RaftStatus, learner: string): boolean {
  const follower = followers.find(({ node }) => node === learner);
  if (follower === undefined || !follower.isLive) return false;
  return follower.state === 'replicate' && lastIndex - follower.matchIndex <= LAG_MAX;
}
