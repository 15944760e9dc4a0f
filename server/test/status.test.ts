import type { ClusterStatus, FollowerState, GroupStatus, PeerState } from '@rockpool/cluster';
import t from 'tap';
import { ageOf, groupsOf } from '../src/cli/status-phrases.ts';
import { statusWords } from '../src/cli/status-words.ts';
import { whyNoLeader } from '../src/cli/why-no-leader.ts';
import type { GraceStatus } from '../src/grace/grace-status.ts';

const NOW_MS = 1_000_000_000;
const [ONE, TWO, THREE, FOUR] = ['1', '2', '3', '4'].map((digit) => digit.repeat(32));
const ALL = [ONE!, TWO!, THREE!];

function peer(id: string, state: Partial<PeerState> = {}): PeerState {
  const node = { id, name: id[0]!, peerAddress: `10.0.0.${id[0]}:7400`, fingerprint: '' };
  return { node, connected: true, isBehind: false, ...state };
}

function groupOf(group: number, more: Partial<GroupStatus> = {}): GroupStatus {
  return {
    group,
    role: 'follower',
    term: 3,
    commitIndex: 90,
    appliedIndex: 90,
    isResting: false,
    members: { voters: ALL, outgoing: [], learners: [] },
    firstIndex: 1,
    lastIndex: 90,
    followers: [],
    ...more,
  };
}

function clusterOf(more: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    clusterId: 'c'.repeat(32),
    realm: 'r'.repeat(64),
    self: peer(ONE!).node,
    listenAddress: '10.0.0.1:7400',
    incarnation: 'i'.repeat(32),
    bootNumber: 2,
    loopLagMs: 3,
    isClockOff: false,
    syncs: { batches: 500, p99Ms: 8.25, maxMs: 30, waitingMs: 0 },
    groups: Array.from({ length: 17 }, (_, group) => groupOf(group, { leader: TWO! })),
    full: [],
    refusals: {},
    peers: [peer(TWO!), peer(THREE!)],
    ...more,
  };
}

function words(cluster: ClusterStatus, everyGroup = false): readonly string[] {
  const sockets = { anonymous: 0, device: 2 };
  const status = { ready: true, pid: 7, unclaimed: false, sockets, cluster };
  return statusWords({ status, stun: undefined, nowMs: NOW_MS, everyGroup }).split('\n');
}

t.test('how many groups rest is told', (t) => {
  const groups = [groupOf(0), groupOf(1, { isResting: true }), groupOf(2, { isResting: true })];
  t.ok(words(clusterOf({ groups })).includes('2 of 3 groups at rest: nothing happens in them'));
  t.end();
});

t.test('what the peer port turned away is told, if there was anything', (t) => {
  t.notMatch(words(clusterOf()).join(), /peer port/);
  const refusals = { PEER_UNKNOWN_KEY: 2, JOIN_TOKEN_REFUSED: 7 };
  const told = words(clusterOf({ refusals }));
  t.ok(told.includes('refused at the peer port: JOIN_TOKEN_REFUSED 7, PEER_UNKNOWN_KEY 2'));
  t.end();
});

t.test('a grace is told of, and what is left of it', (t) => {
  const status = { ready: true, pid: 7, unclaimed: false, sockets: { anonymous: 0, device: 2 } };
  const told = (grace: GraceStatus) =>
    statusWords({
      status: { ...status, cluster: clusterOf(), grace },
      stun: undefined,
      nowMs: NOW_MS,
      everyGroup: false,
    });
  const running = told({ endsAtMs: NOW_MS + 5 * 3_600_000, chains: 1, undecided: 0 });
  t.match(
    running,
    /grace for 5 h more, to 1970-01-12T18:46:40\.000Z: .*; so far of 1 account or pool\n/,
  );
  const choosing = told({ chains: 3, undecided: 1 });
  t.match(choosing, /grace over: branches are being chosen for 2 accounts and pools\n/);
  t.match(
    choosing,
    /a person has to choose for 1 account or pool \(CHAIN_UNDECIDED\): rockpool branches\n/,
  );
  t.notMatch(told({ chains: 1, undecided: 1 }), /grace/);
  t.end();
});

