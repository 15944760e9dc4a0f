// A pool's shard never reads a user's shard. It keeps, for each member, the newest state of the
// member's chain that it has seen, and every pool command brings the links after it. So authority
// can only be judged by the newest state known here, and a state once left behind never counts again.

import {
  type Author,
  accept,
  equalBytes,
  equalRefs,
  judgeUser,
  peekUserStatement,
  type Result,
  refuse,
  type SignatureCheck,
  type StoredLink,
  type UserState,
} from '@rockpool/protocol';

export interface Evidence {
  /** The author, replayed to exactly the head that the statement cites. */
  readonly author: UserState;
  /** Signatures of the links that were not known here before. */
  readonly checks: readonly SignatureCheck[];
}

/** From the state kept to the head that the statement cites, by the links the command brings. */
export function advanceAuthor(
  kept: UserState | undefined,
  cited: Author,
  links: readonly StoredLink[],
): Result<Evidence> {
  let state = kept;
  const checks: SignatureCheck[] = [];
  for (const link of links) {
    const step = nextState(state, link);
    if (!step.ok) return step;
    state = step.value.author;
    checks.push(...step.value.checks);
  }
  if (state === undefined) return refuse('CHAIN_STALE', "the author's chain is missing");
  if (!equalRefs(state.ref, cited.user)) {
    return refuse('CHAIN_AUTHORITY', 'the evidence is of another user');
  }
  const [seq, hash] = cited.head;
  if (seq < state.seq) return refuse('CHAIN_STALE', 'cites an older head than the pool has seen');
  if (seq > state.seq) return refuse('CHAIN_STALE', 'the evidence ends before the cited head');
  return equalBytes(hash, state.head)
    ? accept({ author: state, checks })
    : refuse('CHAIN_FORK', "two heads of the author's chain have one seq");
}

function nextState(state: UserState | undefined, link: StoredLink): Result<Evidence> {
  const peeked = peekUserStatement(link.envelope);
  if (!peeked.ok) return peeked;
  const { seq, hash } = peeked.value;
  if (state !== undefined && seq <= state.seq) {
    // Brought along although known: the shard learned of it while the command was on its way.
    return seq === state.seq && !equalBytes(hash, state.head)
      ? refuse('CHAIN_FORK', "two heads of the author's chain have one seq")
      : accept({ author: state, checks: [] });
  }
  const expected = state === undefined ? 0 : state.seq + 1;
  if (seq !== expected) return refuse('CHAIN_STALE', 'the evidence begins too late');
  const judged = judgeUser(state, link.envelope, link.time);
  if (!judged.ok) {
    return judged.code === 'CHAIN_CONFLICT'
      ? refuse('CHAIN_FORK', "the evidence leaves the author's chain as it was seen here")
      : judged;
  }
  return accept({ author: judged.value.state, checks: judged.value.checks });
}
