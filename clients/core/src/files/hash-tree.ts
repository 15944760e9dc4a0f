// What is known of a file's Merkle tree: all of it where the file is complete, else what proofs have
// taught, which is enough to prove every block that came with a proof.

import { type Bytes, concatBytes, nodeHash, verifyMerkleProof } from '@rockpool/protocol';

const HASH_BYTES = 32;
const NODE_BYTES = 8 + HASH_BYTES;
/** Twice the 4 Mi blocks of the largest file. */
const RANGE = 2 ** 23;

export class HashTree {
  readonly count: number;
  readonly root: Bytes;
  /** Hash of the subtree over leaves [from, to), by from and to. */
  readonly #nodes = new Map<number, Bytes>();
  #unsaved: number[] = [];

  constructor(count: number, root: Bytes) {
    this.count = count;
    this.root = root;
  }

  /** Every node over all leaves; the caller has checked that they lead to the root. */
  static fromLeaves(leaves: readonly Bytes[], root: Bytes): HashTree {
    const tree = new HashTree(leaves.length, root);
    if (leaves.length > 0) tree.#build(leaves, 0, leaves.length);
    return tree;
  }

  /** Sibling hashes of a block, or undefined where they are not known. */
  proof(index: number): readonly Bytes[] | undefined {
    const proof: Bytes[] = [];
    for (const [from, to] of this.#siblings(index)) {
      const hash = this.#nodes.get(from * RANGE + to);
      if (hash === undefined) return undefined;
      proof.push(hash);
    }
    return proof;
  }

  /** Takes a block's leaf and proof if they lead to the root. */
  learn(index: number, leaf: Bytes, proof: readonly Bytes[]): boolean {
    if (!verifyMerkleProof(leaf, index, this.count, proof, this.root)) return false;
    this.#note(index, index + 1, leaf);
    const siblings = this.#siblings(index);
    for (const [i, hash] of proof.entries()) {
      const range = siblings[i];
      if (range !== undefined) this.#note(range[0], range[1], hash);
    }
    return true;
  }

  leaf(index: number): Bytes | undefined {
    return this.#nodes.get(index * RANGE + index + 1);
  }

  /** Nodes learned since the last call, as bytes that `restore` takes. */
  takeUnsaved(): Bytes {
    const part = new Uint8Array(this.#unsaved.length * NODE_BYTES);
    const view = new DataView(part.buffer);
    for (const [i, key] of this.#unsaved.entries()) {
      view.setUint32(i * NODE_BYTES, Math.floor(key / RANGE));
      view.setUint32(i * NODE_BYTES + 4, key % RANGE);
      part.set(this.#nodes.get(key) ?? new Uint8Array(HASH_BYTES), i * NODE_BYTES + 8);
    }
    this.#unsaved = [];
    return part;
  }

  /** These nodes could not be written: they are handed out again. */
  notSaved(part: Bytes): void {
    for (const key of keysOf(part)) this.#unsaved.push(key);
  }

  restore(part: Bytes): void {
    for (const [i, key] of keysOf(part).entries()) {
      this.#nodes.set(key, part.slice(i * NODE_BYTES + 8, (i + 1) * NODE_BYTES));
    }
  }

  #note(from: number, to: number, hash: Bytes): void {
    const key = from * RANGE + to;
    if (this.#nodes.has(key)) return;
    this.#nodes.set(key, hash);
    this.#unsaved.push(key);
  }

  #build(leaves: readonly Bytes[], from: number, to: number): Bytes {
    const leaf = leaves[from];
    if (leaf === undefined) throw new Error('leaves end early');
    const middle = from + splitPoint(to - from);
    const hash =
      to - from === 1
        ? leaf
        : nodeHash(this.#build(leaves, from, middle), this.#build(leaves, middle, to));
    this.#nodes.set(from * RANGE + to, hash);
    return hash;
  }

  /** Ranges of the siblings on the way from a leaf up to the root (RFC 9162 section 2.1.3.1). */
  #siblings(index: number): readonly (readonly [from: number, to: number])[] {
    const ranges: (readonly [number, number])[] = [];
    let from = 0;
    let to = this.count;
    while (to - from > 1) {
      const middle = from + splitPoint(to - from);
      if (index < middle) {
        ranges.unshift([middle, to]);
        to = middle;
      } else {
        ranges.unshift([from, middle]);
        from = middle;
      }
    }
    return ranges;
  }
}

function keysOf(part: Bytes): readonly number[] {
  const view = new DataView(part.buffer, part.byteOffset, part.length);
  const keys: number[] = [];
  for (let at = 0; at + NODE_BYTES <= part.length; at += NODE_BYTES) {
    keys.push(view.getUint32(at) * RANGE + view.getUint32(at + 4));
  }
  return keys;
}

/** Largest power of two smaller than the count. */
function splitPoint(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

export function joinLeaves(leaves: readonly Bytes[]): Bytes {
  return concatBytes(...leaves);
}

export function splitLeaves(joined: Bytes): readonly Bytes[] {
  const leaves: Bytes[] = [];
  for (let at = 0; at < joined.length; at += HASH_BYTES) {
    leaves.push(joined.slice(at, at + HASH_BYTES));
  }
  return leaves;
}
