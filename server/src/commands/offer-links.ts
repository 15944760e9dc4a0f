// Links that a client brings back to a cluster that was restored or recovered. They prove themselves, so that it matters to nobody
// who brings them. Judged here as apply will judge them, so that what must fail never reaches the log,
// and neither does what another client has brought back before.

import {
  accept,
  type Bytes,
  type ClientFrame,
  EVIDENCE_BYTES_MAX,
  equalBytes,
  equalRefs,
  peekPoolStatement,
  peekUserStatement,
  type Ref,
  type Refusal,
  type Result,
  refuse,
  revokedBy,
  type StoredLink,
  toHex,
  type UserState,
} from '@rockpool/protocol';
import type { PoolBranchState } from '../directory/branch-rows.ts';
import { isCollected } from '../directory/collected.ts';
import { EVIDENCE_LINKS_MAX } from '../directory/commands.ts';
import { type GraceRow, isCollecting, lostTime } from '../directory/grace.ts';
import { judgePoolBranch, judgeUserBranch } from '../directory/judge-branch.ts';
import { withCluster } from './cluster-refusal.ts';
import { type CommandContext, submitCommand } from './command-context.ts';
import { judgeMembership } from './judge-membership.ts';

export type OfferFrame = Extract<ClientFrame, { type: 'offer' }>;
type Taken = Promise<Result<unknown>>;

export function offerLinks(context: CommandContext, frame: OfferFrame): Taken {
  return withCluster(async () => {
    const grace = await context.view.grace(frame.ref);
    if (!isCollecting(grace, context.nowMs())) return refuse('CHAIN_LATE', 'chains go on');
    const first = await offer(context, grace, frame);
    if (first.ok) return first;
    // Perhaps this node only lags behind.
    await context.cluster.barrier(frame.ref[0]);
    return offer(context, grace, frame);
  });
}

function offer(context: CommandContext, grace: GraceRow, frame: OfferFrame): Taken {
  return frame.chain === 'user'
    ? offerUser(context, grace, frame)
    : offerPool(context, grace, frame);
}

async function offerUser(context: CommandContext, grace: GraceRow, frame: OfferFrame): Taken {
  const { ref, links, parent, pool } = frame;
  const { view, verify } = context;
  const standing = await view.user(ref);
  if (parent === undefined) {
    if (standing !== undefined) return refuse('CHAIN_CONFLICT', 'the chain has begun');
    if (pool === undefined || !(await hasJoined(context, ref, pool))) {
      return refuse('AUTH_ADMISSION', 'no pool has a join of this account');
    }
  }
  const base = parent && (await userBase(context, standing, ref, parent));
  if (parent !== undefined && base === undefined) return unconnected(context, frame);
  const judged = judgeUserBranch(base, links, terms(context, grace));
  if (!judged.ok) return judged;
  if (await isKnown(context, ref, judged.value.entries)) return accept(undefined);
  if (!verify(judged.value.checks)) return unsigned();
  const more = {
    ...(parent === undefined ? {} : { parent }),
    ...(pool === undefined ? {} : { pool }),
  };
  return submitCommand(context, ref[0], { kind: 'collectUserLinks', ref, links, ...more });
}

async function userBase(
  { view }: CommandContext,
  standing: UserState | undefined,
  ref: Ref,
  parent: Bytes,
): Promise<UserState | undefined> {
  const stands = standing !== undefined && equalBytes(standing.head, parent);
  return stands ? standing : view.userBranch(ref, parent);
}

/** Whose invite let the account in is who vouches for it again. */
async function hasJoined({ view }: CommandContext, user: Ref, pool: Ref): Promise<boolean> {
  const members = await view.poolMembers(pool);
  if (members?.has(toHex(user[1])) === true) return true;
  const branches = await view.branches(pool);
  return branches?.links.some(({ joined }) => joined && equalBytes(joined, user[1])) === true;
}

async function offerPool(context: CommandContext, grace: GraceRow, frame: OfferFrame): Taken {
  const { ref, links, parent } = frame;
  const { view, verify } = context;
  const base = await poolBase(context, ref, parent);
  if (parent === undefined ? base !== undefined : base === undefined) {
    return unconnected(context, frame);
  }
  const founder = parent === undefined ? await judgeFounder(context, ref, links) : accept({});
  if (!founder.ok) return founder;
  const known = await knownAuthors(context, ref, links, base);
  const evidence = await evidenceFor(context, grace, known, frame.evidence);
  if (!evidence.ok) return evidence;
  const kept = (user: Bytes) => known.get(toHex(user))?.state;
  const from = { kept, evidence: evidence.value };
  const judged = judgePoolBranch(base, links, from, terms(context, grace));
  if (!judged.ok) return judged;
  if (await isKnown(context, ref, judged.value.entries)) return accept(undefined);
  if (!verify(judged.value.checks)) return unsigned();
  const command = { kind: 'collectPoolLinks', ref, links, evidence: evidence.value } as const;
  const more = parent === undefined ? {} : { parent };
  const taken = await submitCommand(context, ref[0], { ...command, ...more });
  view.poolChanged(ref);
  return taken;
}

