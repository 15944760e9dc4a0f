import { createHash, randomBytes } from 'node:crypto';
import { BLOCK_BYTES, decodeBlockFrame, encodeBlockFrame } from '@rockpool/protocol';
import t from 'tap';
import { fileOf, type TestClient, TestWorld, twoInAPool } from '../testing/index.ts';

const hash = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

async function read(client: TestClient): Promise<string> {
  const entry = client.files[0];
  const file = await client.done(client.rockpool.openFile(client.pool.id, entry?.id ?? ''));
  const whole = createHash('sha256');
  for (let at = 0; at < file.size; at += 1_000_000) {
    whole.update(await client.world.time.settled(file.read(at, 1_000_000)));
  }
  return whole.digest('hex');
}

const complete = (client: TestClient) => client.files[0]?.transfer.state === 'complete';

t.test('a file arrives bit for bit, directly, with its source named', async (t) => {
  const { world, a, b } = await twoInAPool();
  const content = randomBytes(BLOCK_BYTES * 21 + 12_345);
  await a.done(a.rockpool.offerFile(a.pool.id, fileOf('Film.mp4', content, 'video/mp4')));
  t.equal(complete(a), true, 'the one who offers it has it');
  await world.time.until('arrived', () => complete(b));
  t.equal(await read(b), hash(content));
  const card = b.files[0];
  t.equal(card?.name, 'Film.mp4');
  t.equal(card?.transfer.bytesHeld, content.length);
  t.same(card?.transfer.sources, [a.view.me?.name]);
  t.equal(card?.transfer.bytesThroughServer, 0);
  await world.time.until('told', () => a.files[0]?.transfer.completeOn === 2);
  t.ok((a.files[0]?.transfer.bytesSent ?? 0) >= content.length);
  const seen = Buffer.concat(world.cluster.seen).toString('latin1');
  t.notOk(seen.includes('Film.mp4'));
  await a.stop();
  await b.stop();
});

t.test('empty files, tiny files and files of exactly some blocks arrive too', async (t) => {
  const { world, a, b } = await twoInAPool();
  for (const size of [0, 1, BLOCK_BYTES, BLOCK_BYTES * 2]) {
    const before = b.files.length;
    const content = randomBytes(size);
    await a.done(a.rockpool.offerFile(a.pool.id, fileOf(`${size}.bin`, content)));
    await world.time.until('arrived', () => b.files[before]?.transfer.state === 'complete');
    const entry = b.files[before];
    const file = await b.done(b.rockpool.openFile(b.pool.id, entry?.id ?? ''));
    t.equal(hash(await world.time.settled(file.read(0, size + 1))), hash(content), `${size} bytes`);
  }
  await a.stop();
  await b.stop();
});

t.test('a file dropped before anybody is there waits, and comes', async (t) => {
  const world = new TestWorld();
  const place = world.device();
  const a = place.open(world.adminFragment);
  await a.done(a.rockpool.createAccount());
  await a.done(a.rockpool.createPool(''));
  const content = randomBytes(BLOCK_BYTES * 3);
  await a.done(a.rockpool.offerFile(a.pool.id, fileOf('early.bin', content)));
  const fragment = await a.inviteFragment();
  await a.stop();
  const again = place.open();
  const b = world.device().open(fragment);
  await b.done(b.rockpool.createAccount());
  await world.time.until('arrived', () => complete(b));
  t.equal(await read(b), hash(content));
  await again.stop();
  await b.stop();
});

t.test('a transfer goes on where it was, after the tab was closed', async (t) => {
  const { world, a, b, placeB } = await twoInAPool();
  const content = randomBytes(BLOCK_BYTES * 60);
  world.peers.tamper = (label, frame) =>
    label === 'bulk' && world.peers.bytesCarried > BLOCK_BYTES * 30 ? undefined : frame;
  await a.done(a.rockpool.offerFile(a.pool.id, fileOf('long.bin', content)));
  const half = () => b.files[0]?.transfer.bytesHeld ?? 0;
  await world.time.until('a third of it', () => half() > BLOCK_BYTES * 20);
  await b.stop();
  const held = half();
  t.ok(held < content.length);
  const before = world.peers.bytesCarried;
  world.peers.tamper = (_, frame) => frame;
  const again = placeB.open();
  await world.time.until('restored', () => (again.files[0]?.transfer.bytesHeld ?? 0) >= held);
  await world.time.until('arrived', () => complete(again));
  t.equal(await read(again), hash(content));
  const carried = world.peers.bytesCarried - before;
  t.ok(carried < content.length - BLOCK_BYTES * 10, `only the rest came (${carried})`);
  await a.stop();
  await again.stop();
});

