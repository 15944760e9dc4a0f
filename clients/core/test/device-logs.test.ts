// What peers, disks and restored stores may do to device logs: nothing written is lost, nothing is
// shown twice, and nobody fills the pool for the others.

import { randomBytes } from 'node:crypto';
import {
  type Bytes,
  decodeChannelFrame,
  encodeCbor,
  encodeRecordHeader,
  fromHex,
  joinRecord,
  NO_RECORD,
  recordContent,
  type VectorEntry,
} from '@rockpool/protocol';
import t from 'tap';
import { RECORD_LOGS_MAX, RECORD_LOGS_PER_DEVICE_MAX } from '../src/limits.ts';
import type { Peer } from '../src/mesh/peer.ts';
import { logKeyOf } from '../src/messages/device-log.ts';
import { PoolLog } from '../src/messages/pool-log.ts';
import { RowWriter } from '../src/store/row-writer.ts';
import { PeerSync } from '../src/sync/peer-sync.ts';
import { MemoryStore, twoInAPool } from '../testing/index.ts';

const QUOTA = Object.assign(new Error('full'), { name: 'QuotaExceededError' });

/** Makes every batch fail that holds a row with this prefix, while `full`. */
function fillable(store: MemoryStore, prefix: string) {
  const disk = { full: false };
  const write = store.write.bind(store);
  store.write = async (rows) => {
    if (disk.full && rows.some(([key]) => key.startsWith(prefix))) throw QUOTA;
    await write(rows);
  };
  return disk;
}

t.test('[CLI-3] what a peer only claims about our log changes nothing', async (t) => {
  const { world, a, b, placeA } = await twoInAPool();
  await a.say('one');
  await world.time.until('told', () => b.texts.length === 1);
  const incarnation = await placeA.store.list('log/');
  const mine = fromHex(a.view.me?.deviceId ?? '');
  let lies = 0;
  world.peers.tamper = (label, frame) => {
    const decoded = label === 'control' ? decodeChannelFrame(frame) : undefined;
    if (!decoded?.ok || decoded.value.type !== 'vector') return frame;
    lies++;
    const entries = decoded.value.entries.map(
      ([device, log, next]): VectorEntry =>
        Buffer.from(device).equals(mine!) ? [device, log, next + 1000] : [device, log, next],
    );
    return encodeCbor({ ...decoded.value, entries });
  };
  for (const text of ['two', 'three', 'four']) {
    await a.say(text);
    await b.say(`${text}, yes`);
    await world.time.pass(1_000);
  }
  t.ok(lies > 0);
  t.same(await placeA.store.list('log/'), incarnation, 'no new log was begun');
  world.peers.tamper = (_label, frame) => frame;
  world.peers.closeAll();
  await world.time.until('all', () => a.texts.length === 7 && b.texts.length === 7);
  await world.time.pass(10_000);
  t.same(b.texts, a.texts, 'each once');
  await a.stop();
  await b.stop();
});

t.test('[CLI-3] more written after a set-back than was lost reaches the others too', async (t) => {
  const { world, a, b, placeA } = await twoInAPool();
  await a.say('one');
  await world.time.pass(3_000);
  const older = placeA.store.copy();
  await a.say('two');
  await world.time.until('told', () => b.texts.length === 2);
  await a.stop();
  world.cluster.stopAll();
  placeA.store = older;
  const again = placeA.open();
  await world.time.until('restored', () => again.texts.length === 1);
  for (const text of ['x', 'y', 'z']) await again.say(text);
  world.cluster.startAll();
  await world.time.until('converged', () => again.texts.length === 5 && b.texts.length === 5);
  await world.time.pass(30_000);
  t.same(again.texts, b.texts);
  t.same([...b.texts].sort(), ['one', 'two', 'x', 'y', 'z']);
  await again.stop();
  const reopened = placeA.open();
  await world.time.until('kept', () => reopened.texts.length === 5);
  await reopened.stop();
  await b.stop();
});

