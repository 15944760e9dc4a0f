// Takes a file into this device's store: read once, hashed and copied block by block, with a few
// blocks in memory whatever its size. The copy is what others are served from after a reload.

import {
  BLOCK_BYTES,
  type Bytes,
  blockCount,
  leafInput,
  merkleRoot,
  toHex,
} from '@rockpool/protocol';
import { HASH_PARALLEL_BLOCKS } from '../limits.ts';
import type { Platform } from '../ports.ts';
import type { FileSource } from '../view.ts';
import { HashTree } from './hash-tree.ts';
import { SharedFile } from './shared-file.ts';

const CHUNK_BYTES = BLOCK_BYTES * HASH_PARALLEL_BLOCKS;

export async function takeIn(platform: Platform, source: FileSource): Promise<SharedFile> {
  const blob = toHex(platform.random.bytes(16));
  const leaves: Bytes[] = new Array(blockCount(source.size));
  try {
    // The next piece is read while the one before is hashed and written.
    let busy: Promise<unknown> = Promise.resolve();
    for (let offset = 0; offset < source.size; offset += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, source.size - offset);
      const piece = await source.read(offset, length);
      if (piece.length !== length) throw new Error('the file changed while it was read');
      await busy;
      busy = Promise.all([
        platform.blobs.write(blob, offset, piece),
        hashBlocks(platform, piece, offset / BLOCK_BYTES, leaves),
      ]);
      // Awaited above or below; a failure in between must not count as unhandled.
      busy.catch(() => {});
    }
    await busy;
  } catch (cause) {
    await platform.blobs.remove(blob).catch(() => {});
    throw cause;
  }
  const root = merkleRoot(leaves);
  const file = new SharedFile(root, source.size, blob);
  file.held.fill();
  file.tree = HashTree.fromLeaves(leaves, root);
  return file;
}

async function hashBlocks(
  platform: Platform,
  piece: Bytes,
  firstBlock: number,
  leaves: Bytes[],
): Promise<void> {
  const hashes: Promise<void>[] = [];
  for (let at = 0; at < piece.length; at += BLOCK_BYTES) {
    const block = piece.subarray(at, at + BLOCK_BYTES);
    const index = firstBlock + at / BLOCK_BYTES;
    const hashed = platform.crypto.sha256(leafInput(block)).then((leaf) => {
      leaves[index] = leaf;
    });
    hashes.push(hashed);
  }
  await Promise.all(hashes);
}
