// What user and pool chains have in common in apply: a statement that stands already is answered as
// done for ever, and another one in its place is told where the chain stands.

import {
  type Bytes,
  equalBytes,
  type Head,
  peekPoolStatement,
  peekUserStatement,
} from '@rockpool/protocol';
import { done, type Outcome, refusedAs } from './outcome.ts';
import { linkRow } from './rows.ts';

interface Position {
  readonly seq: number;
  readonly head: Bytes;
}

export function headOf(state: Position): Head {
  return [state.seq, state.head];
}

/** Undefined where no link stands at the statement's place yet. */
export function answeredBefore(
  state: Position | undefined,
  row: Bytes | undefined,
  link: { readonly seq: number; readonly hash: Bytes },
): Outcome | undefined {
  if (state === undefined || row === undefined) return undefined;
  const stored = linkRow.decode(row);
  if (equalBytes(hashOf(stored.envelope), link.hash)) {
    return done([link.seq, link.hash], stored.time);
  }
  return refusedAs('CHAIN_CONFLICT', `another link has seq ${link.seq}`, headOf(state));
}

function hashOf(envelope: Bytes): Bytes {
  const user = peekUserStatement(envelope);
  const peeked = user.ok ? user : peekPoolStatement(envelope);
  if (!peeked.ok) throw new Error(`unreadable link row: ${peeked.detail}`);
  return peeked.value.hash;
}
