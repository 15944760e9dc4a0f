import t from 'tap';
import { TestWorld } from '../testing/index.ts';

const HOUR_MS = 3600 * 1000;

t.test(
  'a person sees their own devices, this one first, also before there is a pool',
  async (t) => {
    const world = new TestWorld();
    const place = world.device();
    const first = place.open(world.adminFragment);
    await first.done(first.rockpool.createAccount());
    const alone = first.view.me?.devices ?? [];
    t.equal(alone.length, 1);
    t.equal(alone[0]?.isThis, true);
    t.equal(alone[0]?.kind, 'browser');

    await world.time.pass(HOUR_MS);
    const second = world.device(place.authenticator).open();
    await second.done(second.rockpool.signIn());
    const [own, other] = second.view.me?.devices ?? [];
    t.equal(own?.isThis, true);
    t.equal(own?.deviceId, second.view.me?.deviceId);
    t.equal(other?.deviceId, first.view.me?.deviceId);
    t.ok((own?.addedMs ?? 0) >= (other?.addedMs ?? 0) + HOUR_MS, 'each with the time it was added');
    t.ok((own?.expiryMs ?? 0) > (own?.addedMs ?? 0));
    await world.time.until('the other hears', () => first.view.me?.devices.length === 2);
    await first.stop();
    await second.stop();
  },
);

t.test('an own device is online while a pool shows it, and no longer', async (t) => {
  const world = new TestWorld();
  const place = world.device();
  const first = place.open(world.adminFragment);
  await first.done(first.rockpool.createAccount());
  await first.done(first.rockpool.createPool('Harbour'));
  const second = world.device(place.authenticator).open();
  await second.done(second.rockpool.signIn());
  const other = () => first.view.me?.devices.find((device) => !device.isThis);
  await world.time.until('seen', () => other()?.online === true);
  t.equal(other()?.deviceId, second.view.me?.deviceId);
  await second.stop();
  await world.time.until('gone', () => other()?.online === false);
  t.equal(first.view.me?.devices.length, 2, 'it is listed while it is away');
  await first.stop();
});

t.test('an own device whose time is over leaves the list', async (t) => {
  const world = new TestWorld();
  const place = world.device();
  const first = place.open(world.adminFragment);
  await first.done(first.rockpool.createAccount());
  await first.stop();
  const { expiryMs = 0 } = first.view.me?.devices[0] ?? {};
  await world.time.pass(expiryMs - world.time.nowMs() + 1);
  const second = world.device(place.authenticator).open();
  await second.done(second.rockpool.signIn());
  t.same(
    second.view.me?.devices.map((device) => device.isThis),
    [true],
  );
  await second.stop();
});
