// Offers are only words of members: none may open the files of another pool, take the place of a
// file that is held, or fill the memory of those who read it.

import { createHash, randomBytes } from 'node:crypto';
import {
  BLOCK_BYTES,
  type Bytes,
  type ChannelFrame,
  decodeCbor,
  FILE_BYTES_MAX,
  merkleTree,
} from '@rockpool/protocol';
import t from 'tap';
import { fileId } from '../src/files/shared-file.ts';
import { Swarm } from '../src/files/swarm.ts';
import { takeIn } from '../src/files/take-in.ts';
import { ROOM_KEPT_BYTES } from '../src/limits.ts';
import type { Peer } from '../src/mesh/peer.ts';
import type { Platform } from '../src/ports.ts';
import { RowWriter } from '../src/store/row-writer.ts';
import { fileOf, MemoryBlobs, MemoryStore, twoInAPool } from '../testing/index.ts';

const OURS = '0a'.repeat(32);
const OTHER = '0b'.repeat(32);

function place() {
  const store = new MemoryStore();
  const platform = {
    store,
    blobs: new MemoryBlobs(),
    clock: { nowMs: () => 0, after: () => () => {} },
    random: { bytes: (length: number) => new Uint8Array(randomBytes(length)) },
    crypto: { sha256: async (data: Bytes) => createHash('sha256').update(data).digest() },
  } as unknown as Platform;
  const swarm = () => new Swarm({ platform, writer: new RowWriter(store), onChanged: () => {} });
  return { store, platform, swarm };
}

function peerIn(pool: string) {
  const frames: ChannelFrame[] = [];
  const blocks: Bytes[] = [];
  const peer: Peer = {
    pool,
    device: randomBytes(32).toString('hex'),
    user: randomBytes(32).toString('hex'),
    send: (frame) => frames.push(frame) > 0,
    controlBufferedBytes: 0,
    sendBulk: (frame) => blocks.push(frame) > 0,
    bulkBufferedBytes: 0,
    bulkOpen: true,
    relayed: false,
    roundTripMs: 1,
    close: () => {},
  };
  return { peer, frames, blocks };
}

/** Lets reads and hashes that were begun come to their end. */
async function settled() {
  for (let turn = 0; turn < 30; turn++) await new Promise(setImmediate);
}

const CONTENT = randomBytes(BLOCK_BYTES + 77);

t.test('[FILE-5] a file is served only in pools where this device got or offered it', async (t) => {
  const { platform, swarm: start } = place();
  let swarm = start();
  const file = await takeIn(platform, fileOf('secret.bin', CONTENT));
  await swarm.adopt(OURS, file);
  const { root, size } = file;
  // A member of the other pool has learned the root, and offers it there.
  await swarm.offered(OTHER, root, size);
  const ask = async () => {
    const stranger = peerIn(OTHER);
    const friend = peerIn(OURS);
    for (const { peer } of [stranger, friend]) {
      swarm.addPeer(peer);
      swarm.onFrame(peer, { type: 'seek', roots: [root] });
      swarm.onFrame(peer, { type: 'request', transfer: 1, root, block: 0 });
    }
    await settled();
    return { stranger, friend };
  };
  const { stranger, friend } = await ask();
  t.equal(stranger.blocks.length, 0);
  t.notOk(
    stranger.frames.some(({ type }) => type === 'have'),
    'nor told that it is here',
  );
  t.match(stranger.frames.at(-1), { type: 'proof', transfer: 1 });
  t.notOk(Object.hasOwn(stranger.frames.at(-1) ?? {}, 'hashes'));
  t.ok(friend.blocks.length > 0);
  await swarm.stop();
  swarm = start();
  for (const pool of [OTHER, OURS]) await swarm.offered(pool, root, size);
  const later = await ask();
  t.equal(later.stranger.blocks.length, 0, 'nor after a reload');
  t.ok(later.friend.blocks.length > 0);
  const copy = await takeIn(platform, fileOf('secret.bin', CONTENT));
  await swarm.adopt(OTHER, copy);
  t.ok((await ask()).stranger.blocks.length > 0, 'until this person offers it there too');
  await swarm.stop();
});

t.test('[FILE-6] an offer of the same root with another size takes nothing away', async (t) => {
  const { platform, swarm: start } = place();
  const first = start();
  const file = await takeIn(platform, fileOf('mine.bin', CONTENT));
  await first.adopt(OURS, file);
  await first.stop();
  const { root, size } = file;
  const second = start();
  for (const wrong of [size + 1, size - 1, 7, 0]) await second.offered(OURS, root, wrong);
  await second.offered(OURS, root, size);
  t.equal(second.file(fileId(root, size))?.complete, true);
  await second.stop();
  const third = start();
  await third.offered(OURS, root, size);
  const kept = third.file(fileId(root, size));
  t.equal(kept?.complete, true);
  const content = await platform.blobs.read(kept?.blob ?? '', 0, size);
  t.ok(Buffer.from(content).equals(CONTENT));
  await third.stop();
});

