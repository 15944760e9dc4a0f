// Linearizable reads without an entry in the log (ReadIndex, thesis 6.4): a leader that hears from a
// quorum after a read has come knows that nobody had committed beyond it when the read came. Leases
// would be cheaper, and rest on clocks.

import { answeredRound, sendHeartbeats } from './heartbeats.ts';
import type { AskedRead } from './leader-reads.ts';
import type { ReadReply, ReadRequest } from './messages.ts';
import type { LeaderRole, RaftState } from './state.ts';
import type { ReadResult } from './types.ts';

export function askForRead(state: RaftState): ReadResult {
  const { leader, role, nowTick } = state;
  const { self, boot } = state.config;
  if (leader === undefined) return { ok: false, code: 'NO_LEADER' };
  const read = state.reads.ask(nowTick);
  if (read === undefined) return { ok: false, code: 'BUSY' };
  if (role.kind !== 'leader') state.send({ kind: 'readRequest', to: leader, boot, read });
  else if (!role.reads.add({ from: self, boot, read })) state.reads.answered(read, undefined);
  return { ok: true, read };
}

/** In any role, so that whoever asks the wrong node need not wait. */
export function answerReadRequest(state: RaftState, message: ReadRequest): void {
  const { from, boot, read } = message;
  const { role } = state;
  if (role.kind === 'leader' && role.reads.add({ from, boot, read })) return;
  state.send({ kind: 'readReply', to: from, boot, read, confirmed: false, index: 0 });
}

export function handleReadReply(state: RaftState, message: ReadReply): void {
  const { boot, read, confirmed, index } = message;
  if (boot === state.config.boot) state.reads.answered(read, confirmed ? index : undefined);
}

/** Called once for each batch of output: the reads of one turn share a round of heartbeats. */
export function sendReadRound(state: RaftState, role: LeaderRole): void {
  // A slow disk silences heartbeats so that another may take over; reads do not bring them back.
  if (!role.reads.hasFresh || state.isDiskSlow()) return;
  const commitTerm = state.log.termAt(state.commit) ?? 0;
  if (!state.rules.mayRead(commitTerm, state.term)) return;
  sendHeartbeats(state, role);
  role.reads.sent(role.round, state.commit);
  confirmReads(state, role);
}

/** Called after each answer to a heartbeat. */
export function confirmReads(state: RaftState, role: LeaderRole): void {
  if (!role.reads.isWaiting) return;
  const answered = answeredRound(state, role, ({ ackedRound }) => ackedRound);
  const confirmed = role.reads.take((round) => state.rules.confirmsRead(answered, round));
  for (const { index, reads } of confirmed) {
    for (const read of reads) confirm(state, read, index);
  }
}

function confirm(state: RaftState, { from, boot, read }: AskedRead, index: number): void {
  if (from === state.config.self) state.reads.answered(read, index);
  else state.send({ kind: 'readReply', to: from, boot, read, confirmed: true, index });
}