const AWAY = { connected: false };
const JOINT = { voters: [ONE!, TWO!, FOUR!], outgoing: ALL, learners: [] };
const STALLED = { stoodDown: { atMs: 0, reason: 'diskStalled' } } as const;
const hung = { batches: 5, p99Ms: 8, maxMs: 9, waitingMs: 12_000 };
const SITUATIONS: [string, Partial<GroupStatus>, Partial<ClusterStatus>, string][] = [
  [
    'no majority',
    { role: 'preCandidate' },
    { peers: [peer(TWO!, AWAY), peer(THREE!, AWAY)] },
    'nodes 2 and 3 cannot be reached, and 2 of 3 are needed',
  ],
  [
    'one away, one that forgot',
    {},
    { peers: [peer(TWO!, AWAY), peer(THREE!, { isBehind: true })] },
    'node 2 cannot be reached, node 3 lost what was confirmed there, and 2 of 3 are needed',
  ],
  [
    'a majority before, none after',
    { members: JOINT },
    { peers: [peer(TWO!, AWAY), peer(THREE!), peer(FOUR!, AWAY)] },
    'nodes 2 and 4 cannot be reached, and 2 of 3 are needed, both of the voters before and of those after, since a change of voters is under way',
  ],
  [
    'a majority after, none before',
    { members: { voters: [ONE!, FOUR!], outgoing: ALL, learners: [] } },
    { peers: [peer(TWO!, AWAY), peer(THREE!, AWAY), peer(FOUR!)] },
    'nodes 2 and 3 cannot be reached, and 2 of 3 are needed, both of the voters before and of those after, since a change of voters is under way',
  ],
  [
    'no vote',
    { members: { voters: [TWO!, THREE!], outgoing: [], learners: [ONE!] } },
    {},
    'this node has no vote in it, and has not heard whom the others elected',
  ],
  [
    'no vote, and nobody there',
    { members: { voters: [], outgoing: [], learners: [] } },
    { peers: [peer(TWO!, AWAY), peer(THREE!, AWAY)] },
    'this node has no vote in it, and reaches none of the others',
  ],
  ['a hung disk', {}, { syncs: hung }, 'the disk of this node has not confirmed a write for 12 s'],
  [
    'a hung disk is no reason where the others are away',
    {},
    { syncs: hung, peers: [peer(TWO!, AWAY), peer(THREE!, AWAY)] },
    'nodes 2 and 3 cannot be reached, and 2 of 3 are needed',
  ],
  [
    'a wrong clock',
    {},
    { isClockOff: true },
    "the clock of this node is seconds off the others', so that it may not lead: check NTP",
  ],
  [
    'a slow machine',
    {},
    { loopLagMs: 2_300 },
    'this machine is too slow or too busy: the node stood still for 2.3 s',
  ],
  [
    'a disk that was too slow to lead',
    STALLED,
    {},
    'the disk of this node was too slow to lead; another one is being elected',
  ],
  ['soon', {}, {}, 'the others can be reached, and an election is due any moment'],
  [
    'now',
    { role: 'candidate', term: 9 },
    {},
    'an election is under way, and this node asks for votes in term 9',
  ],
  [
    'alone',
    { members: { voters: [ONE!], outgoing: [], learners: [] } },
    { peers: [] },
    'this node alone votes in it, and is about to elect itself',
  ],
];

for (const [name, group, cluster, sentence] of SITUATIONS) {
  t.test(`why there is no leader: ${name}`, async (t) => {
    t.equal(whyNoLeader(groupOf(3, group), clusterOf(cluster)), sentence);
  });
}

