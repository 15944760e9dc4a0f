// Commands on a pool's shard: the pool's chain, with the evidence that its authors may write it, and
// the outbox through which users' shards hear who has become a member.

import {
  accept,
  type Bytes,
  equalRefs,
  type JudgedPool,
  judgePool,
  type OpenPoolEnvelope,
  peekPoolStatement,
  type Ref,
  type Result,
  refuse,
  type StoredLink,
  type UserState,
} from '@rockpool/protocol';
import { answeredBefore, headOf } from './chain-rows.ts';
import { closedToLinks, closingKeys } from './closed-chain.ts';
import type { CommandOf } from './commands.ts';
import { encodeEvent } from './events.ts';
import { advanceAuthor } from './evidence.ts';
import { memberEvidenceKey, outboxKey, poolLinkKey, poolStateKey } from './keys.ts';
import {
  done,
  type Handler,
  type HandlerContext,
  type Outcome,
  type Rows,
  refused,
  refusedAs,
} from './outcome.ts';
import type { Row } from './ports.ts';
import { linkRow, outboxRow, poolStateRow, userStateRow } from './rows.ts';

export const putPoolGenesis: Handler<CommandOf<'putPoolGenesis'>> = {
  place({ envelope }) {
    const opened = openGenesis(envelope);
    return opened.ok ? accept(opened.value.pool[0]) : opened;
  },
  reads({ envelope }) {
    const opened = openGenesis(envelope);
    return opened.ok ? readsOf(opened.value) : [];
  },
  apply(rows, { envelope, evidence }, context) {
    const opened = openGenesis(envelope);
    return opened.ok
      ? append(rows, opened.value, { envelope, evidence }, context)
      : refused(opened);
  },
};

export const appendPoolLink: Handler<CommandOf<'appendPoolLink'>> = {
  place: ({ ref }) => accept(ref[0]),
  reads({ ref, envelope }) {
    const opened = openLater(ref, envelope);
    return opened.ok ? readsOf(opened.value) : [];
  },
  apply(rows, { ref, envelope, evidence, joinBy }, context) {
    const opened = openLater(ref, envelope);
    return opened.ok
      ? append(rows, opened.value, { envelope, evidence, joinBy }, context)
      : refused(opened);
  },
};

export const outboxDone: Handler<CommandOf<'outboxDone'>> = {
  place: () => undefined,
  reads: () => [],
  apply: (_rows, { id }) => ({ ...done(), writes: [{ key: outboxKey(id), value: null }] }),
};

function openGenesis(envelope: Bytes): Result<OpenPoolEnvelope> {
  const peeked = peekPoolStatement(envelope);
  return peeked.ok && peeked.value.statement.kind !== 'pool.genesis'
    ? refuse('CHAIN_MALFORMED', 'not a genesis')
    : peeked;
}

function openLater(ref: Ref, envelope: Bytes): Result<OpenPoolEnvelope> {
  const peeked = peekPoolStatement(envelope);
  if (!peeked.ok) return peeked;
  if (peeked.value.statement.kind === 'pool.genesis') {
    return refuse('CHAIN_MALFORMED', 'a genesis begins a chain, it continues none');
  }
  return equalRefs(peeked.value.pool, ref)
    ? peeked
    : refuse('CHAIN_MALFORMED', 'names another chain, or another slot');
}

function readsOf({ pool: [, id], seq, author }: OpenPoolEnvelope): readonly Bytes[] {
  const evidence = memberEvidenceKey(id, author.user[1]);
  return [poolStateKey(id), poolLinkKey(id, seq), evidence, ...closingKeys(id)];
}

interface NewLink {
  readonly envelope: Bytes;
  readonly evidence: readonly StoredLink[];
  readonly joinBy?: number | undefined;
}

function append(
  rows: Rows,
  opened: OpenPoolEnvelope,
  link: NewLink,
  context: HandlerContext,
): Outcome {
  const { pool, seq, author: cited, statement } = opened;
  const [, id] = pool;
  const row = rows(poolStateKey(id));
  const state = row && poolStateRow.decode(row);
  if (state === undefined && statement.kind !== 'pool.genesis') {
    return refusedAs('CHAIN_UNKNOWN', 'no such pool');
  }
  const before = answeredBefore(state, rows(poolLinkKey(id, seq)), opened);
  if (before !== undefined) return before;
  const closed = state && closedToLinks(rows, state, context.entryTimeMs);
  if (closed !== undefined) return closed;
  const head = state && headOf(state);
  if (link.joinBy !== undefined && context.entryTimeMs >= link.joinBy) {
    return refusedAs('AUTH_ADMISSION', 'the account has waited too long for its first join', head);
  }
  const keptRow = rows(memberEvidenceKey(id, cited.user[1]));
  const kept = keptRow && userStateRow.decode(keptRow);
  const evidence = advanceAuthor(kept, cited, link.evidence);
  if (!evidence.ok) return refused(evidence, head);
  const { author, checks } = evidence.value;
  const judged = judgePool(state, link.envelope, context.entryTimeMs, author);
  if (!judged.ok) return refused(judged, head);
  if (!context.verify([...checks, ...judged.value.checks])) {
    return refusedAs('CHAIN_SIGNATURE', 'a signature does not hold', head);
  }
  return appended(judged.value, link.envelope, author, context.entryTimeMs);
}

function appended(judged: JudgedPool, envelope: Bytes, author: UserState, time: number): Outcome {
  const { state, statement, seq, hash } = judged;
  const pool: Ref = state.ref;
  const head = headOf(state);
  const writes: Row[] = [
    { key: poolStateKey(pool[1]), value: poolStateRow.encode(state) },
    { key: poolLinkKey(pool[1], seq), value: linkRow.encode({ envelope, time }) },
    { key: memberEvidenceKey(pool[1], author.ref[1]), value: userStateRow.encode(author) },
  ];
  if (statement.kind === 'pool.invite') {
    const events = [encodeEvent({ event: 'poolChanged', pool, head })];
    return { reply: { ok: true, head, time }, writes, events };
  }
  const user = author.ref;
  // The link's hash names the message: the same join can never be two messages.
  writes.push({
    key: outboxKey(hash),
    value: outboxRow.encode({ kind: 'memberJoined', user, pool }),
  });
  const events = [
    encodeEvent({ event: 'poolChanged', pool, head, joined: user }),
    encodeEvent({ event: 'outboxAdded', id: hash }),
  ];
  return { reply: { ok: true, head, time }, writes, events };
}
