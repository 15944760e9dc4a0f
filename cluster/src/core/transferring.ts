// Leadership transfer (thesis 3.10): the leader takes no more proposals, waits until the target has all
// of its log, and tells it to campaign at once. It gives up after an election timeout.

import type { NodeId } from './entry.ts';
import type { LeaderRole, RaftState } from './state.ts';

/** To itself it cancels one under way; to whom it is going already, or to one that does not vote, it changes nothing. */
export function transferTo(state: RaftState, role: LeaderRole, to: NodeId): void {
  if (to === state.config.self) role.transfer = undefined;
  else if (state.configuration.voters.includes(to) && role.transfer?.to !== to) {
    role.transfer = { to, elapsedTicks: 0, isTold: false };
  }
}

export function tickTransfer(state: RaftState, role: LeaderRole): void {
  const { transfer } = role;
  if (transfer === undefined) return;
  transfer.elapsedTicks += 1;
  if (transfer.elapsedTicks >= state.config.electionTicks) role.transfer = undefined;
}

/** Called once for each batch of output. */
export function advanceTransfer(state: RaftState, role: LeaderRole): void {
  const { transfer } = role;
  if (transfer === undefined || transfer.isTold) return;
  const { to } = transfer;
  if (role.followers.get(to)?.matchIndex !== state.log.lastIndex) return;
  transfer.isTold = true;
  state.send({ kind: 'timeoutNow', to });
}
