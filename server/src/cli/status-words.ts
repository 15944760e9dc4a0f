// What `rockpool status` says. Groups in the same state are one line, so that a healthy node fits a screen.

import type { ClusterStatus, GroupStatus, PeerState } from '@rockpool/cluster';
import type { NodeStatus } from '../control/control-messages.ts';
import type { StunStatus } from '../observability/stun-status.ts';
import { graceLines } from './grace-words.ts';
import { ageOf, groupsOf } from './status-phrases.ts';
import { whyNoLeader } from './why-no-leader.ts';

export type ProbedStun = StunStatus & { readonly answering: boolean };

export interface StatusView {
  readonly status: NodeStatus;
  readonly stun: ProbedStun | undefined;
  readonly nowMs: number;
  /** A paragraph for each group. */
  readonly everyGroup: boolean;
}

/** Entries that a follower may lack while they are on their way to it. */
const ON_ITS_WAY = 64;

/** Why this node called the election that it won. */
const ELECTED: Readonly<Record<string, string>> = {
  electionTimeout: 'no leader was heard',
  leadershipTransferred: 'the leader before handed over',
};

/** What a peer that is away is told of; any other trouble is the code of a refusal. */
const TROUBLES: Readonly<Record<string, string>> = {
  noAddress: 'no address of it is known',
  unknownName: 'its host name is not found',
  unreachable: 'no network leads there',
  nobodyListens: 'nothing listens there',
  silent: 'nothing answers there',
  cut: 'connections to it are closed at once',
  otherKey: 'another node is there (PEER_UNKNOWN_KEY)',
  oneWay: 'this node reaches it, but it does not reach this node',
};

const STOOD_DOWN: Readonly<Record<string, string>> = {
  quorumLost: 'too few of the others answered',
  diskStalled: 'its disk did not confirm',
  higherTerm: 'another node called an election',
  leadershipTransferred: 'it handed over',
  removed: 'it takes no part in the group any more',
};

export function statusWords(view: StatusView): string {
  const { status, stun, everyGroup, nowMs } = view;
  const { ready, pid, sockets, cluster, grace } = status;
  const { self, clusterId, bootNumber, loopLagMs, groups, isClockOff, full, peers } = cluster;
  const lines = [
    `node ${self.name}  ${ready ? 'ready' : 'not ready'}  pid ${pid}`,
    `cluster ${clusterId}  boot ${bootNumber}`,
    `sockets ${sockets.device} with a device, ${sockets.anonymous} without`,
    stunLine(stun),
    diskLine(cluster),
    `event loop late by ${Math.round(loopLagMs)} ms at most`,
    restLine(groups),
  ];
  if (grace !== undefined) lines.push(...graceLines(grace, nowMs));
  if (isClockOff) lines.push("clock seconds off the other nodes': check NTP");
  lines.push(
    ...full.map((name) => {
      return `node ${name} is nearly out of disk: nothing is changed (CLUSTER_READ_ONLY)`;
    }),
    ...peers
      .toSorted(byName)
      .map((peer) => `peer ${peer.node.name}  ${peer.node.peerAddress}  ${wordsOf(peer)}`),
  );
  const refused = Object.entries(cluster.refusals).map(([code, count]) => `${code} ${count}`);
  if (refused.length > 0) lines.push(`refused at the peer port: ${refused.sort().join(', ')}`);
  const render = (of: readonly GroupStatus[]) => groupLines(of, cluster, nowMs, everyGroup);
  lines.push(...(everyGroup ? groups.map((group) => [group]) : folded(cluster)).flatMap(render));
  lines.push(...leaderless(cluster));
  return lines.join('\n');
}

function restLine(groups: readonly GroupStatus[]): string {
  const resting = groups.filter(({ isResting }) => isResting);
  return `${resting.length} of ${groups.length} groups at rest: nothing happens in them`;
}

/** Groups about which the same is to be said, in the order of their first one. */
function folded(cluster: ClusterStatus): readonly (readonly GroupStatus[])[] {
  const byWords = new Map<string, GroupStatus[]>();
  for (const group of cluster.groups) {
    const key = stateOf(group, cluster);
    byWords.set(key, [...(byWords.get(key) ?? []), group]);
  }
  return [...byWords.values()];
}

/** All but figures: what two groups must share to be told of together. */
function stateOf(group: GroupStatus, cluster: ClusterStatus): string {
  const followers = group.followers.map((follower) => followerWords(follower, group, cluster));
  return [roleWords(group, cluster), membersOf(group, cluster), ...followers].join('|');
}

function groupLines(
  groups: readonly GroupStatus[],
  cluster: ClusterStatus,
  nowMs: number,
  everyGroup: boolean,
): readonly string[] {
  const [first] = groups;
  if (first === undefined) return [];
  const name = groupsOf(groups.map(({ group }) => group));
  const terms = span(groups.map(({ term }) => term));
  const lines = [
    `${name}  ${roleWords(first, cluster)}, term ${terms}, ${membersOf(first, cluster)}`,
    `    ${appliedWords(groups)}`,
  ];
  const followers = first.followers.map((follower) => {
    const words = followerWords(follower, first, cluster);
    // Groups that are told of together have one each.
    return everyGroup ? `${words} (confirmed ${follower.matchIndex})` : words;
  });
  if (followers.length > 0) lines.push(`    ${followers.join('; ')}`);
  const past = pastWords(groups, cluster, nowMs);
  if (past !== '') lines.push(`    ${past}`);
  return lines;
}

function roleWords({ role, leader }: GroupStatus, cluster: ClusterStatus): string {
  if (role === 'leader') return 'led by this node';
  return leader === undefined ? 'no leader' : `led by node ${nameOf(leader, cluster)}`;
}

