// Which of several continuations of one chain counts, where nodes lost its newest links and got them back from clients: a
// branch whose links revoke a signer of the other one, else the longer one, else none until a person chooses. Whoever
// was removed in a lost link can sign a branch of their own on the state before it, as long as they like:
// the link that removed them decides against it.

import { type Bytes, toHex } from '../encoding/bytes.ts';
import type { OpenPoolEnvelope, OpenUserEnvelope } from './envelope.ts';
import type { PoolStatement, UserStatement } from './statements.ts';

/** What the choice looks at in one link. */
export interface BranchLink {
  readonly hash: Bytes;
  readonly prev: Bytes;
  /** Names of those by whose authority it stands: devices, passkeys, users, invites. */
  readonly signers: readonly Bytes[];
  /** Names of those whose authority it ends. */
  readonly revokes: readonly Bytes[];
}

/** The newest link of a branch, or of each of those between which only a person can choose. */
export type BranchChoice =
  | { readonly kind: 'taken'; readonly tip: Bytes }
  | { readonly kind: 'open'; readonly tips: readonly Bytes[] };

/** A branch from a fork on: as much as it takes to compare it with the others there. */
interface Branch {
  readonly tip: Bytes;
  readonly length: number;
  readonly signers: ReadonlySet<string>;
  readonly revokes: ReadonlySet<string>;
}

/** Among the links that follow `root`, which may be of one branch; undefined where there are none. */
export function chooseBranch(root: Bytes, links: readonly BranchLink[]): BranchChoice | undefined {
  const following = new Map<string, BranchLink[]>();
  for (const link of links) {
    const before = following.get(toHex(link.prev));
    if (before === undefined) following.set(toHex(link.prev), [link]);
    else before.push(link);
  }
  if (!following.has(toHex(root))) return undefined;
  const tips = standing(root, following).map(({ tip }) => tip);
  const [tip = root, ...others] = tips;
  return others.length === 0 ? { kind: 'taken', tip } : { kind: 'open', tips: tips.sort(byBytes) };
}

/** The branches after `from` that no other one outranks. */
function standing(from: Bytes, following: ReadonlyMap<string, BranchLink[]>): readonly Branch[] {
  const stem: BranchLink[] = [];
  let next = following.get(toHex(from)) ?? [];
  while (next.length === 1) {
    stem.push(...next);
    next = following.get(toHex(stem.at(-1)?.hash ?? from)) ?? [];
  }
  const sides = next.map((link) =>
    standing(link.hash, following).map((branch) => after([link], branch)),
  );
  const tip = stem.at(-1)?.hash ?? from;
  if (sides.length === 0) return [after(stem, { ...NOTHING, tip })];
  return best(sides).map((branch) => after(stem, branch));
}

/** Judged by what they do not share: those of one side of a fork were compared where they part. */
function best(sides: readonly (readonly Branch[])[]): readonly Branch[] {
  const left = sides.flatMap((side) => {
    const others = sides.filter((other) => other !== side).flat();
    return side.filter((branch) => !others.some((other) => outranks(other, branch)));
  });
  // Three that outrank each other in a circle: none is better.
  return left.length === 0 ? sides.flat() : left;
}

/** Two that revoke each other's signers are equal: length must not decide that. */
function outranks(a: Branch, b: Branch): boolean {
  const [revokes, isRevoked] = [revokesSignerOf(a, b), revokesSignerOf(b, a)];
  return revokes || isRevoked ? revokes && !isRevoked : a.length > b.length;
}

function revokesSignerOf(a: Branch, b: Branch): boolean {
  for (const name of a.revokes) if (b.signers.has(name)) return true;
  return false;
}

const NOTHING = { length: 0, signers: new Set<string>(), revokes: new Set<string>() };

/** A branch seen from further back. */
function after(stem: readonly BranchLink[], { tip, length, signers, revokes }: Branch): Branch {
  if (stem.length === 0) return { tip, length, signers, revokes };
  const names = (of: 'signers' | 'revokes') => stem.flatMap((link) => link[of].map(toHex));
  return {
    tip,
    length: stem.length + length,
    signers: new Set([...names('signers'), ...signers]),
    revokes: new Set([...names('revokes'), ...revokes]),
  };
}

function byBytes(a: Bytes, b: Bytes): number {
  return toHex(a) < toHex(b) ? -1 : 1;
}

/** Devices and passkeys that signed. */
export function userLinkSigners({ envelope }: OpenUserEnvelope): readonly Bytes[] {
  return envelope.sigs.flatMap((signature) => {
    if (signature.by === 'device') return [signature.device];
    return signature.by === 'passkey' ? [signature.credential] : [];
  });
}

/** The author's device, the author, and the invite that was used. */
export function poolLinkSigners({ author, statement }: OpenPoolEnvelope): readonly Bytes[] {
  const invite = statement.kind === 'pool.join' ? [statement.invite] : [];
  return [author.device, author.user[1], ...invite];
}

/** A new kind says here whose authority it ends, by the names that signers have. None of those there are ends any. */
export function revokedBy({ kind }: UserStatement | PoolStatement): readonly Bytes[] {
  switch (kind) {
    case 'user.genesis':
    case 'device.add':
    case 'pool.genesis':
    case 'pool.invite':
    case 'pool.join':
      return [];
  }
}
