import { BRANCH_BYTES_MAX, BRANCH_LINKS_MAX, BRANCH_SIGNER_LINKS_MAX } from '@rockpool/protocol';
import t from 'tap';
import { type BranchesRow, branchesRow } from '../../src/directory/branch-rows.ts';
import { collect, type Offer } from '../../src/directory/collected.ts';
import { branchesKey, branchStateKey } from '../../src/directory/keys.ts';
import { NOW } from './restored-cluster.ts';

const number = (n: number) =>
  Uint8Array.from({ length: 32 }, (_, at) => (at < 2 ? (n >> (8 * at)) & 255 : 0));
const CHAIN = number(0);

/** So many links that all follow the first one, and whose numbers are their hashes. */
function signedBy(signer: number, from: number, count: number, size = 10): Offer {
  const entries = Array.from({ length: count }, (_, at) => {
    const hash = number(from + at);
    return { hash, prev: CHAIN, seq: 1, time: NOW, signers: [number(signer)], revokes: [] };
  });
  const links = entries.map(() => ({ envelope: new Uint8Array(size), time: NOW }));
  const state = new Uint8Array(size);
  return { chain: 'user', id: CHAIN, entries, links, state, isStateKept: false };
}

/** One link that follows the one before, in an offer of its own. */
function following(signer: number, hash: number, prev: number, stateBytes: number): Offer {
  const offer = signedBy(signer, hash, 1);
  const entries = offer.entries.map((entry) => ({ ...entry, prev: number(prev) }));
  return { ...offer, entries, state: new Uint8Array(stateBytes) };
}

function rowAfter(before: BranchesRow | undefined, offer: Offer): BranchesRow | string {
  const collected = collect(before, offer);
  if (!collected.ok) return collected.code;
  return branchesRow.decode(collected.value.at(-1)!.value!);
}

t.test('[DIR-22] what one signer brings is limited, and others still have room', (t) => {
  const full = rowAfter(undefined, signedBy(1, 1, BRANCH_SIGNER_LINKS_MAX));
  if (typeof full === 'string') throw new Error(full);
  t.equal(rowAfter(full, signedBy(1, 1_000, 1)), 'CHAIN_QUOTA');
  t.type(rowAfter(full, signedBy(1, 1, 5)), 'object', 'what is known takes no room');
  const more = rowAfter(full, signedBy(2, 2_000, BRANCH_LINKS_MAX - BRANCH_SIGNER_LINKS_MAX));
  if (typeof more === 'string') throw new Error(more);
  t.equal(more.links.length, BRANCH_LINKS_MAX);
  t.equal(rowAfter(more, signedBy(3, 3_000, 1)), 'CHAIN_QUOTA', 'nor more for all together');
  const state = BRANCH_BYTES_MAX / 8;
  let forks: BranchesRow | undefined;
  for (let at = 1; at <= 4; at += 1) {
    const after = rowAfter(forks, following(1, at, 0, state));
    if (typeof after === 'string') throw new Error(after);
    forks = after;
  }
  t.equal(rowAfter(forks, following(1, 5, 0, state)), 'CHAIN_QUOTA', 'nor more branches of one');
  t.type(rowAfter(forks, following(2, 5, 0, state)), 'object');
  const large = signedBy(2, 2_000, 1, BRANCH_BYTES_MAX / 2);
  t.equal(rowAfter(full, large), 'CHAIN_QUOTA', 'nor more bytes');
  t.end();
});

t.test('[DIR-22] links that are replayed one by one take no room from others', (t) => {
  const stateBytes = BRANCH_BYTES_MAX / 16;
  const stored = new Set<string>();
  const nameOf = (key: Uint8Array) => Buffer.from(key).toString('hex');
  let row: BranchesRow | undefined;
  const offer = (offered: Offer) => {
    const collected = collect(row, offered);
    if (!collected.ok) throw new Error(collected.detail);
    for (const { key, value } of collected.value) {
      if (value === null) t.ok(stored.delete(nameOf(key)), 'what is dropped was there');
      else stored.add(nameOf(key));
    }
    row = branchesRow.decode(collected.value.at(-1)!.value!);
  };
  for (let at = 1; at <= 40; at += 1) offer(following(1, at, at - 1, stateBytes));
  offer(following(2, 1_000, 0, stateBytes));
  const isKept = (hash: number) => stored.has(nameOf(branchStateKey(CHAIN, number(hash))));
  t.ok(isKept(40) && isKept(1_000), 'after the newest links');
  t.ok(isKept(39) && isKept(24) && !isKept(23), 'and of the others the newest, as many as fit');
  t.same(row?.states.length, 18);
  t.equal(stored.size, 41 + 18 + 1, 'links, states, and the row that names them');
  t.ok(stored.has(nameOf(branchesKey(CHAIN))));
  offer(following(2, 1, 0, stateBytes));
  t.ok(isKept(1) && !isKept(24), 'whoever walks from the first link on finds what they need');
  t.end();
});
