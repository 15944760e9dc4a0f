// Envelopes carry a statement and its signatures. Opening one checks form only: limits, deterministic
// encoding, exact fields, a known kind. What it means is judged by user-chain.ts and pool-chain.ts.

import type { Bytes } from '../encoding/bytes.ts';
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts';
import { accept, type Refusal, type Result, refuse } from '../encoding/result.ts';
import type { Ref, Shape } from '../encoding/shape.ts';
import { ENVELOPE_BYTES_MAX, STATEMENT_BYTES_MAX } from '../limits.ts';
import { linkHash, poolRef, userHandle, userRef } from './ids.ts';
import {
  type Author,
  type Envelope,
  envelopeShape,
  type PoolStatement,
  poolStatementShape,
  type UserStatement,
  userStatementShape,
} from './statements.ts';

/** An envelope whose form is right. Nothing about its authority is known yet. */
export interface OpenEnvelope<Statement> {
  readonly statement: Statement;
  readonly envelope: Envelope;
  /** Of the genesis 0, of every later link as written. */
  readonly seq: number;
  readonly hash: Bytes;
  readonly bytes: number;
}

export interface OpenUserEnvelope extends OpenEnvelope<UserStatement> {
  /** The chain it belongs to; for a genesis, the one it begins. */
  readonly user: Ref;
}

export interface OpenPoolEnvelope extends OpenEnvelope<PoolStatement> {
  readonly pool: Ref;
  readonly author: Author;
}

export function encodeEnvelope(envelope: Envelope): Bytes {
  return encodeCbor(envelope);
}

/** Which user chain an envelope is for, and where in it. Judges nothing but form; never throws. */
export function peekUserStatement(envelopeBytes: Bytes): Result<OpenUserEnvelope> {
  const opened = open(envelopeBytes, userStatementShape, ['user.genesis', 'device.add']);
  if (!opened.ok) return opened;
  const { statement, hash } = opened.value;
  const user =
    statement.kind === 'user.genesis'
      ? userRef(userHandle(statement.device.sign, statement.salt), hash)
      : statement.user;
  return accept({ ...opened.value, user });
}

/** Which pool chain an envelope is for, where in it, and by whom. Never throws. */
export function peekPoolStatement(envelopeBytes: Bytes): Result<OpenPoolEnvelope> {
  const kinds = ['pool.genesis', 'pool.invite', 'pool.join'];
  const opened = open(envelopeBytes, poolStatementShape, kinds);
  if (!opened.ok) return opened;
  const { statement, hash } = opened.value;
  const pool = statement.kind === 'pool.genesis' ? poolRef(hash) : statement.pool;
  return accept({ ...opened.value, pool, author: statement.author });
}

function open<S extends { readonly kind: string }>(
  envelopeBytes: Bytes,
  shape: Shape<S>,
  kinds: readonly string[],
): Result<OpenEnvelope<S>> {
  const decoded = decodeCbor(envelopeBytes, envelopeShape, ENVELOPE_BYTES_MAX);
  if (!decoded.ok) return malformed(decoded);
  const { link } = decoded.value;
  // The kind is looked at first, so that "too new for this version" is told from "broken".
  const anyMap = decodeCbor(link, kindShape, STATEMENT_BYTES_MAX);
  if (!anyMap.ok) return malformed(anyMap);
  if (!kinds.includes(anyMap.value.kind)) {
    return refuse('CHAIN_UNKNOWN_KIND', 'statement of an unknown kind');
  }
  const wrong = shape(anyMap.value);
  if (wrong !== undefined) return refuse('CHAIN_MALFORMED', wrong);
  const statement = anyMap.value as unknown as S;
  const seq = 'seq' in statement && typeof statement.seq === 'number' ? statement.seq : 0;
  const bytes = envelopeBytes.length;
  return accept({ statement, envelope: decoded.value, seq, hash: linkHash(link), bytes });
}

const kindShape: Shape<{ readonly kind: string }> = (value) =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'
    ? undefined
    : 'has no kind';

function malformed(refusal: Refusal): Refusal {
  return refusal.code === 'PROTOCOL_TOO_LARGE'
    ? refusal
    : refuse('CHAIN_MALFORMED', refusal.detail);
}
