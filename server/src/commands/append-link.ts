// A link for a user's or a pool's chain. The node judges it at its door, so that what must fail
// never reaches the log; apply trusts none of that and judges again. A pool's link travels with its
// evidence: the author's user links after the head that the pool's shard keeps.

import {
  type Bytes,
  type ClientFrame,
  EVIDENCE_BYTES_MAX,
  equalBytes,
  equalRefs,
  judgePool,
  judgeUser,
  type OpenPoolEnvelope,
  peekPoolStatement,
  peekUserStatement,
  type Ref,
  type Refusal,
  type Result,
  refuse,
  type StoredLink,
} from '@rockpool/protocol';
import { EVIDENCE_LINKS_MAX } from '../directory/commands.ts';
import { isCollecting } from '../directory/grace.ts';
import { withCluster } from './cluster-refusal.ts';
import { type Appended, type CommandContext, submitCommand } from './command-context.ts';
import { judgeMembership } from './judge-membership.ts';

export type StatementFrame = Extract<ClientFrame, { type: 'statement' }>;

/** `by`: the user that the socket has shown (or that a passkey has just signed for). */
export function appendLink(
  context: CommandContext,
  by: Ref,
  frame: StatementFrame,
): Promise<Result<Appended>> {
  return withCluster(() =>
    frame.chain === 'user'
      ? appendUserLink(context, by, frame)
      : appendPoolLink(context, by, frame),
  );
}

async function appendUserLink(
  context: CommandContext,
  by: Ref,
  { ref, envelope }: StatementFrame,
): Promise<Result<Appended>> {
  const opened = peekUserStatement(envelope);
  if (!opened.ok) return opened;
  if (opened.value.statement.kind === 'user.genesis') {
    return refuse('CHAIN_AUTHORITY', 'an account begins by registration');
  }
  if (!equalRefs(opened.value.user, ref) || !equalRefs(by, ref)) {
    return refuse('CHAIN_AUTHORITY', 'the link belongs to another user');
  }
  if ((await wrongUserLink(context, ref, envelope)) !== undefined) {
    await context.cluster.barrier(ref[0]); // perhaps this node only lags behind
    const wrong = await wrongUserLink(context, ref, envelope);
    if (wrong !== undefined && !(await standsAlready(context, ref, opened.value.hash))) {
      return wrong;
    }
  }
  const early = await refusalInGrace(context, ref, await context.view.user(ref), opened.value.hash);
  if (early !== undefined) return early;
  return submitCommand(context, ref[0], { kind: 'appendUserLink', ref, envelope });
}

async function wrongUserLink(
  context: CommandContext,
  ref: Ref,
  envelope: Bytes,
): Promise<Refusal | undefined> {
  const judged = judgeUser(await context.view.user(ref), envelope, context.nowMs());
  if (!judged.ok) return judged;
  return context.verify(judged.value.checks)
    ? undefined
    : refuse('CHAIN_SIGNATURE', 'a signature does not hold');
}

/** A repeated command whose first answer got lost: apply answers it as done. */
async function standsAlready(context: CommandContext, ref: Ref, hash: Bytes): Promise<boolean> {
  const state = await context.view.user(ref);
  return state !== undefined && equalBytes(state.head, hash);
}

/** What apply would refuse until the grace ends fills no log; a chain that begins, and a repeated link, it takes. */
async function refusalInGrace(
  { view, nowMs }: CommandContext,
  ref: Ref,
  state: { readonly head: Bytes } | undefined,
  hash: Bytes,
): Promise<Refusal | undefined> {
  if (state === undefined || equalBytes(state.head, hash)) return undefined;
  return isCollecting(await view.grace(ref), nowMs())
    ? refuse('CHAIN_GRACE', 'links that were lost may still come')
    : undefined;
}

