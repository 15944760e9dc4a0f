import t from 'tap';
import type { RaftEvent, Role, RoleChangeReason } from '../src/core/types.ts';
import { GroupHistories } from '../src/driver/group-history.ts';

function changed(from: Role, to: Role, reason: RoleChangeReason): RaftEvent {
  return { kind: 'roleChanged', from, to, term: 2, reason };
}

t.test('an election is told with its reason where this node called it', async (t) => {
  let nowMs = 5;
  const histories = new GroupHistories('me', () => nowMs);
  t.same(histories.of(1), {});
  histories.note(1, changed('follower', 'preCandidate', 'electionTimeout'));
  histories.note(1, changed('preCandidate', 'candidate', 'preVoteWon'));
  histories.note(1, changed('candidate', 'leader', 'electionWon'));
  histories.note(1, { kind: 'leaderChanged', term: 2, leader: 'me' });
  const election = { atMs: 5, term: 2, leader: 'me', reason: 'electionTimeout' };
  t.same(histories.of(1), { election });
  nowMs = 9;
  histories.note(1, changed('leader', 'follower', 'quorumLost'));
  histories.note(1, { kind: 'leaderChanged', term: 2, leader: undefined });
  t.same(histories.of(1), { election, stoodDown: { atMs: 9, reason: 'quorumLost' } });
  histories.note(1, { kind: 'leaderChanged', term: 3, leader: 'other' });
  t.same(histories.of(1).election, { atMs: 9, term: 3, leader: 'other' }, 'nobody said why');
  t.same(histories.of(2), {}, 'each group has its own');
});

t.test('compaction and snapshots are told with their times', async (t) => {
  const histories = new GroupHistories('me', () => 7);
  histories.compacted(3);
  histories.snapshot(3);
  t.same(histories.of(3), { compactedAtMs: 7, snapshotAtMs: 7 });
});
