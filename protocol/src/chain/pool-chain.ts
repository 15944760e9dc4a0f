// Judging the links of a pool's chain: who its members are. Each link cites its author's newest user
// link, and the caller brings the author's chain replayed to exactly there.

import { type Bytes, equalBytes } from '../encoding/bytes.ts';
import { signInput } from '../encoding/hash.ts';
import { accept, type Refusal, type Result, refuse } from '../encoding/result.ts';
import type { Head, Ref } from '../encoding/shape.ts';
import { INVITE_LIFE_MAX_MS, POOL_INVITES_OPEN_MAX, POOL_MEMBERS_MAX } from '../limits.ts';
import { type OpenPoolEnvelope, peekPoolStatement } from './envelope.ts';
import type { Judged, SignatureCheck } from './judged.ts';
import { isP256Point } from './p256-point.ts';
import {
  equalHeads,
  equalRefs,
  firstPosition,
  nextPosition,
  type Position,
  signedBy,
  signingDevice,
  wrongExpiry,
} from './position.ts';
import type { InviteEntry, MemberEntry, PoolState, UserState } from './state-rows.ts';
import type { PoolInvite, PoolJoin, PoolStatement } from './statements.ts';

export type JudgedPool = Judged<PoolState, PoolStatement>;

/**
 * May this envelope be the next link of the pool's chain (the first, where state is undefined)?
 * `author` is the author's state at exactly the head that the statement cites. Never throws.
 */
export function judgePool(
  state: PoolState | undefined,
  envelopeBytes: Bytes,
  logTimeMs: number,
  author: UserState,
): Result<JudgedPool> {
  const opened = peekPoolStatement(envelopeBytes);
  if (!opened.ok) return opened;
  const { statement, envelope, hash } = opened.value;
  if (envelope.own !== undefined) return refuse('CHAIN_MALFORMED', 'a pool link adds no device');
  const foreign = wrongAuthor(opened.value, author);
  if (foreign !== undefined) return foreign;
  if (statement.kind === 'pool.genesis') {
    return state === undefined
      ? judgeGenesis(opened.value, author, logTimeMs)
      : refuse('CHAIN_CONFLICT', 'the chain has begun already');
  }
  if (state === undefined) return refuse('CHAIN_UNKNOWN', 'no such pool');
  const link = { ref: statement.pool, seq: statement.seq, prev: statement.prev };
  const position = nextPosition(state, opened.value, link, logTimeMs);
  if (!position.ok) return position;
  const known = rememberAuthor(state, opened.value, position.value);
  if (!known.ok) return known;
  const next =
    statement.kind === 'pool.invite'
      ? withInvite(known.value, opened.value, statement)
      : withMember(known.value, statement);
  if (!next.ok) return next;
  const inviteKey = statement.kind === 'pool.join' ? next.value.inviteKey : undefined;
  const checks = judgeSignatures(opened.value, author, position.value.timeMs, inviteKey);
  if (!checks.ok) return checks;
  return accept({
    state: next.value.state,
    statement,
    seq: statement.seq,
    hash,
    checks: checks.value,
  });
}

interface Change {
  readonly state: PoolState;
  /** The key that must sign beside the device. */
  readonly inviteKey?: Bytes;
}

function judgeGenesis(
  opened: OpenPoolEnvelope,
  author: UserState,
  logTimeMs: number,
): Result<JudgedPool> {
  const checks = judgeSignatures(opened, author, logTimeMs, undefined);
  if (!checks.ok) return checks;
  const { statement, hash, pool } = opened;
  const owner = newMember(author, 'owner', 0);
  const state = { ...firstPosition(pool, opened, logTimeMs), members: [owner], invites: [] };
  return accept({ state, statement, seq: 0, hash, checks: checks.value });
}

function wrongAuthor(opened: OpenPoolEnvelope, author: UserState): Refusal | undefined {
  if (!equalRefs(opened.author.user, author.ref)) {
    return refuse('CHAIN_AUTHORITY', 'names another author');
  }
  return equalHeads(opened.author.head, headOf(author))
    ? undefined
    : refuse('CHAIN_STALE', "the author's chain does not stand at the cited head");
}

/**
 * The state at the new position: expired invites forgotten, and the author's newest head kept.
 * A member never cites an older head than before: the rights of a revoked device stay gone.
 */
function rememberAuthor(
  state: PoolState,
  opened: OpenPoolEnvelope,
  position: Position,
): Result<PoolState> {
  const { user, head } = opened.author;
  const before = findMember(state, user);
  if (before !== undefined && head[0] < before.userHead[0]) {
    return refuse('CHAIN_STALE', 'cites an older head than the pool has seen');
  }
  if (
    before !== undefined &&
    head[0] === before.userHead[0] &&
    !equalHeads(head, before.userHead)
  ) {
    return refuse('CHAIN_FORK', "two heads of the author's chain have one seq");
  }
  const members = state.members.map((member) =>
    member === before ? { ...member, userHead: head } : member,
  );
  const invites = state.invites.filter((invite) => invite.expiry > position.timeMs);
  return accept({ ...position, members, invites });
}