t.test('[CLI-4] a block with wrong content is refused and asked for elsewhere', async (t) => {
  const { world, a, b } = await twoInAPool();
  const content = randomBytes(BLOCK_BYTES * 12);
  await a.done(a.rockpool.offerFile(a.pool.id, fileOf('x.bin', content)));
  await world.time.until('arrived', () => complete(b));
  let spoilt = 0;
  const frames = new Set<number>();
  // The first block that anybody sends to the third device is changed on the way.
  world.peers.tamper = (label, frame) => {
    const decoded = label === 'bulk' ? decodeBlockFrame(frame) : undefined;
    if (!decoded?.ok || spoilt > 0 || decoded.value.offset !== 0) return frame;
    spoilt++;
    frames.add(decoded.value.transfer);
    const payload = decoded.value.payload.slice();
    payload[7] = (payload[7] ?? 0) ^ 1;
    return encodeBlockFrame({ ...decoded.value, payload });
  };
  const c = world.device().open(await a.inviteFragment());
  await c.done(c.rockpool.createAccount());
  await world.time.until('arrived', () => complete(c));
  t.equal(spoilt, 1);
  t.equal(await read(c), hash(content));
  for (const client of [a, b, c]) await client.stop();
});

t.test('a source that only sends rubbish is dropped, and nothing of it is kept', async (t) => {
  const { world, a, b } = await twoInAPool();
  world.peers.tamper = (label, frame) => {
    const decoded = label === 'bulk' ? decodeBlockFrame(frame) : undefined;
    if (!decoded?.ok) return frame;
    return encodeBlockFrame({ ...decoded.value, payload: decoded.value.payload.map((x) => x ^ 1) });
  };
  const content = randomBytes(BLOCK_BYTES * 6);
  await a.done(a.rockpool.offerFile(a.pool.id, fileOf('x.bin', content)));
  await world.time.until('offered', () => b.files.length === 1);
  await world.time.pass(5_000);
  t.equal(b.files[0]?.transfer.bytesHeld, 0);
  t.equal(b.files[0]?.transfer.state, 'waiting');
  await a.stop();
  await b.stop();
});

t.test('a third device fetches from both who have it', async (t) => {
  const { world, a, b } = await twoInAPool();
  const content = randomBytes(BLOCK_BYTES * 90);
  await a.done(a.rockpool.offerFile(a.pool.id, fileOf('x.bin', content)));
  await world.time.until('arrived', () => complete(b));
  const c = world.device().open(await a.inviteFragment());
  await c.done(c.rockpool.createAccount());
  await world.time.until('arrived', () => complete(c));
  t.same(
    [...(c.files[0]?.transfer.sources ?? [])].sort(),
    [a, b].map((x) => x.view.me?.name).sort(),
  );
  t.equal(await read(c), hash(content));
  for (const client of [a, b, c]) await client.stop();
});

t.test('a full disk is said, and the download can be tried again', async (t) => {
  const { world, a, b, placeB } = await twoInAPool();
  placeB.blobs.bytesMax = BLOCK_BYTES * 4;
  const content = randomBytes(BLOCK_BYTES * 10);
  await a.done(a.rockpool.offerFile(a.pool.id, fileOf('x.bin', content)));
  await world.time.until('failed', () => b.files[0]?.transfer.state === 'failed');
  t.equal(b.files[0]?.transfer.failure, 'STORE_FULL');
  placeB.blobs.bytesMax = Number.POSITIVE_INFINITY;
  await b.done(b.rockpool.fetchFile(b.pool.id, b.files[0]?.id ?? ''));
  await world.time.until('arrived', () => complete(b));
  t.equal(await read(b), hash(content));
  t.equal(await b.fails(b.rockpool.openFile(b.pool.id, 'none')), 'FILE_BLOCK');
  await a.stop();
  await b.stop();
});
