// At a node's door: a client's statement becomes a command, with the evidence that the pool's shard
// needs. What is found missing here costs no log entry; apply judges everything again.

import {
  accept,
  EVIDENCE_BYTES_MAX,
  peekPoolStatement,
  peekUserStatement,
  type Ref,
  type Result,
  refuse,
  type StoredLink,
  USER_POOLS_MAX,
} from '@rockpool/protocol';
import { EVIDENCE_LINKS_MAX, encodeCommand } from './commands.ts';
import type { Bytes, RowReader } from './ports.ts';
import { chainPage, memberEvidence, poolsOf } from './queries.ts';

export interface Prepared {
  readonly slot: number;
  readonly command: Bytes;
  /** The chain that the statement is for. */
  readonly ref: Ref;
  /** Who signs: the user of the chain, or the author of the pool link. */
  readonly author: Ref;
}

/** A later link of a user's chain. (A genesis needs admission and is submitted by registration.) */
export function prepareUserLink(envelope: Bytes): Result<Prepared> {
  const peeked = peekUserStatement(envelope);
  if (!peeked.ok) return peeked;
  const { statement, user: ref } = peeked.value;
  if (statement.kind === 'user.genesis') return refuse('AUTH_ADMISSION', 'a genesis is registered');
  const command = encodeCommand({ kind: 'appendUserLink', ref, envelope });
  return accept({ slot: ref[0], command, ref, author: ref });
}

/**
 * Any link of a pool's chain, its genesis among them. Reads this node's applied rows: where they are
 * behind the head that the statement cites, CHAIN_STALE says to try again.
 */
export async function preparePoolLink(
  reader: RowReader,
  envelope: Bytes,
): Promise<Result<Prepared>> {
  const peeked = peekPoolStatement(envelope);
  if (!peeked.ok) return peeked;
  const { statement, pool: ref, author } = peeked.value;
  if (statement.kind !== 'pool.invite') {
    const pools = await poolsOf(reader, author.user);
    if (pools.length >= USER_POOLS_MAX) return refuse('CHAIN_QUOTA', 'too many pools');
  }
  const kept = await memberEvidence(reader, ref, author.user);
  const from = kept === undefined ? 0 : kept.seq + 1;
  const links = await linksUpTo(reader, author.user, from, author.head[0]);
  if (!links.ok) return links;
  const command =
    statement.kind === 'pool.genesis'
      ? encodeCommand({ kind: 'putPoolGenesis', envelope, evidence: links.value })
      : encodeCommand({ kind: 'appendPoolLink', ref, envelope, evidence: links.value });
  return accept({ slot: ref[0], command, ref, author: author.user });
}

async function linksUpTo(
  reader: RowReader,
  user: Ref,
  from: number,
  last: number,
): Promise<Result<readonly StoredLink[]>> {
  const links: StoredLink[] = [];
  const wanted = last - from + 1;
  if (wanted > EVIDENCE_LINKS_MAX)
    return refuse('PROTOCOL_TOO_LARGE', `${wanted} links of evidence`);
  let evidenceBytes = 0;
  while (links.length < wanted) {
    const page = await chainPage(reader, 'user', user, from + links.length);
    if (page === undefined || page.links.length === 0) {
      return refuse('CHAIN_STALE', 'this node has not yet seen the cited head');
    }
    for (const link of page.links.slice(0, wanted - links.length)) {
      evidenceBytes += link.envelope.length;
      links.push(link);
    }
    if (evidenceBytes > EVIDENCE_BYTES_MAX) {
      return refuse('PROTOCOL_TOO_LARGE', `${evidenceBytes} bytes of evidence`);
    }
  }
  return accept(links);
}