async function appendPoolLink(
  context: CommandContext,
  by: Ref,
  { ref, envelope }: StatementFrame,
): Promise<Result<Appended>> {
  const opened = peekPoolStatement(envelope);
  if (!opened.ok) return opened;
  const { pool, author } = opened.value;
  if (!equalRefs(pool, ref)) return refuse('CHAIN_MALFORMED', 'the link belongs to another pool');
  if (!equalRefs(author.user, by)) return refuse('CHAIN_AUTHORITY', 'written by another user');
  const first = await proposePoolLink(context, opened.value, envelope);
  if (first.ok) return first;
  // What this node knew of either chain may have been old: once more, from what is committed.
  await Promise.all([context.cluster.barrier(by[0]), context.cluster.barrier(pool[0])]);
  return proposePoolLink(context, opened.value, envelope);
}

async function proposePoolLink(
  context: CommandContext,
  { pool, author, statement, hash }: OpenPoolEnvelope,
  envelope: Bytes,
): Promise<Result<Appended>> {
  const early = await refusalInGrace(context, pool, await context.view.pool(pool), hash);
  if (early !== undefined) return early;
  const wrong = await wrongPoolLink(context, pool, author, envelope);
  if (wrong !== undefined) return wrong;
  const known = await context.view.memberEvidence(pool, author.user);
  const evidence = await evidenceLinks(context, author, known === undefined ? 0 : known.seq + 1);
  if (!evidence.ok) return evidence;
  const links = { envelope, evidence: evidence.value };
  if (statement.kind === 'pool.invite') {
    return submitCommand(context, pool[0], { kind: 'appendPoolLink', ref: pool, ...links });
  }
  // After the evidence: whoever is dropped from here on is not pending any more, but gone.
  const membership = await judgeMembership(context, author.user, statement.kind);
  if (!membership.ok) return membership;
  const { value } = membership;
  return statement.kind === 'pool.genesis'
    ? submitCommand(context, pool[0], { kind: 'putPoolGenesis', ...links })
    : submitCommand(context, pool[0], { kind: 'appendPoolLink', ref: pool, ...links, ...value });
}

/** Judged here only when the author cites the head that this node has; apply decides in any case. */
async function wrongPoolLink(
  context: CommandContext,
  pool: Ref,
  author: OpenPoolEnvelope['author'],
  envelope: Bytes,
): Promise<Refusal | undefined> {
  const user = await context.view.user(author.user);
  if (user === undefined || !equalBytes(user.head, author.head[1])) return undefined;
  const state = await context.view.pool(pool);
  const judged = judgePool(state, envelope, context.nowMs(), user);
  if (!judged.ok) {
    // A conflict may be this very link, committed before its answer got lost: apply knows.
    return judged.code === 'CHAIN_CONFLICT' ? undefined : judged;
  }
  return context.verify(judged.value.checks)
    ? undefined
    : refuse('CHAIN_SIGNATURE', 'a signature does not hold');
}

/** The author's links from `from` up to the head that the statement cites. */
async function evidenceLinks(
  context: CommandContext,
  { user, head: [last] }: OpenPoolEnvelope['author'],
  from: number,
): Promise<Result<readonly StoredLink[]>> {
  const links: StoredLink[] = [];
  let bytes = 0;
  while (from + links.length <= last && links.length <= EVIDENCE_LINKS_MAX) {
    const page = await context.view.page('user', user, from + links.length);
    if (page === undefined) return refuse('CHAIN_UNKNOWN', 'no such user');
    if (page.links.length === 0) return refuse('CHAIN_STALE', 'cites a head unknown here');
    const wanted = page.links.slice(0, last + 1 - from - links.length);
    for (const link of wanted) bytes += link.envelope.length;
    links.push(...wanted);
  }
  return links.length > EVIDENCE_LINKS_MAX || bytes > EVIDENCE_BYTES_MAX
    ? refuse('CHAIN_QUOTA', 'too many links of the author are new to this pool')
    : { ok: true, value: links };
}
