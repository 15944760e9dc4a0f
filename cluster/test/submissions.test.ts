import { systemAfter } from '@rockpool/storage';
import t from 'tap';
import type { AppliedEntry, Outcome } from '../src/driver/apply-commands.ts';
import type { LeaderView } from '../src/driver/delivery.ts';
import { Submissions } from '../src/driver/submissions.ts';
import { decodeCommand, SESSION } from '../src/format/command.ts';
import type { ForwardedProposal } from '../src/format/peer-payload.ts';

const SELF = 'self';
const PEER = 'peer';
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** A submitter whose leader, connection and log are in the test's hands. */
function submitter() {
  const state = {
    view: { term: 1, leader: PEER } as LeaderView,
    up: true,
    forwarded: [] as ForwardedProposal[],
    proposed: [] as ForwardedProposal[],
    answer: 'appended' as 'appended' | 'notLeader' | 'busy',
  };
  const submissions = new Submissions({
    self: SELF,
    clientId: new Uint8Array(16).fill(7),
    ruleVersion: 1,
    tableEpoch: 1,
    after: systemAfter,
    view: () => state.view,
    propose: (proposal) => {
      state.proposed.push(proposal);
      return state.answer;
    },
    forward: (_, proposal) => {
      if (state.up) state.forwarded.push(proposal);
      return state.up;
    },
  });
  return { state, submissions };
}

const OK: Outcome = { kind: 'applied', reply: bytes('ok') };

function applied(proposal: ForwardedProposal, outcome: Outcome = OK, index = 42): AppliedEntry {
  const { group, ruleVersion, tableEpoch, command } = proposal;
  const entry = { group, index, term: 1, ruleVersion, tableEpoch, command, checksum: 0 };
  return {
    entry: { ...entry, kind: 'command', entryTimeMs: 5 },
    command: decodeCommand(command),
    outcome,
    events: [],
  };
}

/** One whose session in group 1 is open. */
async function withSession() {
  const { state, submissions } = submitter();
  const first = submissions.submit(1, 3, bytes('first'), 60_000);
  const [opening] = state.forwarded;
  submissions.applied(applied(opening!, OK, 7));
  submissions.applied(applied(state.forwarded[1]!));
  await first;
  state.forwarded = [];
  return { state, submissions, opening: opening! };
}

const commandOf = ({ command }: ForwardedProposal) => decodeCommand(command);

t.test('[STO-12] a session is opened once, and before anything is sent', async (t) => {
  const { state, submissions } = submitter();
  const both = ['x', 'y'].map((body) => submissions.submit(1, 3, bytes(body), 60_000));
  t.match(state.forwarded.map(commandOf), [{ slot: SESSION, body: new Uint8Array(16).fill(7) }]);
  submissions.applied(applied(state.forwarded[0]!, OK, 7));
  submissions.applied(applied(state.forwarded[0]!, { kind: 'repeated' }, 8));
  const [, x, y] = state.forwarded;
  t.match([x!, y!].map(commandOf), [
    { slot: 3, session: 7, sequence: 1, oldest: 1, body: bytes('x') },
    { slot: 3, session: 7, sequence: 2, oldest: 1, body: bytes('y') },
  ]);
  submissions.applied(applied(x!));
  submissions.applied(applied(y!));
  await Promise.all(both);
  submissions.submit(1, 3, bytes('z'), 60_000).catch(() => {});
  t.match(commandOf(state.forwarded.at(-1)!), { session: 7, sequence: 3, oldest: 3 });
  submissions.submit(2, 3, bytes('z'), 60_000).catch(() => {});
  t.match(state.forwarded.at(-1), { group: 2 });
  t.equal(commandOf(state.forwarded.at(-1)!)?.slot, SESSION, 'another group, another session');
  submissions.stop();
});

