// Commands on a user's shard: the user's chain, the list of pools that the pools' outboxes keep up to
// date, and accounts that an invite admitted and that must join within an hour.

import {
  accept,
  CLOCK_SKEW_MAX_MS,
  equalRefs,
  type JudgedUser,
  judgeUser,
  type OpenUserEnvelope,
  peekUserStatement,
  type Ref,
  type Result,
  refuse,
  USER_POOLS_MAX,
  userHandle,
} from '@rockpool/protocol';
import { branchesRow } from './branch-rows.ts';
import { answeredBefore, headOf } from './chain-rows.ts';
import { closedToLinks, closingKeys } from './closed-chain.ts';
import type { CommandOf } from './commands.ts';
import { encodeEvent } from './events.ts';
import { type GraceRow, graceIn, isCollecting } from './grace.ts';
import {
  branchesKey,
  branchLinkKey,
  branchStateKey,
  GRACE_KEY,
  meetingTriesKey,
  pendingAccountKey,
  userHandleKey,
  userLinkKey,
  userPoolsKey,
  userStateKey,
} from './keys.ts';
import {
  done,
  type Handler,
  type HandlerContext,
  type Outcome,
  refused,
  refusedAs,
} from './outcome.ts';
import type { Bytes, Row } from './ports.ts';
import { handleRow, linkRow, pendingAccountRow, userPoolsRow, userStateRow } from './rows.ts';

/** An account that an invite admitted must join a pool within this time: no pool takes it later. */
export const PENDING_ACCOUNT_MAX_MS = 3600 * 1000;
/** When it may be dropped: by then the clock of every pool's leader is past the time for joining. */
export const PENDING_ACCOUNT_DROP_MS = PENDING_ACCOUNT_MAX_MS + CLOCK_SKEW_MAX_MS;

export const putUserGenesis: Handler<CommandOf<'putUserGenesis'>> = {
  place: ({ envelope }) => placeOf(envelope),
  reads({ envelope }) {
    const opened = openGenesis(envelope);
    if (!opened.ok) return [];
    const { id, handle } = opened.value;
    return [userStateKey(id), userLinkKey(id, 0), userHandleKey(handle), GRACE_KEY];
  },
  apply(rows, { envelope, admittedBy }, context) {
    const opened = openGenesis(envelope);
    if (!opened.ok) return refused(opened);
    const { id } = opened.value;
    const known = rows(userStateKey(id));
    const before = answeredBefore(known && userStateRow.decode(known), rows(userLinkKey(id, 0)), {
      seq: 0,
      hash: id,
    });
    if (before !== undefined) return before;
    // It could join no pool in time.
    if (admittedBy.by === 'pool' && isCollecting(graceIn(rows), context.entryTimeMs)) {
      return refusedAs('CHAIN_GRACE', 'pools take nobody in yet');
    }
    const judged = judgeUser(undefined, envelope, context.entryTimeMs);
    if (!judged.ok) return refused(judged);
    const { state } = judged.value;
    if (rows(userHandleKey(state.handle)) !== undefined) {
      return refusedAs('CHAIN_USED', 'another account has this handle');
    }
    const writes: Row[] = [{ key: userHandleKey(state.handle), value: handleRow.encode({ id }) }];
    if (admittedBy.by === 'pool') {
      const pending = { since: context.entryTimeMs, pool: admittedBy.pool };
      writes.push({ key: pendingAccountKey(id), value: pendingAccountRow.encode(pending) });
    }
    return appended(judged.value, envelope, context, writes);
  },
};

export const appendUserLink: Handler<CommandOf<'appendUserLink'>> = {
  place: ({ ref }) => accept(ref[0]),
  reads({ ref, envelope }) {
    const peeked = peekUserStatement(envelope);
    if (!peeked.ok) return [];
    const [, id] = ref;
    const link = userLinkKey(id, peeked.value.seq);
    return [userStateKey(id), link, meetingTriesKey(id), ...closingKeys(id)];
  },
  apply(rows, { ref, envelope }, context) {
    const peeked = peekUserStatement(envelope);
    if (!peeked.ok) return refused(peeked);
    const row = rows(userStateKey(ref[1]));
    if (row === undefined) return refusedAs('CHAIN_UNKNOWN', 'no such user');
    const state = userStateRow.decode(row);
    const before = answeredBefore(state, rows(userLinkKey(ref[1], peeked.value.seq)), peeked.value);
    if (before !== undefined) return before;
    const closed = closedToLinks(rows, state, context.entryTimeMs);
    if (closed !== undefined) return closed;
    const judged = judgeUser(state, envelope, context.entryTimeMs);
    if (!judged.ok) return refused(judged, headOf(state));
    const tries = meetingTriesKey(ref[1]);
    // The code led to a device that the person wanted: it was no guess.
    const met = rows(tries) !== undefined && addedByDevice(peeked.value);
    return appended(judged.value, envelope, context, met ? [{ key: tries, value: null }] : []);
  },
};