t.test(
  '[CLI-11] a message that the disk refused is nowhere, and those after it are kept',
  async (t) => {
    const { world, a, b, placeA } = await twoInAPool();
    const disk = fillable(placeA.store, 'record/');
    await a.say('one');
    disk.full = true;
    t.equal(await a.fails(a.rockpool.sendText(a.pool.id, 'refused')), 'STORE_FULL');
    world.peers.closeAll();
    await world.time.until('connected', () => a.connected === 1);
    disk.full = false;
    await a.say('two');
    await world.time.until('told', () => b.texts.length === 2);
    await b.stop();
    await a.stop();
    const again = placeA.open();
    await world.time.until('restored', () => again.texts.length > 0);
    t.same(again.texts, ['one', 'two'], 'nothing was lost behind a gap');
    await again.stop();
  },
);

t.test(
  '[CLI-11] what came and could not be stored does not count as held, and comes again',
  async (t) => {
    const { world, a, b, placeB } = await twoInAPool();
    const disk = fillable(placeB.store, 'record/');
    disk.full = true;
    await a.say('one');
    await a.say('two');
    await world.time.pass(8_000);
    t.same(b.texts, []);
    t.same(
      a.pool.entries.flatMap((entry) => (entry.kind === 'text' ? [entry.heldByOthers] : [])),
      [0, 0],
    );
    t.ok(b.view.notices.some(({ text }) => text.includes('no room')));
    disk.full = false;
    await world.time.until('told', () => b.texts.length === 2);
    await b.stop();
    const again = placeB.open();
    await world.time.until('kept', () => again.texts.length === 2);
    await again.stop();
    await a.stop();
  },
);

const POOL = randomBytes(32);

function firstRecord(device: Bytes, incarnation: Bytes) {
  const [salt, body] = [randomBytes(32), encodeCbor({ v: 1, text: 'x' })];
  const headerBytes = encodeRecordHeader({
    pool: POOL,
    device,
    incarnation,
    seq: 0,
    previous: NO_RECORD,
    ms: 1,
    counter: 0,
    poolSeq: 0,
    poolHead: POOL,
    kind: 'text',
    content: recordContent(salt, body),
  });
  return { record: joinRecord(headerBytes, new Uint8Array(64)), salt, body };
}

t.test('[CLI-11] one device cannot use up the logs of a pool', async (t) => {
  const store = new MemoryStore();
  const log = new PoolLog({
    platform: {
      store,
      clock: { nowMs: () => 1, after: () => () => {} },
      random: { bytes: (length: number) => randomBytes(length) },
      crypto: { verifyP256: async () => true },
    },
    writer: new RowWriter(store),
    pool: POOL,
    self: randomBytes(32),
    sign: async () => new Uint8Array(64),
    poolHead: () => [0, POOL],
    context: () => ({ pool: POOL, headAt: () => POOL, joinedSeq: () => 0, nowMs: 1 }),
    point: () => new Uint8Array(65),
    onStored: () => {},
    onWithdrawn: () => {},
  } as unknown as ConstructorParameters<typeof PoolLog>[0]);
  await log.load();
  const greedy = randomBytes(32);
  for (let i = 0; i < RECORD_LOGS_PER_DEVICE_MAX + 20; i++) {
    await log.take([firstRecord(greedy, randomBytes(16))]);
  }
  t.equal([...log.logs()].length, RECORD_LOGS_PER_DEVICE_MAX);
  const other = await log.take([firstRecord(randomBytes(32), randomBytes(16))]);
  t.equal(other.stored.length, 1, 'the others still write');
});

t.test('a peer that claims logs without end fills no memory', (t) => {
  const sync = new PeerSync({ send: () => true } as unknown as Peer, () => undefined);
  const device = randomBytes(32);
  let last = '';
  for (let i = 0; i < 2 * RECORD_LOGS_MAX; i++) {
    const incarnation = randomBytes(16);
    last = logKeyOf(device, incarnation);
    sync.heard([[device, incarnation, 7]]);
  }
  t.equal(sync.known(last), 0, 'what lies above the limit is forgotten');
  t.end();
});
