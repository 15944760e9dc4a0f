// Links that a restored cluster lacks, as clients bring them back: judged and kept beside the chain until the grace of its group
// is over, and then chosen from (apply-settle.ts). Only a genesis stands at once, since a chain has
// but one; an account that was lost as a whole waits for its first join like any that an invite admitted.

import {
  accept,
  type Bytes,
  equalBytes,
  equalRefs,
  type Head,
  peekPoolStatement,
  peekUserStatement,
  type Result,
  refuse,
  userHandle,
} from '@rockpool/protocol';
import { beginPool, beginUser, begunEvents } from './begin-lost-chain.ts';
import {
  type BranchesRow,
  branchesRow,
  type PoolBranchState,
  poolBranchRow,
} from './branch-rows.ts';
import { headOf } from './chain-rows.ts';
import { collect } from './collected.ts';
import type { CommandOf } from './commands.ts';
import { type GraceRow, graceIn, isCollecting } from './grace.ts';
import { type JudgedBranch, judgePoolBranch, judgeUserBranch } from './judge-branch.ts';
import {
  branchesKey,
  branchStateKey,
  GRACE_KEY,
  memberEvidenceKey,
  poolStateKey,
  userHandleKey,
  userStateKey,
} from './keys.ts';
import {
  type Handler,
  type HandlerContext,
  type Outcome,
  type Rows,
  refused,
  refusedAs,
} from './outcome.ts';
import type { Row } from './ports.ts';
import { poolStateRow, userStateRow } from './rows.ts';

type UserOffer = CommandOf<'collectUserLinks'>;
type PoolOffer = CommandOf<'collectPoolLinks'>;

/** What both kinds of chain read. */
function branchKeys(id: Bytes, parent: Bytes | undefined, tip: Bytes | undefined): Bytes[] {
  const states = [parent, tip].flatMap((hash) =>
    hash === undefined ? [] : [branchStateKey(id, hash)],
  );
  return [GRACE_KEY, branchesKey(id), ...states];
}

export const collectUserLinks: Handler<UserOffer> = {
  place: ({ ref }) => accept(ref[0]),
  reads({ ref: [, id], parent, links }) {
    const handle = handleOf(links[0]?.envelope);
    const tip = peekUserStatement(links.at(-1)?.envelope ?? NOTHING);
    const keys = branchKeys(id, parent, tip.ok ? tip.value.hash : undefined);
    return [...keys, userStateKey(id), ...(handle === undefined ? [] : [userHandleKey(handle)])];
  },
  apply(rows, command, context) {
    const { ref, links, pool } = command;
    const [, id] = ref;
    const row = rows(userStateKey(id));
    const standing = row && userStateRow.decode(row);
    const open = openFor(rows, id, standing, context);
    if (!open.ok) return refused(open);
    const base = baseOf(rows, command, standing, userStateRow.decode);
    if (!base.ok) return refused(base, standing && headOf(standing));
    const terms = { grace: open.value.grace, nowMs: context.entryTimeMs, revokes: context.revokes };
    const judged = judgeUserBranch(base.value, links, terms);
    if (!judged.ok) return refused(judged, standing && headOf(standing));
    if (!context.verify(judged.value.checks)) return unsigned();
    const { genesis, state } = judged.value;
    const writes: Row[] = [];
    if (genesis !== undefined) {
      const begun = beginUser(rows, ref, genesis, { pool, entryTimeMs: context.entryTimeMs });
      if (!begun.ok) return refused(begun);
      writes.push(...begun.value);
    }
    const kept = rows(branchStateKey(id, state.head));
    const isStateKept = kept !== undefined && userStateRow.decode(kept).timeMs <= state.timeMs;
    const encoded = userStateRow.encode(state);
    return outcomeOf(command, open.value.branches, judged.value, {
      writes,
      isStateKept,
      encoded,
      head: headOf(state),
    });
  },
};

