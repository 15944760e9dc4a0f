// Adds the links of an offer to what a chain has collected, within limits: of links and bytes, and of links by one signer, so
// that nobody who may sign at all can push out what others bring back. Nor can anybody by offering links one by one, which leaves
// a state after each: those that other links follow take no room from links, only from each other.

import {
  accept,
  BRANCH_BYTES_MAX,
  BRANCH_LINKS_MAX,
  BRANCH_SIGNER_LINKS_MAX,
  type Bytes,
  equalBytes,
  type Result,
  refuse,
  type StoredLink,
  toHex,
} from '@rockpool/protocol';
import { type BranchEntry, type BranchesRow, branchesRow, type KeptState } from './branch-rows.ts';
import { branchesKey, branchLinkKey, branchStateKey } from './keys.ts';
import type { Row } from './ports.ts';
import { linkRow } from './rows.ts';
import { tipsOf } from './tips.ts';

export interface Offer {
  readonly chain: 'user' | 'pool';
  readonly id: Bytes;
  readonly entries: readonly BranchEntry[];
  /** In the order of the entries. */
  readonly links: readonly StoredLink[];
  /** The state after the newest of them. */
  readonly state: Bytes;
  /** A state is kept there already, and its time is no later. */
  readonly isStateKept: boolean;
}

/** What to write; nothing where all of it is known. */
export function collect(before: BranchesRow | undefined, offer: Offer): Result<readonly Row[]> {
  const { chain, id, entries, links, state, isStateKept } = offer;
  const known = new Map((before?.links ?? []).map((entry) => [toHex(entry.hash), entry]));
  const rows: Row[] = [];
  let bytes = before?.bytes ?? 0;
  for (const [at, entry] of entries.entries()) {
    const name = toHex(entry.hash);
    const earlier = known.get(name);
    if (earlier === undefined) {
      const { envelope } = links[at] ?? missing();
      bytes += envelope.length;
      const value = linkRow.encode({ envelope, time: entry.time });
      rows.push({ key: branchLinkKey(id, entry.hash), value });
      known.set(name, entry);
    } else if (entry.time < earlier.time) known.set(name, { ...earlier, time: entry.time });
  }
  const tip = entries.at(-1)?.hash ?? missing();
  const former = before?.states ?? [];
  const others = former.filter(({ hash }) => !equalBytes(hash, tip));
  const states = isStateKept ? former : [...others, { hash: tip, bytes: state.length }];
  const all = [...known.values()];
  const { kept, tipBytes } = withRoom(states, all);
  const full = fullness(all, bytes, tipBytes);
  if (full !== undefined) return refuse('CHAIN_QUOTA', full);
  const isKept = (link: Bytes) => kept.some(({ hash }) => equalBytes(hash, link));
  for (const { hash } of former) {
    if (!isKept(hash)) rows.push({ key: branchStateKey(id, hash), value: null });
  }
  if (!isStateKept && isKept(tip)) rows.push({ key: branchStateKey(id, tip), value: state });
  const value = branchesRow.encode({ chain, bytes, links: all, states: kept });
  return accept([...rows, { key: branchesKey(id), value }]);
}

/** All states after newest links; of the others, which only a fork or a repetition goes on from, the newest. */
function withRoom(states: readonly KeptState[], links: readonly BranchEntry[]) {
  const tips = new Set(tipsOf(links).map(toHex));
  const signers = new Map(links.map(({ hash, signers: [first] }) => [toHex(hash), first]));
  /** By the first signer of the link. */
  const tipBytes = new Map<string, number>();
  let followedBytes = 0;
  const kept = states.toReversed().filter(({ hash, bytes }) => {
    const isTip = tips.has(toHex(hash));
    if (isTip) {
      const signer = toHex(signers.get(toHex(hash)) ?? missing());
      tipBytes.set(signer, (tipBytes.get(signer) ?? 0) + bytes);
    } else followedBytes += bytes;
    return isTip || followedBytes <= BRANCH_BYTES_MAX;
  });
  return { kept: kept.reverse(), tipBytes };
}

/** Known in full, and no later than now: such an offer changes nothing. */
export function isCollected(row: BranchesRow, entries: readonly BranchEntry[]): boolean {
  const known = new Map(row.links.map((entry) => [toHex(entry.hash), entry.time]));
  const tip = entries.at(-1)?.hash;
  return (
    tip !== undefined &&
    row.states.some(({ hash }) => equalBytes(hash, tip)) &&
    entries.every(({ hash, time }) => (known.get(toHex(hash)) ?? Number.POSITIVE_INFINITY) <= time)
  );
}

function fullness(
  links: readonly BranchEntry[],
  linkBytes: number,
  tipBytes: ReadonlyMap<string, number>,
): string | undefined {
  const bytes = [...tipBytes.values()].reduce((sum, more) => sum + more, linkBytes);
  if (links.length > BRANCH_LINKS_MAX || bytes > BRANCH_BYTES_MAX) {
    return 'too much was brought back of this chain';
  }
  if (Math.max(...tipBytes.values()) > BRANCH_BYTES_MAX / 2) {
    return 'too many branches of one signer were brought back';
  }
  const bySigner = new Map<string, number>();
  for (const { signers } of links) {
    const signer = toHex(signers[0] ?? missing());
    const count = (bySigner.get(signer) ?? 0) + 1;
    if (count > BRANCH_SIGNER_LINKS_MAX) return 'too many links of one signer were brought back';
    bySigner.set(signer, count);
  }
  return undefined;
}

function missing(): never {
  throw new Error('an offer has entries, each with its link and a signer');
}
