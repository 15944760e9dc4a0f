// Reading a whole chain, and holding it against what was seen before. A reader pins (seq, head) per
// chain and never goes back behind it; two statements for one seq are a fork, and evidence.

import { equalBytes } from '../encoding/bytes.ts';
import { accept, type Result, refuse } from '../encoding/result.ts';
import type { Head, Ref } from '../encoding/shape.ts';
import type { StoredLink } from '../wire/server-frames.ts';
import { peekPoolStatement, peekUserStatement } from './envelope.ts';
import type { Judged, SignatureCheck } from './judged.ts';
import { judgePool } from './pool-chain.ts';
import type { PoolState, UserState } from './state-rows.ts';
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
  return replay(links, from, (state, link) => judgeUser(state, link.envelope, link.time));
}

/** `authorAt` gives a user's state at exactly that head, or undefined if it is not at hand. */
export function replayPool(
  links: readonly StoredLink[],
  authorAt: (user: Ref, head: Head) => UserState | undefined,
  from?: PoolState,
): Result<Replay<PoolState>> {
  return replay<PoolState>(links, from, (state, link) => {
    const peeked = peekPoolStatement(link.envelope);
    if (!peeked.ok) return peeked;
    const author = authorAt(peeked.value.author.user, peeked.value.author.head);
    if (author === undefined) return refuse('CHAIN_STALE', "the author's chain is not at hand");
    return judgePool(state, link.envelope, link.time, author);
  });
}

function replay<State>(
  links: readonly StoredLink[],
  from: State | undefined,
  judge: (state: State | undefined, link: StoredLink) => Result<Judged<State, unknown>>,
): Result<Replay<State>> {
  let state = from;
  const checks: SignatureCheck[] = [];
  const heads: Head[] = [];
  const states: State[] = [];
  for (const link of links) {
    const judged = judge(state, link);
    if (!judged.ok) return judged;
    state = judged.value.state;
    checks.push(...judged.value.checks);
    heads.push([judged.value.seq, judged.value.hash]);
    states.push(state);
  }
  if (state === undefined) return refuse('CHAIN_UNKNOWN', 'a chain without links');
  return accept({ state, checks, heads, states });
}

/**
 * Do these links (of one chain, in order, from any seq on) agree with the pinned head? Accepts with
 * the newest head. CHAIN_FORK: another statement stands where the pin is. CHAIN_STALE: the other side
 * has not got as far as the pin. CHAIN_CONFLICT: a gap between pin and links, so fetch from the pin.
 */
export function checkContinuation(pinned: Head, links: readonly StoredLink[]): Result<Head> {
  let newest: Head | undefined;
  let joined = false;
  for (const { envelope } of links) {
    const link = placeOf(envelope);
    if (!link.ok) return link;
    const { seq, hash, prev } = link.value;
    const forks =
      (seq === pinned[0] && !equalBytes(hash, pinned[1])) ||
      (seq === pinned[0] + 1 && !(prev !== undefined && equalBytes(prev, pinned[1])));
    if (forks) return refuse('CHAIN_FORK', `two histories at seq ${pinned[0]}`);
    joined ||= seq === pinned[0] || seq === pinned[0] + 1;
    newest = [seq, hash];
  }
  if (newest === undefined || newest[0] < pinned[0]) {
    return refuse('CHAIN_STALE', `ends before seq ${pinned[0]}`);
  }
  return joined ? accept(newest) : refuse('CHAIN_CONFLICT', `begins after seq ${pinned[0] + 1}`);
}

function placeOf(envelope: StoredLink['envelope']) {
  const user = peekUserStatement(envelope);
  const peeked = user.ok ? user : peekPoolStatement(envelope);
  if (!peeked.ok) return peeked;
  const { seq, hash, statement } = peeked.value;
  return accept({ seq, hash, prev: 'prev' in statement ? statement.prev : undefined });
}
