// The Merkle tree of a file's blocks, shaped as RFC 9162 section 2.1.1: no padding, the left
// subtree is the largest power of two smaller than the number of leaves. Built level by level (a
// last node without a sibling moves up unchanged), which gives the same shape and every proof in
// logarithmic time. Leaves are hashed by the platform (blocks are large); inner nodes here.

import { type Bytes, concatBytes, equalBytes } from '../encoding/bytes.ts';
import { sha256Bytes } from '../encoding/hash.ts';
import { BLOCK_BYTES } from '../limits.ts';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const HASH_BYTES = 32;

/** Longest proof of any allowed file: 4 Mi blocks. */
export const PROOF_HASHES_MAX = 22;

export interface MerkleTree {
  /** An empty file's root is SHA-256 of nothing. */
  readonly root: Bytes;
  /** Sibling hashes from leaf `index` up to the root (RFC 9162 section 2.1.3.1). */
  proof(index: number): readonly Bytes[];
}

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

/** Build it once per file: each proof then costs one look per level. */
export function merkleTree(leaves: readonly Bytes[]): MerkleTree {
  const levels: Bytes[] = [concatBytes(...leaves.map((leaf) => leaf.subarray(0, HASH_BYTES)))];
  let top = levels[0] ?? new Uint8Array(0);
  while (top.length > HASH_BYTES) {
    top = levelAbove(top);
    levels.push(top);
  }
  return {
    root: leaves.length === 0 ? sha256Bytes(new Uint8Array(0)) : top,
    proof: (index) => {
      const hashes: Bytes[] = [];
      let at = index;
      for (const level of levels) {
        const sibling = hashAt(level, at ^ 1);
        if (sibling.length === HASH_BYTES) hashes.push(sibling);
        at >>= 1;
      }
      return hashes;
    },
  };
}

/** Root over the leaves in order. */
export function merkleRoot(leaves: readonly Bytes[]): Bytes {
  return merkleTree(leaves).root;
}

/** Does the leaf stand at `index` of a tree of `count` leaves with this root? Never throws. */
export function verifyMerkleProof(
  leaf: Bytes,
  index: number,
  count: number,
  proof: readonly Bytes[],
  root: Bytes,
): boolean {
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) return false;
  if (proof.length > PROOF_HASHES_MAX || leaf.length !== HASH_BYTES) return false;
  let hash = leaf;
  let at = index;
  let width = count;
  let used = 0;
  while (width > 1) {
    const hasSibling = at % 2 === 1 || at + 1 < width;
    if (hasSibling) {
      const sibling = proof[used++];
      if (sibling?.length !== HASH_BYTES) return false;
      hash = at % 2 === 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    }
    at = Math.floor(at / 2);
    width = Math.ceil(width / 2);
  }
  return used === proof.length && equalBytes(hash, root);
}

function levelAbove(level: Bytes): Bytes {
  const count = level.length / HASH_BYTES;
  const above = new Uint8Array(Math.ceil(count / 2) * HASH_BYTES);
  for (let i = 0; i < count; i += 2) {
    const left = hashAt(level, i);
    const right = hashAt(level, i + 1);
    const hash = right.length === HASH_BYTES ? nodeHash(left, right) : left;
    above.set(hash, (i / 2) * HASH_BYTES);
  }
  return above;
}

/** Empty where the level ends. */
function hashAt(level: Bytes, index: number): Bytes {
  return level.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}