t.test(
  'a submission resolves when this node applies it, not when the leader answers',
  async (t) => {
    const { state, submissions } = await withSession();
    const submitted = submissions.submit(1, 3, bytes('x'), 5_000);
    const [sent] = state.forwarded;
    submissions.replied(PEER, { request: sent!.request, answer: 'appended' });
    submissions.applied(applied(sent!, OK, 43));
    t.match(await submitted, { index: 43, entryTimeMs: 5, reply: bytes('ok') });
  },
);

t.test('[PEER-5] it is sent again only to a leader that may not have it', async (t) => {
  const { state, submissions } = await withSession();
  const submitted = submissions.submit(1, 3, bytes('x'), 5_000);
  submissions.retry();
  t.equal(state.forwarded.length, 1, 'nothing is repeated while the leader may be at it');
  submissions.disconnected('other');
  submissions.retry();
  t.equal(state.forwarded.length, 1);
  submissions.disconnected(PEER);
  submissions.retry();
  t.equal(state.forwarded.length, 2, 'it may have been lost on the way');
  t.not(state.forwarded[0]!.request, state.forwarded[1]!.request);
  t.same(state.forwarded[0]!.command, state.forwarded[1]!.command, 'the same in all its copies');
  state.view = { term: 2, leader: undefined };
  submissions.retry();
  state.view = { term: 2, leader: SELF };
  submissions.retry(1);
  submissions.retry();
  t.equal(state.proposed.length, 1, 'another leader gets it at once, and once');
  submissions.applied(applied(state.proposed[0]!));
  t.match(await submitted, { index: 42 });
});

t.test('[PEER-6] a refusal is followed by another attempt', async (t) => {
  const { state, submissions } = await withSession();
  const submitted = submissions.submit(1, 3, bytes('x'), 5_000);
  submissions.disconnected(PEER);
  submissions.retry();
  const [stale, sent] = state.forwarded;
  submissions.replied(PEER, { request: stale!.request, answer: 'notLeader' });
  submissions.replied('other', { request: sent!.request, answer: 'notLeader' });
  submissions.retry();
  t.equal(state.forwarded.length, 2, 'an answer to an earlier send, or of somebody else');
  submissions.replied(PEER, { request: sent!.request, answer: 'notLeader' });
  submissions.retry();
  t.equal(state.forwarded.length, 3);
  submissions.applied(applied(state.forwarded[2]!));
  await submitted;
});

t.test(
  'what was certainly not appended fails by another code than what may have been',
  async (t) => {
    const { state, submissions } = await withSession();
    await t.rejects(submissions.submit(1, 3, bytes('x'), 1), { code: 'CLUSTER_TIMEOUT' });
    const doubtful = submissions.submit(1, 3, bytes('x'), 20);
    submissions.disconnected(PEER);
    submissions.retry();
    const { request } = state.forwarded.at(-1)!;
    submissions.replied(PEER, { request, answer: 'busy' });
    await t.rejects(doubtful, { code: 'CLUSTER_TIMEOUT' }, 'one of two sends was refused');
    state.up = false;
    await t.rejects(submissions.submit(1, 3, bytes('x'), 1), { code: 'CLUSTER_NO_LEADER' });
    await t.rejects(submissions.submit(2, 3, bytes('x'), 1), { code: 'CLUSTER_NO_LEADER' });
    state.view = { term: 1, leader: SELF };
    state.answer = 'busy';
    await t.rejects(submissions.submit(1, 3, bytes('x'), 1), { code: 'CLUSTER_BUSY' });
    await t.rejects(submissions.submit(2, 3, bytes('x'), 1), { code: 'CLUSTER_BUSY' });
    state.answer = 'appended';
    await t.rejects(submissions.submit(3, 3, bytes('x'), 1), { code: 'CLUSTER_NO_LEADER' });
    const wrong = submissions.submit(1, 3, bytes('x'), 5_000);
    submissions.applied(applied(state.proposed.at(-1)!, { kind: 'wrongShard' }));
    await t.rejects(wrong, { code: 'CLUSTER_WRONG_SHARD' });
    submissions.stop();
    await t.rejects(submissions.submit(1, 3, bytes('x'), 60_000), { code: 'CLUSTER_STOPPED' });
  },
);

