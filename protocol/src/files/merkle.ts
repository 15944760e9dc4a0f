// The Merkle tree of a file's blocks, shaped as RFC 9162 section 2.1.1: no padding, the left
// subtree is the largest power of two smaller than the number of leaves. Leaves are hashed by the
// platform (blocks are large); inner nodes are hashed here.

import { type Bytes, concatBytes, equalBytes } from '../encoding/bytes.ts';
import { sha256Bytes } from '../encoding/hash.ts';
import { BLOCK_BYTES } from '../limits.ts';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function blockCount(size: number): number {
  return Math.ceil(size / BLOCK_BYTES);
}

/** Bytes of block `index` of a file of `size` bytes. */
export function blockLength(size: number, index: number): number {
  return Math.min(BLOCK_BYTES, size - index * BLOCK_BYTES);
}

/** What the platform must hash with SHA-256 to get a block's leaf. */
export function leafInput(block: Bytes): Bytes {
  return concatBytes(LEAF, block);
}

export function nodeHash(left: Bytes, right: Bytes): Bytes {
  return sha256Bytes(concatBytes(NODE, left, right));
}

/** Root over the leaves in order. An empty file's root is SHA-256 of nothing. */
export function merkleRoot(leaves: readonly Bytes[]): Bytes {
  return rootOf(leaves, 0, leaves.length);
}

function rootOf(leaves: readonly Bytes[], from: number, to: number): Bytes {
  const count = to - from;
  if (count === 0) return sha256Bytes(new Uint8Array(0));
  if (count === 1) return leaves[from] ?? new Uint8Array(0);
  const left = splitPoint(count);
  return nodeHash(rootOf(leaves, from, from + left), rootOf(leaves, from + left, to));
}

/** Sibling hashes from leaf `index` up to the root (RFC 9162 section 2.1.3.1). */
export function merkleProof(leaves: readonly Bytes[], index: number): readonly Bytes[] {
  const proof: Bytes[] = [];
  let from = 0;
  let to = leaves.length;
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    if (index < middle) {
      proof.unshift(rootOf(leaves, middle, to));
      to = middle;
    } else {
      proof.unshift(rootOf(leaves, from, middle));
      from = middle;
    }
  }
  return proof;
}

/** Does the leaf stand at `index` of a tree of `count` leaves with this root? Never throws. */
export function verifyMerkleProof(
  leaf: Bytes,
  index: number,
  count: number,
  proof: readonly Bytes[],
  root: Bytes,
): boolean {
  if (index < 0 || index >= count) return false;
  const turns: boolean[] = [];
  let from = 0;
  let to = count;
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    const goLeft = index < middle;
    turns.unshift(goLeft);
    if (goLeft) to = middle;
    else from = middle;
  }
  if (turns.length !== proof.length) return false;
  let hash = leaf;
  for (const [i, sibling] of proof.entries()) {
    if (sibling.length !== 32) return false;
    hash = turns[i] ? nodeHash(hash, sibling) : nodeHash(sibling, hash);
  }
  return equalBytes(hash, root);
}

/** Longest proof of any allowed file: 4 Mi blocks. */
export const PROOF_HASHES_MAX = 22;

function splitPoint(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}