/** From a pool's outbox, at least once: the same message again changes nothing. */
export const memberJoined: Handler<CommandOf<'memberJoined'>> = {
  place: ({ user }) => accept(user[0]),
  reads: ({ user: [, id] }) => [userStateKey(id), userPoolsKey(id), pendingAccountKey(id)],
  apply(rows, { user, pool }) {
    const [, id] = user;
    if (rows(userStateKey(id)) === undefined) return refusedAs('CHAIN_UNKNOWN', 'no such user');
    const row = rows(userPoolsKey(id));
    const pools = row === undefined ? [] : userPoolsRow.decode(row).pools;
    if (pools.some((known) => equalRefs(known, pool))) return done();
    // The door refuses a join beyond the quota; two at once may still get here. The member then
    // stands in the pool's chain, but this list, the one the quota protects, does not grow.
    if (pools.length >= USER_POOLS_MAX) return refusedAs('CHAIN_QUOTA', 'too many pools');
    const writes: Row[] = [
      { key: userPoolsKey(id), value: userPoolsRow.encode({ pools: [...pools, pool] }) },
    ];
    if (rows(pendingAccountKey(id)) !== undefined) {
      writes.push({ key: pendingAccountKey(id), value: null });
    }
    const events = [encodeEvent({ event: 'memberJoined', user, pool })];
    return { reply: { ok: true }, writes, events };
  },
};

/** From the sweep. The entry's time decides, so all replicas agree on whether the time is over. */
export const dropPending: Handler<CommandOf<'dropPending'>> = {
  place: ({ user }) => accept(user[0]),
  reads: ({ user: [, id] }) => {
    return [userStateKey(id), pendingAccountKey(id), GRACE_KEY, branchesKey(id)];
  },
  apply(rows, { user }, context) {
    const [, id] = user;
    const row = rows(userStateKey(id));
    const pending = rows(pendingAccountKey(id));
    if (row === undefined || pending === undefined) return done();
    const { since } = pendingAccountRow.decode(pending);
    if (context.entryTimeMs < droppedFrom(since, graceIn(rows))) {
      return refusedAs('CHAIN_CONFLICT', 'the account may still join');
    }
    const state = userStateRow.decode(row);
    const keys = [
      userStateKey(id),
      userHandleKey(state.handle),
      pendingAccountKey(id),
      meetingTriesKey(id),
      ...collectedKeys(id, rows(branchesKey(id))),
    ];
    for (let seq = 0; seq <= state.seq; seq++) keys.push(userLinkKey(id, seq));
    return {
      reply: { ok: true },
      writes: keys.map((key) => ({ key, value: null })),
      events: [encodeEvent({ event: 'userDropped', user })],
    };
  },
};

/** Branches that are left behind would follow from a chain that is not there. */
function collectedKeys(id: Bytes, row: Bytes | undefined): readonly Bytes[] {
  if (row === undefined) return [];
  const { links, states } = branchesRow.decode(row);
  return [
    branchesKey(id),
    ...links.map(({ hash }) => branchLinkKey(id, hash)),
    ...states.map(({ hash }) => branchStateKey(id, hash)),
  ];
}

/** A restored cluster may have lost the account's join, which the end of the grace brings back. */
export function droppedFrom(since: number, grace: GraceRow | undefined): number {
  const until = grace === undefined ? 0 : (grace.until ?? Number.POSITIVE_INFINITY);
  return Math.max(since, until) + PENDING_ACCOUNT_DROP_MS;
}

function addedByDevice({ statement, envelope }: OpenUserEnvelope): boolean {
  return statement.kind === 'device.add' && envelope.sigs.some(({ by }) => by === 'device');
}

function placeOf(envelope: Bytes): Result<number> {
  const peeked = peekUserStatement(envelope);
  return peeked.ok ? accept(peeked.value.user[0]) : peeked;
}

function openGenesis(envelope: Bytes): Result<{ readonly id: Bytes; readonly handle: Bytes }> {
  const peeked = peekUserStatement(envelope);
  if (!peeked.ok) return peeked;
  const { statement, hash: id } = peeked.value;
  return statement.kind === 'user.genesis'
    ? accept({ id, handle: userHandle(statement.device.sign, statement.salt) })
    : refuse('CHAIN_MALFORMED', 'not a genesis');
}

function appended(
  judged: JudgedUser,
  envelope: Bytes,
  context: HandlerContext,
  writes: readonly Row[],
): Outcome {
  const { state, seq, checks } = judged;
  if (!context.verify(checks)) return refusedAs('CHAIN_SIGNATURE', 'a signature does not hold');
  const user: Ref = state.ref;
  const time = context.entryTimeMs;
  const head = headOf(state);
  return {
    reply: { ok: true, head, time },
    writes: [
      { key: userStateKey(user[1]), value: userStateRow.encode(state) },
      { key: userLinkKey(user[1], seq), value: linkRow.encode({ envelope, time }) },
      ...writes,
    ],
    events: [encodeEvent({ event: 'userChanged', user, head })],
  };
}