function withInvite(
  state: PoolState,
  opened: OpenPoolEnvelope,
  statement: PoolInvite,
): Result<Change> {
  const inviter = findMember(state, statement.author.user);
  if (inviter?.role !== 'owner') return refuse('CHAIN_AUTHORITY', 'only owners invite');
  if (statement.approval !== 0) return refuse('CHAIN_MALFORMED', 'nothing can approve yet');
  const { key, role, uses, expiry } = statement;
  if (!isP256Point(key)) return refuse('CHAIN_MALFORMED', 'invite key is not a P-256 point');
  const late = wrongExpiry('invite', expiry, state.timeMs, INVITE_LIFE_MAX_MS);
  if (late !== undefined) return late;
  if (state.invites.some((invite) => equalBytes(invite.key, key))) {
    return refuse('CHAIN_USED', 'the key of another invite');
  }
  const open = state.invites.filter((invite) => invite.usesLeft > 0);
  if (open.length >= POOL_INVITES_OPEN_MAX) return refuse('CHAIN_QUOTA', 'too many open invites');
  const invite: InviteEntry = { hash: opened.hash, key, role, usesLeft: uses, expiry };
  return accept({ state: { ...state, invites: [...state.invites, invite] } });
}

function withMember(state: PoolState, statement: PoolJoin): Result<Change> {
  if (findMember(state, statement.author.user) !== undefined) {
    return refuse('CHAIN_USED', 'a member already');
  }
  const found = findUsableInvite(state, statement.invite, state.timeMs);
  if (!found.ok) return found;
  if (state.members.length >= POOL_MEMBERS_MAX) return refuse('CHAIN_QUOTA', 'the pool is full');
  const invite = found.value;
  const invites = state.invites.map((entry) =>
    entry === invite ? { ...entry, usesLeft: entry.usesLeft - 1 } : entry,
  );
  const { user, head } = statement.author;
  const member = { user, role: invite.role, joinedSeq: statement.seq, userHead: head };
  const next = { ...state, members: [...state.members, member], invites };
  return accept({ state: next, inviteKey: invite.key });
}

/** Signatures of a pool link: the invite's key where one is used, then the author's full device. */
function judgeSignatures(
  opened: OpenPoolEnvelope,
  author: UserState,
  nowMs: number,
  inviteKey: Bytes | undefined,
): Result<readonly SignatureCheck[]> {
  const { sigs, link } = opened.envelope;
  const fits = inviteKey ? signedBy(sigs, 'invite', 'device') : signedBy(sigs, 'device');
  if (!fits) return refuse('CHAIN_AUTHORITY', 'not signed by exactly those who must');
  const device = signingDevice(author, opened.author.device, nowMs);
  if (!device.ok) return device;
  const message = signInput('stmt', link);
  const checks: SignatureCheck[] = [];
  for (const signature of sigs) {
    if (signature.by === 'invite' && inviteKey !== undefined) {
      checks.push({ kind: 'p256', point: inviteKey, message, signature: signature.sig });
    } else if (signature.by === 'device') {
      if (!equalBytes(signature.device, opened.author.device)) {
        return refuse('CHAIN_AUTHORITY', 'signed by another device than the author names');
      }
      const point = device.value.keys.sign;
      checks.push({ kind: 'p256', point, message, signature: signature.sig });
    }
  }
  return accept(checks);
}

export function findMember(state: PoolState, user: Ref): MemberEntry | undefined {
  return state.members.find((member) => equalRefs(member.user, user));
}

/** The invite with this link hash or key, if it can still let somebody in at `nowMs`. */
export function findUsableInvite(
  state: PoolState,
  hashOrKey: Bytes,
  nowMs: number,
): Result<InviteEntry> {
  const invite = state.invites.find(
    ({ hash, key }) => equalBytes(hash, hashOrKey) || equalBytes(key, hashOrKey),
  );
  if (invite === undefined || invite.expiry <= nowMs) {
    return refuse('CHAIN_EXPIRED', 'there is no such invite, or it has expired');
  }
  if (invite.usesLeft === 0) return refuse('CHAIN_USED', 'the invite has been used');
  return accept(invite);
}

function newMember(author: UserState, role: MemberEntry['role'], joinedSeq: number): MemberEntry {
  return { user: author.ref, role, joinedSeq, userHead: headOf(author) };
}

function headOf(state: { readonly seq: number; readonly head: Bytes }): Head {
  return [state.seq, state.head];
}
