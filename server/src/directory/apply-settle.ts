// The end of a grace, chain by chain: the branch that the rule chooses continues the chain, and the links of the others are kept
// as evidence. Where the rule chooses none the chain waits for a person. All links were judged and their
// signatures verified when they were collected.

import {
  accept,
  type BranchChoice,
  type Bytes,
  chooseBranch,
  equalBytes,
  type Head,
  peekPoolStatement,
  type Ref,
  type StoredLink,
  toHex,
} from '@rockpool/protocol';
import { type BranchEntry, type BranchesRow, branchesRow, poolBranchRow } from './branch-rows.ts';
import type { CommandOf } from './commands.ts';
import { encodeEvent } from './events.ts';
import { graceIn, isCollecting } from './grace.ts';
import {
  branchesKey,
  branchLinkKey,
  branchStateKey,
  GRACE_KEY,
  memberEvidenceKey,
  outboxKey,
  overruledLinkKey,
  poolLinkKey,
  poolStateKey,
  userLinkKey,
  userStateKey,
} from './keys.ts';
import { done, type Handler, type Outcome, type Rows, refusedAs } from './outcome.ts';
import type { Row } from './ports.ts';
import { linkRow, outboxRow, poolStateRow, userStateRow } from './rows.ts';

type Settle = CommandOf<'settleChain'>;

export const settleChain: Handler<Settle> = {
  place: ({ ref }) => accept(ref[0]),
  reads({ chain, ref: [, id], links, tips }) {
    return [
      GRACE_KEY,
      chain === 'user' ? userStateKey(id) : poolStateKey(id),
      branchesKey(id),
      ...links.map((hash) => branchLinkKey(id, hash)),
      ...tips.map((hash) => branchStateKey(id, hash)),
    ];
  },
  apply(rows, command, { entryTimeMs }) {
    const { chain, ref, links, tip } = command;
    const [, id] = ref;
    if (isCollecting(graceIn(rows), entryTimeMs)) {
      return refusedAs('CHAIN_GRACE', 'links may still come');
    }
    const row = rows(branchesKey(id));
    if (row === undefined) return done();
    const branches = branchesRow.decode(row);
    if (branches.chain !== chain || !namesAll(links, branches)) {
      return refusedAs('CHAIN_CONFLICT', 'other links were collected');
    }
    const root = headIn(rows, command);
    if (root === undefined) return refusedAs('CHAIN_UNKNOWN', 'no such chain');
    const choice = tip === undefined ? ruled(root, branches) : chosen(tip, branches);
    if (choice === undefined)
      return refusedAs('CHAIN_CONFLICT', 'no branch between which to choose');
    if (choice.kind === 'open') return undecided(id, branches, choice.tips);
    return taken(rows, command, branches, { root, tip: choice.tip });
  },
};

function namesAll(links: readonly Bytes[], branches: BranchesRow): boolean {
  const named = new Set(links.map(toHex));
  return (
    named.size === branches.links.length &&
    branches.links.every(({ hash }) => named.has(toHex(hash)))
  );
}

function headIn(rows: Rows, { chain, ref: [, id] }: Settle): Bytes | undefined {
  const row = rows(chain === 'user' ? userStateKey(id) : poolStateKey(id));
  if (row === undefined) return undefined;
  return chain === 'user' ? userStateRow.decode(row).head : poolStateRow.decode(row).head;
}

/** Of a choice that waits for a person it is known already that there is none. */
function ruled(root: Bytes, { open, links }: BranchesRow): BranchChoice | undefined {
  return open === undefined ? chooseBranch(root, links) : { kind: 'open', tips: open };
}

function chosen(tip: Bytes, { open = [] }: BranchesRow): BranchChoice | undefined {
  return open.some((hash) => equalBytes(hash, tip)) ? { kind: 'taken', tip } : undefined;
}

function undecided(id: Bytes, branches: BranchesRow, tips: readonly Bytes[]): Outcome {
  const value = branchesRow.encode({ ...branches, open: tips });
  return { ...done(), writes: [{ key: branchesKey(id), value }] };
}

interface Path {
  readonly root: Bytes;
  readonly tip: Bytes;
}

