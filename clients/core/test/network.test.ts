// What a client does when its network lets it down: it says so, tries on, and notices that it is on another one.
import t from 'tap';
import type { DeviceView } from '../src/index.ts';
import { CONNECT_TIMEOUT_MS, DISCONNECTED_GRACE_MS, HEARTBEAT_MS } from '../src/limits.ts';
import { type TestClient, TestWorld, twoInAPool } from '../testing/index.ts';

function otherDevice(client: TestClient): DeviceView | undefined {
  const devices = client.pool.members.flatMap((member) => member.devices);
  return devices.find(({ isThis }) => !isThis);
}

t.test(
  'a device that is online but not to be reached is told with a reason, and tried again',
  async (t) => {
    const world = new TestWorld();
    const { a, b } = await twoInAPool(world);
    world.peers.isBlocked = true;
    world.peers.closeAll();
    for (const client of [a, b]) {
      await world.time.until('told', () => otherDevice(client)?.path === 'unreachable');
      const { trouble } = otherDevice(client) ?? {};
      t.ok(trouble?.reason && trouble.help, 'in words');
    }
    world.peers.isBlocked = false;
    await world.time.until('connected again', () => a.connected === 1 && b.connected === 1);
    t.equal(otherDevice(a)?.trouble, undefined);
    for (const client of [a, b]) await client.stop();
  },
);

t.test('who goes offline is offline, whatever was in vain before', async (t) => {
  const world = new TestWorld();
  const { a, b } = await twoInAPool(world);
  world.peers.isBlocked = true;
  world.peers.closeAll();
  await world.time.until('told', () => otherDevice(a)?.path === 'unreachable');
  await b.stop();
  await world.time.until('offline', () => otherDevice(a)?.path === 'offline');
  t.equal(otherDevice(a)?.trouble, undefined);
  await a.stop();
});

t.test('an attempt is given its time before anything is told', async (t) => {
  const world = new TestWorld();
  const { a, b } = await twoInAPool(world);
  world.peers.isBlocked = true;
  const startedMs = world.time.nowMs();
  world.peers.closeAll();
  await world.time.until('told', () => otherDevice(a)?.path === 'unreachable');
  t.ok(world.time.nowMs() - startedMs >= CONNECT_TIMEOUT_MS);
  for (const client of [a, b]) await client.stop();
});

t.test(
  'an offer that got lost is made again soon, though the other side misses nothing',
  async (t) => {
    const world = new TestWorld();
    const { a, b, placeA, placeB } = await twoInAPool(world);
    // The device with the higher id begins.
    const aBegins = (a.view.me?.deviceId ?? '') > (b.view.me?.deviceId ?? '');
    const [begins, place, other] = aBegins ? [a, placeA, b] : [b, placeB, a];
    await world.time.pass(10_000);
    await begins.crash();
    let lost = 0;
    world.cluster.tamper = (frame) => {
      const isLost = frame.type === 'signal' && ++lost <= 2;
      return isLost ? undefined : frame;
    };
    const again = place.open();
    const startedMs = world.time.nowMs();
    await world.time.until('connected again', () => again.connected === 1);
    t.ok(lost > 2, 'some got lost');
    t.ok(world.time.nowMs() - startedMs < CONNECT_TIMEOUT_MS);
    for (const client of [again, other]) await client.stop();
  },
);

t.test('on another network connections find a new path before the old one is missed', async (t) => {
  const world = new TestWorld();
  const { a, b, placeA } = await twoInAPool(world);
  world.peers.cutAll();
  const startedMs = world.time.nowMs();
  placeA.network.change();
  await a.say('from elsewhere');
  await world.time.until('heard', () => b.texts.includes('from elsewhere'));
  t.ok(world.time.nowMs() - startedMs < DISCONNECTED_GRACE_MS);
  t.equal(a.connected, 1, 'it is the same connection');
  for (const client of [a, b]) await client.stop();
});

t.test('on another network the node is asked for a sign of life at once', async (t) => {
  const world = new TestWorld();
  const { a, b, placeA } = await twoInAPool(world);
  a.loseNode();
  const startedMs = world.time.nowMs();
  placeA.network.change();
  await world.time.until('noticed', () => a.view.server.status !== 'online');
  await world.time.until('back', () => a.view.server.status === 'online');
  t.ok(world.time.nowMs() - startedMs < HEARTBEAT_MS / 2);
  for (const client of [a, b]) await client.stop();
});
