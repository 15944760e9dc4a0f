import t, { type Test } from 'tap';
import type { PeerMessage } from '../src/core/messages.ts';
import { HeldPromises } from '../src/driver/held-promises.ts';
import { toHex } from '../src/format/bytes.ts';
import { rowKey } from '../src/format/store-key.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { DRIVEN_TIMING, DrivenNodes } from '../testing/driven-nodes.ts';

const SHARDS = [1, 2, 3, 4, 5, 6];
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

async function start(test: Test): Promise<DrivenNodes> {
  const driven = await DrivenNodes.start({ machine: counterMachine, shardGroups: SHARDS.length });
  test.teardown(() => driven.stop());
  await driven.leaders(SHARDS);
  return driven;
}

/** A slot of the group, as the first slot table spreads them. */
function slotOf(group: number): number {
  return Math.ceil(((group - 1) * 65_536) / SHARDS.length) + 1;
}

t.test(
  'a leader whose disk hangs is silent after half an election timeout and gives up after one',
  async (t) => {
    const driven = await start(t);
    const [leader] = await driven.leaders([1]);
    const { sent } = leader!;
    leader!.hangDisk();
    const at = sent.length;
    leader!.driver!.submissions.submit(1, slotOf(1), bytes('x'), 20_000).catch(() => {});
    await driven.until(() => !leader!.leads.has(1));
    const { electionTicks, heartbeatTicks } = DRIVEN_TIMING;
    const rounds = new Set(
      leader!
        .messagesFrom(at)
        .flatMap((sent) => (sent.kind === 'heartbeat' && sent.group === 1 ? [sent.round] : [])),
    );
    t.ok(rounds.size <= electionTicks / 2 / heartbeatTicks + 1, `${rounds.size} rounds`);
    const line = leader!.log.lines.find(({ fields }) => fields['reason'] === 'diskStalled');
    t.match(line?.fields, { group: 1, from: 'leader', to: 'follower' });
    const [other] = await driven.leaders([1]);
    t.not(other, leader);
    // The two others have the entry: what was submitted is committed under the new leader.
    await driven.until(() => (other!.driver!.member(1)?.appliedIndex ?? 0) >= 2);
  },
);

t.test('what is committed is told and answered before its rows are on the disk', async (t) => {
  const driven = await start(t);
  const [leader] = await driven.leaders([1]);
  const row = toHex(rowKey(1, slotOf(1), bytes('x')));
  const told: boolean[] = [];
  leader!.onApplied = (entries) => {
    if (!entries.some(({ entry, command }) => entry.group === 1 && command?.slot === slotOf(1)))
      return;
    told.push(leader!.disk.content.has(row));
    leader!.hangDisk();
  };
  await leader!.driver!.submissions.submit(1, slotOf(1), bytes('x'), 20_000);
  t.same(told, [false], 'it was told, and the disk had no row');
  const [value] = await leader!.store!.getMany([rowKey(1, slotOf(1), bytes('x'))]);
  t.ok(value, 'which reads see');
  t.notOk(leader!.disk.content.has(row), 'and which the disk still has not');
});

t.test('it gives up the groups as well that wait for nothing yet', async (t) => {
  const driven = await start(t);
  const busy = driven.nodes.find(({ leads }) => SHARDS.filter((at) => leads.has(at)).length > 1);
  t.ok(busy !== undefined, 'of three nodes one leads more than one of six groups');
  const [first] = SHARDS.filter((group) => busy!.leads.has(group));
  busy!.hangDisk();
  busy!.driver!.submissions.submit(first!, slotOf(first!), bytes('x'), 20_000).catch(() => {});
  await driven.until(() => SHARDS.every((group) => !busy!.leads.has(group)));
  await driven.leaders(SHARDS);
  t.notOk(SHARDS.some((group) => busy!.leads.has(group)));
});

t.test('a follower whose disk hangs promises each thing once when it writes again', async (t) => {
  const driven = await start(t);
  const [leader] = await driven.leaders([1]);
  const follower = driven.nodes.find((node) => node !== leader)!;
  const { raft } = follower.driver!.member(1)!;
  const { submissions } = leader!.driver!;
  // The first command opens a session, with an entry and a batch of its own.
  const { index } = await submissions.submit(1, slotOf(1), bytes('w'), 20_000);
  await driven.until(() => raft.status().durableIndex === index);
  follower.hangDisk();
  await submissions.submit(1, slotOf(1), bytes('x'), 20_000);
  const from = leader!.sent.length;
  const beats = () =>
    leader!.messagesFrom(from).filter(({ kind, group, to }) => {
      return kind === 'heartbeat' && group === 1 && to === follower.id;
    });
  await driven.until(() => beats().length >= 10);
  const at = follower.sent.length;
  const promises = () =>
    follower.messagesFrom(at).filter(({ kind, group }) => kind === 'appendAccepted' && group === 1);
  follower.freeDisk();
  await driven.until(() => promises().length > 0);
  t.equal(promises().length, 1);
});

function accepted(matchIndex: number, options: Partial<PeerMessage> = {}): PeerMessage {
  const head = { kind: 'appendAccepted', group: 1, from: 'a', to: 'b', term: 1 } as const;
  return { ...head, matchIndex, ...options } as PeerMessage;
}

t.test('of one kind, to one peer, behind one batch the widest promise is kept', (t) => {
  const held = new HeldPromises();
  t.same(held.hold({ batch: 1, messages: [accepted(5)] }), []);
  held.hold({ batch: 1, messages: [accepted(7), accepted(6)] });
  t.equal(held.size, 1);
  held.hold({ batch: 1, messages: [accepted(2, { to: 'c' }), accepted(3, { term: 2 })] });
  held.hold({ batch: 2, messages: [accepted(9)] });
  t.equal(held.size, 4, 'another peer, another term and a later batch are other promises');
  t.same(held.release(1), [accepted(7), accepted(2, { to: 'c' }), accepted(3, { term: 2 })]);
  t.same(held.hold({ batch: 1, messages: [accepted(8)] }), [accepted(8)], 'it is durable by now');
  t.same(held.release(2), [accepted(9)]);
  t.equal(held.size, 0);
  t.end();
});
