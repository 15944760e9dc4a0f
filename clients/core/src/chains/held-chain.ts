// A chain as this device holds it: verified from the genesis on, with the state after every link.
// Extending is pure up to the signature checks, which the caller's platform discharges.

import {
  equalBytes,
  equalRefs,
  type Head,
  type Judged,
  judgePool,
  judgeUser,
  type PoolState,
  peekPoolStatement,
  peekUserStatement,
  type Ref,
  type Result,
  refuse,
  type SignatureCheck,
  type StoredLink,
  type UserState,
} from '@rockpool/protocol';

interface Position {
  readonly ref: Ref;
  readonly seq: number;
  readonly head: Uint8Array;
}

export interface HeldChain<State extends Position> {
  readonly ref: Ref;
  readonly links: StoredLink[];
  readonly states: State[];
}

export type UserChain = HeldChain<UserState>;
export type PoolChain = HeldChain<PoolState>;

export function newest<State extends Position>(chain: HeldChain<State>): State {
  const state = chain.states[chain.states.length - 1];
  if (state === undefined) throw new Error('a held chain has at least its genesis');
  return state;
}

export function headOf(state: Position): Head {
  return [state.seq, state.head];
}

export type AuthorAt = (user: Ref, head: Head) => Promise<UserState | undefined>;

/** Discharges all checks of one link. */
export type Verify = (checks: readonly SignatureCheck[]) => Promise<boolean>;

type Judge<State> = (
  state: State | undefined,
  link: StoredLink,
) => Promise<Result<Judged<State, unknown>>>;

const judgeUserLink: Judge<UserState> = async (state, link) =>
  judgeUser(state, link.envelope, link.time);

function judgePoolLink(authorAt: AuthorAt): Judge<PoolState> {
  return async (state, link) => {
    const peeked = peekPoolStatement(link.envelope);
    if (!peeked.ok) return peeked;
    const author = await authorAt(peeked.value.author.user, peeked.value.author.head);
    if (author === undefined) return refuse('CHAIN_STALE', "the author's chain is not at hand");
    return judgePool(state, link.envelope, link.time, author);
  };
}

/** All links fit, or one of them, validly signed, contradicts a held one. */
export type Extension = 'fits' | { readonly fork: StoredLink };

export function extendUser(
  chain: UserChain,
  links: readonly StoredLink[],
  verify: Verify,
): Promise<Result<Extension>> {
  return extend(chain, links, verify, judgeUserLink, (link) => {
    const peeked = peekUserStatement(link.envelope);
    return peeked.ok ? { ok: true, value: [peeked.value.seq, peeked.value.hash] } : peeked;
  });
}

export function extendPool(
  chain: PoolChain,
  links: readonly StoredLink[],
  verify: Verify,
  authorAt: AuthorAt,
): Promise<Result<Extension>> {
  return extend(chain, links, verify, judgePoolLink(authorAt), (link) => {
    const peeked = peekPoolStatement(link.envelope);
    return peeked.ok ? { ok: true, value: [peeked.value.seq, peeked.value.hash] } : peeked;
  });
}

async function extend<State extends Position>(
  chain: HeldChain<State>,
  links: readonly StoredLink[],
  verify: Verify,
  judge: Judge<State>,
  headOfLink: (link: StoredLink) => Result<Head>,
): Promise<Result<Extension>> {
  for (const link of links) {
    const head = headOfLink(link);
    if (!head.ok) return head;
    const [seq, hash] = head.value;
    const held = chain.states[seq];
    if (held !== undefined && equalBytes(held.head, hash)) continue;
    if (seq > chain.states.length) return refuse('CHAIN_CONFLICT', 'links are missing');
    const judged = await judge(chain.states[seq - 1], link);
    if (!judged.ok) return judged;
    const { state, checks } = judged.value;
    if (!equalRefs(state.ref, chain.ref)) return refuse('CHAIN_FOREIGN', 'another chain came');
    if (!(await verify(checks))) return refuse('CHAIN_SIGNATURE', `link ${seq}`);
    // Only a link whose signatures hold is evidence of a second history.
    if (held !== undefined) return { ok: true, value: { fork: link } };
    chain.links.push(link);
    chain.states.push(state);
  }
  return { ok: true, value: 'fits' };
}