export const collectPoolLinks: Handler<PoolOffer> = {
  place: ({ ref }) => accept(ref[0]),
  reads({ ref: [, id], parent, links }) {
    const tip = peekPoolStatement(links.at(-1)?.envelope ?? NOTHING);
    const authors = links.flatMap(({ envelope }) => {
      const opened = peekPoolStatement(envelope);
      return opened.ok ? [memberEvidenceKey(id, opened.value.author.user[1])] : [];
    });
    const keys = branchKeys(id, parent, tip.ok ? tip.value.hash : undefined);
    return [...keys, poolStateKey(id), ...authors];
  },
  apply(rows, command, context) {
    const { ref, links, evidence } = command;
    const [, id] = ref;
    const row = rows(poolStateKey(id));
    const standing = row && poolStateRow.decode(row);
    const open = openFor(rows, id, standing, context);
    if (!open.ok) return refused(open);
    const before = standing && { state: standing, authors: [], head: standing.head };
    const base = baseOf<PoolBranchState>(rows, command, before, poolBranchRow.decode);
    if (!base.ok) return refused(base, standing && headOf(standing));
    const terms = { grace: open.value.grace, nowMs: context.entryTimeMs, revokes: context.revokes };
    const kept = (user: Bytes) => {
      const evidenceRow = rows(memberEvidenceKey(id, user));
      return evidenceRow && userStateRow.decode(evidenceRow);
    };
    const judged = judgePoolBranch(base.value, links, { kept, evidence }, terms);
    if (!judged.ok) return refused(judged, standing && headOf(standing));
    if (!context.verify(judged.value.checks)) return unsigned();
    const { genesis, state } = judged.value;
    if (genesis !== undefined && !equalRefs(genesis.state.state.ref, ref)) return foreign();
    const writes = genesis === undefined ? [] : beginPool(genesis);
    const keptState = rows(branchStateKey(id, state.state.head));
    const isStateKept =
      keptState !== undefined && poolBranchRow.decode(keptState).state.timeMs <= state.state.timeMs;
    const encoded = poolBranchRow.encode(state);
    return outcomeOf(command, open.value.branches, judged.value, {
      writes,
      isStateKept,
      encoded,
      head: headOf(state.state),
    });
  },
};

interface Open {
  readonly grace: GraceRow;
  readonly branches: BranchesRow | undefined;
}

function openFor(
  rows: Rows,
  id: Bytes,
  standing: { readonly seq: number; readonly head: Bytes } | undefined,
  { entryTimeMs }: HandlerContext,
): Result<Open> {
  const grace = graceIn(rows);
  if (!isCollecting(grace, entryTimeMs)) {
    return refuse('CHAIN_LATE', standing === undefined ? 'no such chain' : 'chains go on');
  }
  const row = rows(branchesKey(id));
  return accept({ grace, branches: row && branchesRow.decode(row) });
}

/** The state that the links follow: as it stands, or after links that were collected before. */
function baseOf<State>(
  rows: Rows,
  { ref: [, id], parent }: UserOffer | PoolOffer,
  standing: (State & { readonly head: Bytes }) | undefined,
  decode: (row: Bytes) => State,
): Result<State | undefined> {
  if (parent === undefined) {
    return standing === undefined
      ? accept(undefined)
      : refuse('CHAIN_CONFLICT', 'the chain has begun');
  }
  if (standing !== undefined && equalBytes(standing.head, parent)) return accept(standing);
  const row = rows(branchStateKey(id, parent));
  return row === undefined
    ? refuse('CHAIN_CONFLICT', 'follows a link that is not known here')
    : accept(decode(row));
}

interface Collecting {
  readonly writes: readonly Row[];
  readonly isStateKept: boolean;
  readonly encoded: Bytes;
  readonly head: Head;
}

function outcomeOf<State>(
  { kind, ref: [, id], links, ref }: UserOffer | PoolOffer,
  branches: BranchesRow | undefined,
  { entries, genesis }: JudgedBranch<State>,
  { writes, isStateKept, encoded: state, head }: Collecting,
): Outcome {
  const chain = kind === 'collectUserLinks' ? 'user' : 'pool';
  const events = genesis === undefined ? [] : begunEvents(chain, ref);
  if (entries.length === 0) return { reply: { ok: true, head }, writes, events };
  const offer = {
    chain,
    id,
    entries,
    links: links.slice(links.length - entries.length),
    state,
    isStateKept,
  } as const;
  const collected = collect(branches, offer);
  if (!collected.ok) return refused(collected);
  return { reply: { ok: true, head }, writes: [...writes, ...collected.value], events };
}

function handleOf(envelope: Bytes | undefined): Bytes | undefined {
  const opened = peekUserStatement(envelope ?? NOTHING);
  if (!opened.ok || opened.value.statement.kind !== 'user.genesis') return undefined;
  const { device, salt } = opened.value.statement;
  return userHandle(device.sign, salt);
}

function unsigned(): Outcome {
  return refusedAs('CHAIN_SIGNATURE', 'a signature does not hold');
}

function foreign(): Outcome {
  return refusedAs('CHAIN_MALFORMED', 'names another chain');
}

const NOTHING = new Uint8Array(0);