t.test(
  'what waits is bounded in number and bytes, and a stop tells the unsent from the unknown',
  async (t) => {
    const { state, submissions } = await withSession();
    const many = Array.from({ length: 4_096 }, () => submissions.submit(1, 3, bytes('x'), 60_000));
    await t.rejects(submissions.submit(1, 3, bytes('x'), 60_000), { code: 'CLUSTER_BUSY' });
    for (const sent of state.forwarded) submissions.applied(applied(sent));
    await Promise.all(many);
    state.up = false;
    const large = new Uint8Array(262_000);
    const heavy = Array.from({ length: 256 }, () => submissions.submit(1, 3, large, 60_000));
    await t.rejects(submissions.submit(1, 3, large, 60_000), { code: 'CLUSTER_BUSY' });
    state.forwarded = [];
    state.up = true;
    submissions.retry();
    t.equal(state.forwarded.length, 256);
    const { request } = state.forwarded[0]!;
    submissions.replied(PEER, { request, answer: 'notLeader' });
    submissions.stop();
    const ends = await Promise.allSettled(heavy);
    const codes = ends.map((end) => end.status === 'rejected' && end.reason.code);
    t.equal(codes[0], 'CLUSTER_STOPPED', 'refused, and not sent again');
    t.same([...new Set(codes.slice(1))], ['CLUSTER_TIMEOUT']);
  },
);

t.test('[STO-16] nothing is sent that is a window above the oldest on its way', async (t) => {
  const { state, submissions } = await withSession();
  const stuck = submissions.submit(1, 3, bytes('stuck'), 60_000);
  for (let at = 1; at < 4_096; at += 1) {
    submissions.submit(1, 3, bytes('x'), 60_000).catch(() => {});
    submissions.applied(applied(state.forwarded.at(-1)!));
  }
  t.match(commandOf(state.forwarded.at(-1)!), { sequence: 4_097, oldest: 2 });
  const count = state.forwarded.length;
  await t.rejects(submissions.submit(1, 3, bytes('x'), 1), { code: 'CLUSTER_BUSY' });
  submissions.submit(1, 3, bytes('next'), 60_000).catch(() => {});
  t.equal(state.forwarded.length, count);
  submissions.applied(applied(state.forwarded[0]!));
  await stuck;
  t.match(commandOf(state.forwarded.at(-1)!), { sequence: 4_098, oldest: 4_098 });
  submissions.stop();
});

t.test('[STO-16] what a lost session took with it is told, and the rest goes on', async (t) => {
  const { state, submissions, opening } = await withSession();
  const sent = ['x', 'y'].map((body) => submissions.submit(1, 3, bytes(body), 60_000));
  state.up = false;
  const unsent = submissions.submit(1, 3, bytes('z'), 60_000);
  state.up = true;
  const [x] = state.forwarded;
  submissions.applied(applied(x!, { kind: 'sessionUnknown' }));
  const ends = await Promise.allSettled(sent);
  const codes = ends.map((end) => end.status === 'rejected' && end.reason.code);
  t.same(codes, ['CLUSTER_SESSION_UNKNOWN', 'CLUSTER_SESSION_UNKNOWN']);
  t.same(state.forwarded.at(-1)!.command, opening.command);
  submissions.applied(applied(x!, { kind: 'sessionUnknown' }));
  submissions.applied(applied(state.forwarded.at(-1)!, OK, 99));
  t.match(commandOf(state.forwarded.at(-1)!), { session: 99, body: bytes('z') });
  submissions.applied(applied(state.forwarded.at(-1)!));
  t.match(await unsent, { reply: bytes('ok') });
});
