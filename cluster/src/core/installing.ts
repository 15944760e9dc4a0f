// A follower's side of snapshots (thesis 5.1): the whole state machine has arrived, as it was after the
// entry at the base, and replaces what this node has applied, together with its log.

import { assert } from './assert.ts';
import { followLeader } from './follower.ts';
import type { Snapshot } from './messages.ts';
import type { RaftState } from './state.ts';

export function handleSnapshot(state: RaftState, message: Snapshot): void {
  const { base, from } = message;
  followLeader(state, message);
  if (base.term > message.term || base.index < 1) {
    state.refuse(message, 'impossibleIndex');
    state.events.push({ kind: 'snapshotNotNeeded', index: base.index });
    return;
  }
  if (!state.rules.mayInstall(state.handedToApply, state.applied)) {
    state.waitingSnapshot = message;
    return;
  }
  if (base.index <= state.commit || isInLog(state, message)) {
    // The log is as good as the snapshot, or better.
    state.commitTo(base.index);
    state.events.push({ kind: 'snapshotNotNeeded', index: base.index });
  } else {
    install(state, message);
  }
  const matchIndex = Math.max(state.commit, base.index);
  state.sendOnceDurable({ kind: 'appendAccepted', to: from, matchIndex });
}

/** Called once the page in work is applied. */
export function takeWaitingSnapshot(state: RaftState): Snapshot | undefined {
  const message = state.waitingSnapshot;
  state.waitingSnapshot = undefined;
  return message;
}

function isInLog({ log }: RaftState, { base }: Snapshot): boolean {
  return log.termAt(base.index) === base.term && log.checksumAt(base.index) === base.checksum;
}

function install(state: RaftState, { base }: Snapshot): void {
  assert(base.index > state.applied, 'a snapshot takes the state machine forward');
  state.log.restart(base);
  state.durability.replacedBy(base);
  state.commitTo(base.index);
  state.applied = base.index;
  state.handedToApply = base.index;
}