function membersOf({ members }: GroupStatus, cluster: ClusterStatus): string {
  const names = (ids: readonly string[]) =>
    ids
      .map((id) => nameOf(id, cluster))
      .toSorted()
      .join(' ');
  if (members.voters.length === 0) return 'members not known yet';
  const parts = [`voters ${names(members.voters)}`];
  if (members.outgoing.length > 0) parts.push(`voters before ${names(members.outgoing)}`);
  if (members.learners.length > 0) parts.push(`learners ${names(members.learners)}`);
  return parts.join(', ');
}

function appliedWords(groups: readonly GroupStatus[]): string {
  const behind = groups.filter(({ appliedIndex, commitIndex }) => appliedIndex < commitIndex);
  const upTo = span(groups.map(({ appliedIndex }) => appliedIndex));
  const entries = span(groups.map(({ firstIndex, lastIndex }) => lastIndex - firstIndex + 1));
  const applied =
    behind.length === 0
      ? `applied ${upTo}, which is all`
      : `applied ${upTo} of ${span(groups.map(({ commitIndex }) => commitIndex))}`;
  return `${applied}; ${entries} in the log`;
}

function followerWords(
  { node, matchIndex, state, isLive }: GroupStatus['followers'][number],
  { lastIndex }: GroupStatus,
  cluster: ClusterStatus,
): string {
  const name = `node ${nameOf(node, cluster)}`;
  if (!isLive) return `${name} does not answer`;
  if (state === 'snapshot') return `${name} is being sent all rows`;
  const lacks = lastIndex - matchIndex;
  return lacks <= ON_ITS_WAY
    ? `${name} is up to date`
    : `${name} has ${matchIndex}, lacks ${lacks}`;
}

function pastWords(groups: readonly GroupStatus[], cluster: ClusterStatus, nowMs: number): string {
  const parts: string[] = [];
  const elected = newest(groups, ({ election }) => election);
  if (elected !== undefined) {
    const { leader, reason = '', atMs } = elected;
    const why = ELECTED[reason];
    const because = why === undefined ? '' : ` (${why})`;
    parts.push(`node ${nameOf(leader, cluster)} was elected ${ageOf(nowMs - atMs)} ago${because}`);
  }
  const down = newest(groups, ({ stoodDown }) => stoodDown);
  if (down !== undefined) {
    const why = STOOD_DOWN[down.reason] ?? down.reason;
    parts.push(`this node stood down ${ageOf(nowMs - down.atMs)} ago (${why})`);
  }
  const cut = newest(groups, ({ compactedAtMs: atMs }) => at(atMs));
  if (cut !== undefined) parts.push(`log cut ${ageOf(nowMs - cut.atMs)} ago`);
  const sent = newest(groups, ({ snapshotAtMs: atMs }) => at(atMs));
  if (sent !== undefined) parts.push(`all rows sent or received ${ageOf(nowMs - sent.atMs)} ago`);
  return parts.join('; ');
}

function at(atMs: number | undefined): { readonly atMs: number } | undefined {
  return atMs === undefined ? undefined : { atMs };
}

function newest<T extends { readonly atMs: number }>(
  groups: readonly GroupStatus[],
  of: (group: GroupStatus) => T | undefined,
): T | undefined {
  const found = groups.flatMap((group) => of(group) ?? []);
  return found.toSorted((a, b) => b.atMs - a.atMs)[0];
}

/** Groups that have the same reason are one sentence. */
function leaderless(cluster: ClusterStatus): readonly string[] {
  const byReason = new Map<string, number[]>();
  for (const group of cluster.groups) {
    if (group.leader !== undefined) continue;
    const reason = whyNoLeader(group, cluster);
    byReason.set(reason, [...(byReason.get(reason) ?? []), group.group]);
  }
  return [...byReason].map(([reason, groups]) => {
    const isAll = groups.length === cluster.groups.length;
    return `No leader for ${isAll ? 'any group' : groupsOf(groups)}: ${reason}.`;
  });
}

function diskLine({ syncs: { batches, p99Ms, maxMs, waitingMs } }: ClusterStatus): string {
  const waits = waitingMs < 1_000 ? '' : `; one has waited for ${ageOf(waitingMs)}`;
  const [most, worst] = [p99Ms.toFixed(1), maxMs.toFixed(1)];
  return `disk confirms within ${most} ms (99 of 100), ${worst} ms at worst, of ${batches} writes${waits}`;
}

function wordsOf({ connected, isBehind, trouble }: PeerState): string {
  if (isBehind) return 'not counted: its disk lost what it had confirmed (PEER_INCARNATION)';
  if (connected) return 'connected';
  return trouble === undefined
    ? 'away'
    : `away: ${TROUBLES[trouble] ?? `it refuses this node (${trouble})`}`;
}

/** Node 10 after node 9. */
function byName(a: PeerState, b: PeerState): number {
  return a.node.name.localeCompare(b.node.name, 'en', { numeric: true });
}

function stunLine(stun: ProbedStun | undefined): string {
  if (stun === undefined) return 'stun off';
  const { answering, port, sinceMs, answers, refused } = stun;
  const since = new Date(sinceMs).toISOString();
  const state = answering ? 'answering' : 'NOT answering';
  return `stun ${state}  port ${port}  since ${since}  answers ${answers}  refused ${refused}`;
}

function nameOf(id: string, { self, peers }: ClusterStatus): string {
  return [self, ...peers.map(({ node }) => node)].find((node) => node.id === id)?.name ?? id;
}

function span(figures: readonly number[]): string {
  const [least, most] = [Math.min(...figures), Math.max(...figures)];
  return least === most ? `${least}` : `${least}-${most}`;
}
