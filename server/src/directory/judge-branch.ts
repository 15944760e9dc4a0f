// Links that a client brought back, judged one after the other on what the chain was before them. The same in apply and
// at a node's door, so that what must fail never reaches the log.

import {
  accept,
  type Bytes,
  judgePool,
  judgeUser,
  peekPoolStatement,
  peekUserStatement,
  poolLinkSigners,
  type Result,
  type SignatureCheck,
  type StoredLink,
  toHex,
  type UserState,
  userLinkSigners,
} from '@rockpool/protocol';
import type { BranchEntry, PoolBranchState } from './branch-rows.ts';
import { advanceAuthor } from './evidence.ts';
import { type GraceRow, lostTime } from './grace.ts';
import type { Revokes } from './ports.ts';

export interface BranchTerms {
  readonly grace: GraceRow;
  readonly nowMs: number;
  readonly revokes: Revokes;
}

export interface JudgedBranch<State> {
  /** After the newest of the links. */
  readonly state: State;
  /** Of the genesis, where the links began with one: two chains never share it. */
  readonly genesis?: { readonly state: State; readonly link: StoredLink };
  /** Of all links but the genesis, in order. */
  readonly entries: readonly BranchEntry[];
  readonly checks: readonly SignatureCheck[];
}

export function judgeUserBranch(
  base: UserState | undefined,
  links: readonly StoredLink[],
  { grace, nowMs, revokes }: BranchTerms,
): Result<JudgedBranch<UserState>> {
  let state = base;
  let genesis: JudgedBranch<UserState>['genesis'];
  const entries: BranchEntry[] = [];
  const checks: SignatureCheck[] = [];
  for (const { envelope, time: claimedMs } of links) {
    const opened = peekUserStatement(envelope);
    if (!opened.ok) return opened;
    const judged = judgeUser(state, envelope, lostTime(grace, claimedMs, nowMs));
    if (!judged.ok) return judged;
    state = judged.value.state;
    checks.push(...judged.value.checks);
    const { statement, seq, hash } = judged.value;
    const time = state.timeMs;
    if (statement.kind === 'user.genesis') genesis = { state, link: { envelope, time } };
    else {
      const signers = userLinkSigners(opened.value);
      entries.push({ hash, prev: statement.prev, seq, time, signers, revokes: revokes(statement) });
    }
  }
  if (state === undefined) throw new Error('an offer has links');
  return accept({ state, entries, checks, ...(genesis === undefined ? {} : { genesis }) });
}

/** What a pool's shard knows of an author before the branch. */
export type KeptAuthor = (user: Bytes) => UserState | undefined;

export function judgePoolBranch(
  base: PoolBranchState | undefined,
  links: readonly StoredLink[],
  from: { readonly kept: KeptAuthor; readonly evidence: readonly StoredLink[] },
  { grace, nowMs, revokes }: BranchTerms,
): Result<JudgedBranch<PoolBranchState>> {
  const authors = new Map((base?.authors ?? []).map((author) => [toHex(author.ref[1]), author]));
  const brought = byUser(from.evidence);
  let state = base?.state;
  let genesis: JudgedBranch<PoolBranchState>['genesis'];
  const entries: BranchEntry[] = [];
  const checks: SignatureCheck[] = [];
  for (const { envelope, time: claimedMs } of links) {
    const opened = peekPoolStatement(envelope);
    if (!opened.ok) return opened;
    const { author: cited } = opened.value;
    const user = toHex(cited.user[1]);
    const [last] = cited.head;
    const evidence = (brought.get(user) ?? []).filter(({ seq }) => seq <= last);
    const known = authors.get(user) ?? from.kept(cited.user[1]);
    const author = advanceAuthor(
      known,
      cited,
      evidence.map(({ link }) => link),
    );
    if (!author.ok) return author;
    const judged = judgePool(
      state,
      envelope,
      lostTime(grace, claimedMs, nowMs),
      author.value.author,
    );
    if (!judged.ok) return judged;
    authors.set(user, author.value.author);
    state = judged.value.state;
    checks.push(...author.value.checks, ...judged.value.checks);
    const { statement, seq, hash } = judged.value;
    const time = state.timeMs;
    if (statement.kind === 'pool.genesis') {
      genesis = { state: { state, authors: [...authors.values()] }, link: { envelope, time } };
      continue;
    }
    const signers = poolLinkSigners(opened.value);
    const joined = statement.kind === 'pool.join' ? { joined: cited.user[1] } : {};
    const entry = { hash, prev: statement.prev, seq, time, signers, revokes: revokes(statement) };
    entries.push({ ...entry, ...joined });
  }
  if (state === undefined) throw new Error('an offer has links');
  const after = { state, authors: [...authors.values()] };
  return accept({ state: after, entries, checks, ...(genesis === undefined ? {} : { genesis }) });
}

interface Brought {
  readonly seq: number;
  readonly link: StoredLink;
}

/** What cannot be read is nobody's, and so is missed where it is needed. */
function byUser(evidence: readonly StoredLink[]): ReadonlyMap<string, readonly Brought[]> {
  const users = new Map<string, Brought[]>();
  for (const link of evidence) {
    const opened = peekUserStatement(link.envelope);
    if (!opened.ok) continue;
    const { user, seq } = opened.value;
    const before = users.get(toHex(user[1])) ?? [];
    users.set(toHex(user[1]), [...before, { seq, link }]);
  }
  return users;
}
