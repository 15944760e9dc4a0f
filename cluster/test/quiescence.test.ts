import t, { type Test } from 'tap';
import { FRAME_KIND, type FrameKind, type PeerFrame } from '../src/format/peer-frame.ts';
import { encodeRaftBundles } from '../src/format/peer-payload.ts';
import { encodeQuietGroups } from '../src/format/quiet-groups.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { DRIVEN_TIMING, type DrivenNode, DrivenNodes } from '../testing/driven-nodes.ts';

const GROUPS = [0, 1, 2, 3];
const SHARD = 1;
const SLOT = 1;
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

async function start(test: Test): Promise<DrivenNodes> {
  const driven = await DrivenNodes.start({ machine: counterMachine, shardGroups: 3 });
  test.teardown(() => driven.stop());
  await driven.leaders(GROUPS);
  await driven.until(() => driven.nodes.every(restsWholly));
  return driven;
}

function restsWholly({ driver }: DrivenNode): boolean {
  return GROUPS.every((group) => driver?.isResting(group) === true);
}

function rests(node: DrivenNode, group = SHARD): boolean {
  return node.driver?.isResting(group) === true;
}

function frameOf(
  from: DrivenNode,
  to: DrivenNode,
  payload: Uint8Array,
  kind: FrameKind = FRAME_KIND.quiet,
): PeerFrame {
  const boot = { bootNumber: 1, bootId: '', bootBatch: 1, batch: 1 };
  const ends = { clusterId: '', incarnation: '', sender: from.id, receiver: to.id };
  return { ...boot, ...ends, clockMs: 1_000_000, kind, payload };
}

function others(driven: DrivenNodes, node: DrivenNode | undefined): readonly DrivenNode[] {
  return driven.nodes.filter((other) => other !== node);
}

t.test(
  '[PEER-12] where nothing happens every group rests, and only signs of life travel',
  async (t) => {
    const driven = await start(t);
    const [node] = driven.nodes;
    const { sent } = node!;
    const from = sent.length;
    await driven.until(() => sent.length >= from + 20);
    t.same(new Set(sent.slice(from).map(({ kind }) => kind)), new Set([FRAME_KIND.quiet]));
    t.ok(driven.nodes.every(restsWholly));
  },
);

t.test(
  'a write, wherever it is submitted, rouses its group alone, which comes to rest again',
  async (t) => {
    const driven = await start(t);
    for (const node of driven.nodes) {
      const written = node.driver!.submissions.submit(SHARD, SLOT, bytes('x'), 20_000);
      await driven.until(() => driven.nodes.every((each) => !rests(each)));
      t.ok(
        driven.nodes.every((each) => rests(each, 2) && rests(each, 3)),
        'the others rest on',
      );
      t.ok((await written).index > 1);
      await driven.until(() => driven.nodes.every(restsWholly));
    }
    t.equal(driven.nodes.filter(({ leads }) => leads.has(SHARD)).length, 1);
  },
);

t.test('a current read of any node is answered in a group that rests', async (t) => {
  const driven = await start(t);
  for (const { driver } of driven.nodes) await driver!.reads.current(SHARD, 20_000);
  await driven.until(() => driven.nodes.every(restsWholly));
  t.pass('and then it rests again');
});

t.test('[F2] followers of a node that falls silent elect another one', async (t) => {
  const driven = await start(t);
  const [leader] = await driven.leaders([SHARD]);
  driven.passes = (from, { to }) => from !== leader && to !== leader?.id;
  await driven.until(() => others(driven, leader).some(({ leads }) => leads.has(SHARD)));
  t.pass('within the time of an election');
  await driven.until(() => leader?.leads.has(SHARD) === false);
  t.pass('the former leader finds out that it has no quorum, though nobody asks it for anything');
  driven.passes = () => true;
  await driven.until(() => driven.nodes.every(restsWholly));
});

t.test('whatever rouses a follower, the silence of its leader until then counts', async (t) => {
  const driven = await start(t);
  const [leader] = await driven.leaders([SHARD]);
  const [follower, other] = others(driven, leader);
  const { raft } = follower!.driver!.member(SHARD)!;
  const { term } = raft;
  const told: unknown[][] = [];
  const [resume, step] = [raft.resume.bind(raft), raft.step.bind(raft)];
  raft.resume = (...ticks) => {
    told.push(['resume', ...ticks]);
    resume(...ticks);
  };
  raft.step = (message) => {
    told.push(['step', message.kind]);
    step(message);
  };
  const heardMs = driven.nowMs;
  driven.passes = (from, { to }) => !(from === leader && to === follower?.id);
  const silentTicks = DRIVEN_TIMING.electionTicks / 2 - 1;
  await driven.until(() => driven.nowMs - heardMs > silentTicks * DRIVEN_TIMING.tickMs);
  t.ok(rests(follower!));
  const ends = { group: SHARD, from: other!.id, to: follower!.id };
  const asked = { term: term + 1, lastIndex: 0, lastTerm: 0 };
  const [bundle] = encodeRaftBundles([{ ...ends, ...asked, kind: 'preVoteRequest' }]);
  follower!.driver!.received(frameOf(other!, follower!, bundle!, FRAME_KIND.raft));
  t.match(told, [['resume'], ['step', 'preVoteRequest']], 'it counts until here, not after');
  t.ok(Number(told[0]?.[2]) >= silentTicks, `of ${told[0]?.[1]} ticks, ${told[0]?.[2]} silent`);
});

t.test('[F2] a leader does not rest while one of its followers is awake', async (t) => {
  const driven = await start(t);
  const [leader] = await driven.leaders([SHARD]);
  const [follower, other] = others(driven, leader);
  // Its leader is not heard there, but it is heard: what it says is that it does not rest any more.
  driven.passes = (from, { to }) => !(from === leader && to === follower?.id);
  await driven.until(() => !rests(follower!));
  await driven.until(() => !rests(leader!) && !rests(other!));
  driven.passes = () => true;
  await driven.until(() => driven.nodes.every(restsWholly));
  t.pass('once it is heard again, all of them rest');
});

t.test('[F2] a leader whose follower takes its word back does not rest', async (t) => {
  const driven = await start(t);
  const [leader] = await driven.leaders([SHARD]);
  const [follower] = others(driven, leader);
  const nothing = encodeQuietGroups({ led: new Uint8Array(0), agreed: new Uint8Array(0) });
  leader!.driver!.received(frameOf(follower!, leader!, nothing));
  t.notOk(rests(leader!));
});

t.test('a node whose connection broke rouses what depends on it, on both ends', async (t) => {
  const driven = await start(t);
  const [leader] = await driven.leaders([SHARD]);
  const [follower] = others(driven, leader);
  leader!.driver!.peerLost(follower!.id);
  t.notOk(rests(leader!));
  await driven.until(() => !rests(follower!));
  await driven.until(() => driven.nodes.every(restsWholly));
});

t.test('a list of groups that cannot be read is refused, and changes nothing', async (t) => {
  const driven = await start(t);
  const [node, sender] = driven.nodes;
  node!.driver!.received(frameOf(sender!, node!, bytes('no such list')));
  t.match(node!.log.lines.find(({ fields }) => fields['code'] === 'PEER_FRAME_REFUSED')?.fields, {
    node: sender!.id,
    kind: FRAME_KIND.quiet,
  });
  t.ok(restsWholly(node!));
});