/**
 * A lost pool begins only where its founder might found one now: whoever signs their own account and a pool to vouch for it would
 * let themselves in, and one invite would become many lasting accounts.
 */
async function judgeFounder(
  context: CommandContext,
  ref: Ref,
  [first]: readonly StoredLink[],
): Promise<Result<unknown>> {
  const opened = peekPoolStatement(first?.envelope ?? new Uint8Array(0));
  if (!opened.ok) return opened;
  return equalRefs(opened.value.pool, ref)
    ? judgeMembership(context, opened.value.author.user, 'pool.genesis')
    : refuse('CHAIN_MALFORMED', 'names another chain, or another slot');
}

async function poolBase(
  { view }: CommandContext,
  ref: Ref,
  parent: Bytes | undefined,
): Promise<PoolBranchState | undefined> {
  const state = await view.pool(ref);
  const stands = parent === undefined || (state !== undefined && equalBytes(state.head, parent));
  if (stands) return state && { state, authors: [] };
  return view.poolBranch(ref, parent);
}

interface KnownAuthor {
  readonly user: Ref;
  /** As the pool's shard has it. */
  readonly state: UserState | undefined;
  /** As the branch has it, which may be newer. */
  readonly seq: number;
}

async function knownAuthors(
  { view }: CommandContext,
  pool: Ref,
  links: readonly StoredLink[],
  base: PoolBranchState | undefined,
): Promise<ReadonlyMap<string, KnownAuthor>> {
  const known = new Map<string, KnownAuthor>();
  for (const { envelope } of links) {
    const opened = peekPoolStatement(envelope);
    if (!opened.ok) continue;
    const { user } = opened.value.author;
    const name = toHex(user[1]);
    if (known.has(name)) continue;
    const state = await view.memberEvidence(pool, user);
    const newer = base?.authors.find(({ ref }) => equalBytes(ref[1], user[1]));
    known.set(name, { user, state, seq: (newer ?? state)?.seq ?? -1 });
  }
  return known;
}

/** What this cluster has of the authors' chains, with its own times; and from there on what the client has. */
async function evidenceFor(
  { view, nowMs }: CommandContext,
  grace: GraceRow,
  known: ReadonlyMap<string, KnownAuthor>,
  brought: readonly StoredLink[],
): Promise<Result<readonly StoredLink[]>> {
  const links: StoredLink[] = [];
  for (const { user, seq } of known.values()) {
    const here = await view.page('user', user, seq + 1);
    const lostAfter = here === undefined ? -1 : seq + here.links.length;
    links.push(...(here?.links ?? []), ...lostLinks(brought, user, Math.max(seq, lostAfter)));
  }
  let bytes = 0;
  for (const { envelope } of links) bytes += envelope.length;
  if (links.length > EVIDENCE_LINKS_MAX || bytes > EVIDENCE_BYTES_MAX) {
    return refuse('CHAIN_QUOTA', 'too many links of the authors are new to this pool');
  }
  return accept(
    links.map((link) =>
      brought.includes(link) ? { ...link, time: lostTime(grace, link.time, nowMs()) } : link,
    ),
  );
}

function lostLinks(brought: readonly StoredLink[], user: Ref, after: number): StoredLink[] {
  return brought.filter(({ envelope }) => {
    const opened = peekUserStatement(envelope);
    return opened.ok && equalBytes(opened.value.user[1], user[1]) && opened.value.seq > after;
  });
}

async function isKnown(
  { view }: CommandContext,
  ref: Ref,
  entries: Parameters<typeof isCollected>[1],
): Promise<boolean> {
  const branches = await view.branches(ref);
  return branches !== undefined && isCollected(branches, entries);
}

function terms({ nowMs }: CommandContext, grace: GraceRow) {
  return { grace, nowMs: nowMs(), revokes: revokedBy };
}

/** Who holds a link of the chain may know whether there are newer ones here; so its bearer finds where to go on. */
async function unconnected(
  { view }: CommandContext,
  { chain, ref, links: [first], parent }: OfferFrame,
): Promise<Refusal> {
  const opened = chain === 'user' ? openedUser(first) : openedPool(first);
  const before = parent === undefined || opened === undefined ? undefined : opened.seq - 1;
  const page = before === undefined ? undefined : await view.page(chain, ref, before);
  const [link] = page?.links ?? [];
  const here = chain === 'user' ? openedUser(link) : openedPool(link);
  return here !== undefined && parent !== undefined && equalBytes(here.hash, parent)
    ? refuse('CHAIN_STALE', 'the chain has newer links here')
    : refuse('CHAIN_CONFLICT', 'follows a link that is not known here');
}

function openedUser(link: StoredLink | undefined) {
  const opened = link && peekUserStatement(link.envelope);
  return opened?.ok ? opened.value : undefined;
}

function openedPool(link: StoredLink | undefined) {
  const opened = link && peekPoolStatement(link.envelope);
  return opened?.ok ? opened.value : undefined;
}

function unsigned() {
  return refuse('CHAIN_SIGNATURE', 'a signature does not hold');
}
