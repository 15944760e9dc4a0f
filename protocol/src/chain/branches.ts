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

type Branch = readonly BranchLink[];

/** Among the links that follow `root`, which may be of one branch; undefined where there are none. */
export function chooseBranch(root: Bytes, links: readonly BranchLink[]): BranchChoice | undefined {
  const following = new Map<string, BranchLink[]>();
  for (const link of links) {
    const before = following.get(toHex(link.prev));
    if (before === undefined) following.set(toHex(link.prev), [link]);
    else before.push(link);
  }
  const tips = standing(root, following).flatMap((branch) => branch.at(-1)?.hash ?? []);
  const [tip, ...others] = tips;
  if (tip === undefined) return undefined;
  return others.length === 0 ? { kind: 'taken', tip } : { kind: 'open', tips: tips.sort(byBytes) };
}

/** The branches from a link on that no other one outranks. */
function standing(root: Bytes, following: ReadonlyMap<string, BranchLink[]>): readonly Branch[] {
  const stem: BranchLink[] = [];
  let next = following.get(toHex(root)) ?? [];
  while (next.length === 1) {
    stem.push(...next);
    next = following.get(toHex(stem.at(-1)?.hash ?? root)) ?? [];
  }
  if (next.length === 0) return [stem];
  const branches = next.flatMap((link) => {
    return standing(link.hash, following).map((rest) => [link, ...rest]);
  });
  const outranked = (branch: Branch) => branches.some((other) => outranks(other, branch));
  const best = branches.filter((branch) => !outranked(branch));
  // Three that outrank each other in a circle: none is better.
  return (best.length === 0 ? branches : best).map((branch) => [...stem, ...branch]);
}

/** Judged by what they do not share. Two that revoke each other's signers are equal: length must not decide that. */
function outranks(a: Branch, b: Branch): boolean {
  let shared = 0;
  while (a[shared] !== undefined && a[shared] === b[shared]) shared += 1;
  const [own, others] = [a.slice(shared), b.slice(shared)];
  const [revokes, isRevoked] = [revokesSignerOf(own, others), revokesSignerOf(others, own)];
  return revokes || isRevoked ? revokes && !isRevoked : own.length > others.length;
}

function revokesSignerOf(a: Branch, b: Branch): boolean {
  const signers = new Set(b.flatMap((link) => link.signers.map(toHex)));
  return a.some((link) => link.revokes.some((name) => signers.has(toHex(name))));
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