interface PathLink {
  readonly entry: BranchEntry;
  readonly link: StoredLink;
}

function taken(rows: Rows, command: Settle, branches: BranchesRow, { root, tip }: Path): Outcome {
  const { chain, ref, tips } = command;
  const [, id] = ref;
  const isNamed = tips.some((hash) => equalBytes(hash, tip));
  const state = isNamed ? rows(branchStateKey(id, tip)) : undefined;
  if (state === undefined) return refusedAs('CHAIN_CONFLICT', 'the newest links are others');
  const linkOf = (entry: BranchEntry): PathLink => {
    const row = rows(branchLinkKey(id, entry.hash));
    if (row === undefined) throw new Error('a collected link has its row');
    return { entry, link: { ...linkRow.decode(row), time: entry.time } };
  };
  const path = pathTo(tip, root, branches.links).map(linkOf);
  const onPath = new Set(path.map(({ entry }) => toHex(entry.hash)));
  const overruled = branches.links.filter(({ hash }) => !onPath.has(toHex(hash))).map(linkOf);
  const writes: Row[] = [
    ...overruled.map(({ entry, link }) => {
      return { key: overruledLinkKey(id, entry.hash), value: linkRow.encode(link) };
    }),
    ...branches.links.map(({ hash }) => ({ key: branchLinkKey(id, hash), value: null })),
    ...branches.states.map(({ hash }) => ({ key: branchStateKey(id, hash), value: null })),
    { key: branchesKey(id), value: null },
  ];
  const next = chain === 'user' ? userContinued(ref, path, state) : poolContinued(ref, path, state);
  return { ...done(), writes: [...writes, ...next.writes], events: next.events };
}

function pathTo(tip: Bytes, root: Bytes, links: readonly BranchEntry[]): readonly BranchEntry[] {
  const byHash = new Map(links.map((entry) => [toHex(entry.hash), entry]));
  const path: BranchEntry[] = [];
  let hash = tip;
  while (!equalBytes(hash, root)) {
    const entry = byHash.get(toHex(hash));
    if (entry === undefined) throw new Error('a branch follows from where its chain stands');
    path.unshift(entry);
    hash = entry.prev;
  }
  return path;
}

type Continued = Pick<Outcome, 'writes' | 'events'>;

function userContinued(user: Ref, path: readonly PathLink[], stateRow: Bytes): Continued {
  const [, id] = user;
  const { seq, head } = userStateRow.decode(stateRow);
  const links = path.map(({ entry, link }): Row => {
    return { key: userLinkKey(id, entry.seq), value: linkRow.encode(link) };
  });
  return {
    writes: [{ key: userStateKey(id), value: stateRow }, ...links],
    events: [encodeEvent({ event: 'userChanged', user, head: [seq, head] })],
  };
}

function poolContinued(pool: Ref, path: readonly PathLink[], stateRow: Bytes): Continued {
  const [, id] = pool;
  const { state, authors } = poolBranchRow.decode(stateRow);
  const writes: Row[] = [
    { key: poolStateKey(id), value: poolStateRow.encode(state) },
    ...authors.map((author) => {
      return { key: memberEvidenceKey(id, author.ref[1]), value: userStateRow.encode(author) };
    }),
  ];
  const head: Head = [state.seq, state.head];
  const events: Bytes[] = [encodeEvent({ event: 'poolChanged', pool, head })];
  for (const { entry, link } of path) {
    writes.push({ key: poolLinkKey(id, entry.seq), value: linkRow.encode(link) });
    if (entry.joined === undefined) continue;
    const user = authorOf(link);
    const message = { kind: 'memberJoined', user, pool } as const;
    writes.push({ key: outboxKey(entry.hash), value: outboxRow.encode(message) });
    events.push(
      encodeEvent({ event: 'poolChanged', pool, head, joined: user }),
      encodeEvent({ event: 'outboxAdded', id: entry.hash }),
    );
  }
  return { writes, events };
}

function authorOf({ envelope }: StoredLink): Ref {
  const opened = peekPoolStatement(envelope);
  if (!opened.ok) throw new Error(`unreadable link row: ${opened.detail}`);
  return opened.value.author.user;
}