t.test('17 healthy groups fit a screen, and --groups shows each', async (t) => {
  const lines = words(clusterOf());
  t.ok(lines.length < 24, `${lines.length} lines`);
  t.ok(lines.includes('meta, shards 1-16  led by node 2, term 3, voters 1 2 3'), lines.join('\n'));
  t.ok(Math.max(...lines.map((line) => line.length)) <= 120);
  const each = words(clusterOf(), true);
  t.ok(each.some((line) => line.startsWith('shard 16  led by node 2')));
  t.ok(each.length > 34);
});

t.test('a peer that is away is told with the reason, or the code of its refusal', (t) => {
  const told = (away: Partial<PeerState>) =>
    words(clusterOf({ peers: [peer(TWO!, { connected: false, ...away })] })).find((line) =>
      line.startsWith('peer 2'),
    );
  t.equal(told({}), 'peer 2  10.0.0.2:7400  away');
  t.equal(told({ trouble: 'nobodyListens' }), 'peer 2  10.0.0.2:7400  away: nothing listens there');
  t.equal(
    told({ trouble: 'PEER_WRONG_CLUSTER' }),
    'peer 2  10.0.0.2:7400  away: it refuses this node (PEER_WRONG_CLUSTER)',
  );
  t.end();
});

t.test(
  'peers are in the order of their names, and a node that just joined knows no members',
  (t) => {
    const tenth = peer(FOUR!);
    const peers = [{ ...tenth, node: { ...tenth.node, name: '10' } }, peer(THREE!), peer(TWO!)];
    const nobody = { voters: [], outgoing: [], learners: [] };
    const lines = words(clusterOf({ peers, groups: [groupOf(0, { members: nobody })] }));
    t.same(
      lines.filter((line) => line.startsWith('peer ')).map((line) => line.split(' ')[1]),
      ['2', '3', '10'],
    );
    t.ok(lines.includes('meta  no leader, term 3, members not known yet'), lines.join('\n'));
    t.end();
  },
);

t.test('groups in different states are told apart', async (t) => {
  const follower = (node: string, more: Partial<FollowerState> = {}): FollowerState => {
    return { node, matchIndex: 90, state: 'replicate', isLive: true, ...more };
  };
  const leading = { role: 'leader', leader: ONE! } as const;
  const election = {
    atMs: NOW_MS - 180_000,
    term: 3,
    leader: ONE!,
    reason: 'electionTimeout',
  } as const;
  const cluster = clusterOf({
    groups: [
      groupOf(0, { ...leading, election, followers: [follower(TWO!), follower(THREE!)] }),
      groupOf(1, { ...leading, followers: [follower(TWO!), follower(THREE!, { isLive: false })] }),
      groupOf(2, {
        ...leading,
        lastIndex: 900,
        followers: [follower(TWO!), follower(THREE!, { state: 'snapshot' })],
      }),
      groupOf(3),
      groupOf(4),
    ],
    peers: [peer(TWO!, AWAY), peer(THREE!, AWAY)],
  });
  const text = words(cluster).join('\n');
  t.match(text, 'meta  led by this node, term 3');
  t.match(text, 'node 2 is up to date; node 3 is up to date');
  t.match(words(cluster, true).join('\n'), 'node 2 is up to date (confirmed 90)');
  t.match(text, 'node 1 was elected 3 min ago (no leader was heard)');
  t.match(text, 'node 3 does not answer');
  t.match(text, 'node 2 has 90, lacks 810; node 3 is being sent all rows');
  t.match(
    text,
    'No leader for shards 3-4: nodes 2 and 3 cannot be reached, and 2 of 3 are needed.',
  );
});

t.test('phrases', async (t) => {
  t.equal(groupsOf([0]), 'meta');
  t.equal(groupsOf([7]), 'shard 7');
  t.equal(groupsOf([0, 1, 2, 3, 9, 11, 12]), 'meta, shards 1-3, 9 and 11-12');
  t.same([500, 119_000, 120_000, 7_200_000, 172_800_000].map(ageOf), [
    '1 s',
    '119 s',
    '2 min',
    '2 h',
    '2 days',
  ]);
});
