import {
  accept,
  type Head,
  judgePool,
  type PoolState,
  peekPoolStatement,
  type Ref,
  type Result,
  refuse,
  type SignatureCheck,
  type StoredLink,
  type UserState,
} from '../src/index.ts';

export interface ReplayedPool {
  readonly state: PoolState;
  readonly checks: readonly SignatureCheck[];
  /** State after each of the links, in order. */
  readonly states: readonly PoolState[];
}

/** Judges a pool's links one after another; `authorAt` gives a user's state at exactly that head. */
export function replayPool(
  links: readonly StoredLink[],
  authorAt: (user: Ref, head: Head) => UserState | undefined,
  from?: PoolState,
): Result<ReplayedPool> {
  let state = from;
  const checks: SignatureCheck[] = [];
  const states: PoolState[] = [];
  for (const { envelope, time } of links) {
    const peeked = peekPoolStatement(envelope);
    if (!peeked.ok) return peeked;
    const author = authorAt(peeked.value.author.user, peeked.value.author.head);
    if (author === undefined) return refuse('CHAIN_STALE', "the author's chain is not at hand");
    const judged = judgePool(state, envelope, time, author);
    if (!judged.ok) return judged;
    state = judged.value.state;
    checks.push(...judged.value.checks);
    states.push(state);
  }
  if (state === undefined) return refuse('CHAIN_UNKNOWN', 'a chain without links');
  return accept({ state, checks, states });
}