t.test('[FILE-6] a true offer is fetched although a false one came first', async (t) => {
  const { swarm: start } = place();
  const swarm = start();
  const blocks = [CONTENT.subarray(0, BLOCK_BYTES), CONTENT.subarray(BLOCK_BYTES)];
  const leaf = (block: Bytes) =>
    new Uint8Array(createHash('sha256').update(Uint8Array.of(0)).update(block).digest());
  const tree = merkleTree(blocks.map(leaf));
  const { root } = tree;
  await swarm.offered(OURS, root, CONTENT.length + 5 * BLOCK_BYTES);
  await swarm.offered(OURS, root, CONTENT.length);
  const { peer, frames } = peerIn(OURS);
  swarm.addPeer(peer);
  swarm.onFrame(peer, { type: 'have', root, blocks: 2, from: 0, bits: new Uint8Array(0) });
  for (let round = 0; round < 10; round++) {
    for (const frame of frames.splice(0)) {
      if (frame.type !== 'request') continue;
      const { transfer, block } = frame;
      const data = blocks[block];
      if (data === undefined) continue;
      swarm.onFrame(peer, { type: 'proof', transfer, hashes: tree.proof(block) });
      for (let offset = 0; offset < data.length; offset += 60 * 1024) {
        const bulk = Buffer.alloc(8);
        bulk.writeUInt32BE(transfer, 0);
        bulk.writeUInt32BE(offset, 4);
        const payload = data.subarray(offset, offset + 60 * 1024);
        swarm.onBulk(peer, new Uint8Array(Buffer.concat([bulk, payload])));
      }
    }
    await settled();
  }
  t.equal(swarm.file(fileId(root, CONTENT.length))?.complete, true);
  await swarm.stop();
});

t.test('offers of huge files take no memory before somebody wants them', async (t) => {
  const { swarm: start, store } = place();
  const swarm = start();
  const root = new Uint8Array(randomBytes(32));
  const id = fileId(root, FILE_BYTES_MAX);
  await swarm.offered(OURS, root, FILE_BYTES_MAX);
  t.equal(swarm.facts(id), undefined);
  await swarm.fetch(OURS, root, FILE_BYTES_MAX);
  t.match(swarm.facts(id), { state: 'waiting' });
  await swarm.stop();
  t.ok([...store.rows.keys()].some((key) => key === `file/${id}`));
  const again = start();
  await again.offered(OURS, root, FILE_BYTES_MAX);
  t.match(again.facts(id), { state: 'waiting' }, 'what was begun goes on');
  await again.stop();
});

t.test('[FILE-8] what nobody asked for leaves room for messages', async (t) => {
  const { platform, swarm: start } = place();
  const MIB = 1024 * 1024;
  (platform.blobs as MemoryBlobs).roomBytes = ROOM_KEPT_BYTES + 250 * MIB;
  const swarm = start();
  const offers = Array.from({ length: 4 }, () => new Uint8Array(randomBytes(32)));
  await Promise.all(offers.map((root) => swarm.offered(OURS, root, 100 * MIB)));
  const wanted = () => offers.map((root) => swarm.file(fileId(root, 100 * MIB))?.wanted === true);
  t.same(wanted(), [true, true, false, false]);
  await swarm.fetch(OURS, offers[3]!, 100 * MIB);
  t.same(wanted(), [true, true, false, true], 'a person decides otherwise');
  await swarm.stop();
});

t.test('[FILE-7] no block counts as held before it survives a loss of power', async (t) => {
  const { world, a, b, placeB } = await twoInAPool();
  const loose = new Set<number>();
  const { blobs, store } = placeB;
  const [write, flush, put] = [
    blobs.write.bind(blobs),
    blobs.flush.bind(blobs),
    store.write.bind(store),
  ];
  blobs.write = async (name, offset, data) => {
    loose.add(offset / BLOCK_BYTES);
    await write(name, offset, data);
  };
  blobs.flush = async (name) => {
    loose.clear();
    await flush(name);
  };
  let rows = 0;
  store.write = async (batch) => {
    for (const [key, row] of batch) {
      if (!key.startsWith('file/') || row === undefined) continue;
      rows++;
      const decoded = decodeCbor<{ bits: Bytes }>(row, () => undefined, 1_000_000);
      if (!decoded.ok) throw new Error(decoded.detail);
      const { bits } = decoded.value;
      const early = [...loose].filter(
        (block) => ((bits[block >> 3] ?? 0) >> (7 - (block & 7))) & 1,
      );
      t.same(early, []);
    }
    await put(batch);
  };
  const content = randomBytes(BLOCK_BYTES * 30);
  await a.done(a.rockpool.offerFile(a.pool.id, fileOf('x.bin', content)));
  await world.time.until('arrived', () => b.files[0]?.transfer.state === 'complete');
  await world.time.pass(2_000);
  t.ok(rows > 0);
  await a.stop();
  await b.stop();
});
