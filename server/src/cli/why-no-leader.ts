// One sentence for people: why a group has no leader, as far as one node can know it.

import type { ClusterStatus, GroupStatus } from '@rockpool/cluster';
import { listOf, secondsOf } from './status-phrases.ts';

/** So long a disk may take before it is the reason. */
const HUNG_DISK_MS = 1_000;
/** A node whose event loop is as late as that takes part in no election in time. */
const LATE_LOOP_MS = 1_000;

type Knowledge = Pick<ClusterStatus, 'self' | 'peers' | 'isClockOff' | 'loopLagMs' | 'syncs'>;
type Leaderless = Pick<GroupStatus, 'role' | 'term' | 'members' | 'stoodDown'>;

/** What follows the colon in "No leader for shard 3: …". */
export function whyNoLeader(
  { role, term, members, stoodDown }: Leaderless,
  node: Knowledge,
): string {
  const { self, peers, syncs, isClockOff, loopLagMs } = node;
  const short = tooFew(members, node);
  if (short !== undefined) return short;
  const votes = members.voters.includes(self.id) || members.outgoing.includes(self.id);
  if (!votes && !peers.some(({ connected }) => connected)) {
    return 'this node has no vote in it, and reaches none of the others';
  }
  if (!votes) return 'this node has no vote in it, and has not heard whom the others elected';
  if (syncs.waitingMs >= HUNG_DISK_MS) {
    return `the disk of this node has not confirmed a write for ${secondsOf(syncs.waitingMs)}`;
  }
  if (isClockOff) {
    return "the clock of this node is seconds off the others', so that it may not lead: check NTP";
  }
  if (loopLagMs >= LATE_LOOP_MS) {
    return `this machine is too slow or too busy: the node stood still for ${secondsOf(loopLagMs)}`;
  }
  if (stoodDown?.reason === 'diskStalled' && role === 'follower') {
    return 'the disk of this node was too slow to lead; another one is being elected';
  }
  const isAlone = members.voters.length === 1 && members.outgoing.length === 0;
  if (isAlone) return 'this node alone votes in it, and is about to elect itself';
  if (role === 'follower') return 'the others can be reached, and an election is due any moment';
  return `an election is under way, and this node asks for votes in term ${term}`;
}

function tooFew({ voters, outgoing }: GroupStatus['members'], node: Knowledge): string | undefined {
  const lacking = [voters, outgoing].find(
    (set) => set.length > 0 && missing(set, node).length > 0 && !hasMajority(set, node),
  );
  if (lacking === undefined) return undefined;
  const needed = `${majorityOf(lacking)} of ${lacking.length} are needed`;
  const joint =
    outgoing.length === 0
      ? ''
      : ', both of the voters before and of those after, since a change of voters is under way';
  return `${absence(missing(lacking, node), node)}, and ${needed}${joint}`;
}

function majorityOf(set: readonly string[]): number {
  return Math.floor(set.length / 2) + 1;
}

function hasMajority(set: readonly string[], node: Knowledge): boolean {
  return set.length - missing(set, node).length >= majorityOf(set);
}

function missing(set: readonly string[], { self, peers }: Knowledge): readonly string[] {
  const there = new Set([self.id]);
  for (const peer of peers) if (peer.connected && !peer.isBehind) there.add(peer.node.id);
  return set.filter((id) => !there.has(id));
}

/** "nodes 2 and 3 cannot be reached", "node 2 lost what it had confirmed". */
function absence(ids: readonly string[], { peers }: Knowledge): string {
  const behind = new Set(peers.filter(({ isBehind }) => isBehind).map(({ node }) => node.id));
  const nameOf = (id: string) => peers.find(({ node }) => node.id === id)?.node.name ?? id;
  const away = ids.filter((id) => !behind.has(id)).map(nameOf);
  const lost = ids.filter((id) => behind.has(id)).map(nameOf);
  const parts: string[] = [];
  if (away.length > 0) parts.push(`${nodes(away)} cannot be reached`);
  if (lost.length > 0) parts.push(`${nodes(lost)} lost what was confirmed there`);
  return parts.join(', ');
}

function nodes(names: readonly string[]): string {
  return `${names.length === 1 ? 'node' : 'nodes'} ${listOf(names)}`;
}
