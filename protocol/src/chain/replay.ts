// Reading a user's whole chain from its genesis, or from a state that was verified before.

import { accept, type Result, refuse } from '../encoding/result.ts';
import type { Head } from '../encoding/shape.ts';
import type { StoredLink } from '../wire/server-frames.ts';
import type { SignatureCheck } from './judged.ts';
import type { UserState } from './state-rows.ts';
import { judgeUser } from './user-chain.ts';

/** A chain judged from end to end. It counts once all its checks hold. */
export interface Replay<State> {
  readonly state: State;
  readonly checks: readonly SignatureCheck[];
  /** Head after each of the links, in order. */
  readonly heads: readonly Head[];
  /** State after each of the links, in order: authors are judged at the head that a link cites. */
  readonly states: readonly State[];
}

/** All links from the genesis on, or those after `from`. */
export function replayUser(
  links: readonly StoredLink[],
  from?: UserState,
): Result<Replay<UserState>> {
  let state = from;
  const checks: SignatureCheck[] = [];
  const heads: Head[] = [];
  const states: UserState[] = [];
  for (const link of links) {
    const judged = judgeUser(state, link.envelope, link.time);
    if (!judged.ok) return judged;
    state = judged.value.state;
    checks.push(...judged.value.checks);
    heads.push([judged.value.seq, judged.value.hash]);
    states.push(state);
  }
  if (state === undefined) return refuse('CHAIN_UNKNOWN', 'a chain without links');
  return accept({ state, checks, heads, states });
}
