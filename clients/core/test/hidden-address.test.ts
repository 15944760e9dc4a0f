// A device that hides its address: what it says, what it does without a relay, and how relays are renewed.
import fc from 'fast-check';
import t from 'tap';
import { relayCandidateOnly, withoutOwnAddresses } from '../src/paths/hidden-address.ts';
import { type TestClient, TestWorld, twoInAPool } from '../testing/index.ts';

const RELAY = 'candidate:1 1 udp 41885695 198.51.100.7 49152 typ relay';
const HOUR_MS = 3_600_000;

t.test('[CLI-12] of candidates only those of relays are said, without what lies behind', (t) => {
  const said = `${RELAY} raddr 0.0.0.0 rport 0`;
  t.equal(relayCandidateOnly(RELAY), said);
  t.equal(relayCandidateOnly(`${RELAY} raddr 203.0.113.9 rport 50000`), said);
  const browser = `${RELAY} raddr 10.0.0.5 rport 9 generation 0 ufrag a+/b network-id 3 network-cost 10`;
  t.equal(relayCandidateOnly(browser), `${said} generation 0 ufrag a+/b`);
  for (const other of [
    'candidate:1 1 udp 2122260223 10.0.0.5 50000 typ host',
    'candidate:1 1 udp 1686052607 203.0.113.9 50000 typ srflx raddr 10.0.0.5 rport 50000',
    'candidate:1 1 udp 2122260223 4f7c9d2e-0000-4000-8000-000000000000.local 50000 typ host',
    `${RELAY} raddr 10.0.0.5`,
    `x ${RELAY}`,
    '',
  ]) {
    t.equal(relayCandidateOnly(other), undefined, other);
  }
  t.end();
});

t.test('[CLI-12] no description carries an address of this device', (t) => {
  const octet = fc.integer({ min: 1, max: 254 });
  const address = fc.tuple(octet, octet, octet).map((rest) => `10.${rest.join('.')}`);
  fc.assert(
    fc.property(address, fc.integer({ min: 1024, max: 65_535 }), (own, port) => {
      const sdp = [
        'v=0',
        `o=- 42 2 IN IP4 ${own}`,
        's=-',
        't=0 0',
        `m=application ${port} UDP/DTLS/SCTP webrtc-datachannel`,
        `c=IN IP4 ${own}`,
        `a=rtcp:${port} IN IP4 ${own}`,
        `a=candidate:1 1 udp 2122260223 ${own} ${port} typ host`,
        `a=candidate:2 1 udp 1 198.51.100.7 5 typ relay raddr ${own} rport ${port}`,
        'a=ice-ufrag:abcd',
        '',
      ].join('\r\n');
      const shown = withoutOwnAddresses(sdp);
      return (
        !shown.includes(own) &&
        shown.includes(
          'a=candidate:2 1 udp 1 198.51.100.7 5 typ relay raddr 0.0.0.0 rport 0\r\n',
        ) &&
        shown.includes('m=application 9 UDP/DTLS/SCTP') &&
        shown.endsWith('a=ice-ufrag:abcd\r\n')
      );
    }),
  );
  t.pass('the property holds');
  t.end();
});

t.test(
  '[CLI-12] without a relay it connects to nobody and says why; shown again it does',
  async (t) => {
    const { world, a, b } = await twoInAPool();
    await a.done(a.rockpool.hideAddress(true));
    await world.time.until('what was open is over', () => a.connected === 0 && b.connected === 0);
    t.match(a.view.me, { hidesAddress: true, cannotConnect: /your server has no relay/ });
    t.match(b.view.me, { hidesAddress: false }, 'it is a matter of one device');
    await world.time.until('it says so of each device', () => pathsTo(a).includes('unreachable'));
    t.equal(devicesOfOthers(a)[0]?.trouble?.code, 'noRelay');
    t.equal(world.peers.open, 0);
    await a.done(a.rockpool.hideAddress(false));
    await world.time.until('both are connected', () => a.connected === 1 && b.connected === 1);
    t.equal(a.view.me?.cannotConnect, undefined);
    await Promise.all([a.stop(), b.stop()]);
  },
);

function withRelay(world: TestWorld, lifeMs: number, urls = ['turn:relay.example:3478']) {
  let told = 0;
  world.cluster.relays = () => {
    told += 1;
    return { urls, username: `u${told}`, credential: 'c', expiry: world.time.nowMs() + lifeMs };
  };
}

/** What the connections of one client may use, as its platform was told. */
function pathsOf(world: TestWorld) {
  return [...world.peers.connections.values()]
    .filter(({ state }) => state === 'connected')
    .map(({ paths }) => paths);
}

t.test('[CLI-12] with a relay it connects over that alone, also after a restart', async (t) => {
  const world = new TestWorld();
  withRelay(world, HOUR_MS);
  const { placeA, a, b } = await twoInAPool(world);
  t.ok(pathsOf(world).every(({ turn, relayOnly }) => turn !== undefined && !relayOnly));
  await a.done(a.rockpool.hideAddress(true));
  const hidden = () => pathsOf(world).filter(({ relayOnly }) => relayOnly);
  await world.time.until('connected anew', () => a.connected === 1 && hidden().length === 1);
  t.same(hidden()[0]?.stun, [], 'nobody else is asked for the address');
  t.equal(a.view.me?.cannotConnect, undefined);
  await a.stop();
  const again = placeA.open();
  await world.time.until('again', () => again.connected === 1 && hidden().length === 1);
  t.equal(again.view.me?.hidesAddress, true, 'it is kept');
  await Promise.all([again.stop(), b.stop()]);
});

t.test('[CLI-12] a path over a relay that is lost is at no time called a direct one', async (t) => {
  const world = new TestWorld();
  withRelay(world, HOUR_MS);
  const { a, b } = await twoInAPool(world);
  await a.done(a.rockpool.hideAddress(true));
  await world.time.until('a relay', () => pathsTo(a).includes('relayed'));
  const seen = new Set<string>();
  const unsubscribe = a.rockpool.subscribe(() => {
    for (const path of pathsTo(a)) seen.add(path);
  });
  world.peers.isBlocked = true;
  world.peers.cutAll();
  await world.time.until('it is given up', () => a.connected === 0);
  unsubscribe();
  t.notOk(seen.has('direct'), [...seen].join(', '));
  await Promise.all([a.stop(), b.stop()]);
});

t.test('[CLI-12] a relay that comes later is found with the next server', async (t) => {
  const { world, a, b } = await twoInAPool();
  await a.done(a.rockpool.hideAddress(true));
  await world.time.until('none', () => a.view.me?.cannotConnect !== undefined);
  withRelay(world, HOUR_MS);
  world.cluster.stopAll();
  await world.time.until('the servers are away', () => a.view.server.status !== 'online');
  world.cluster.startAll();
  await world.time.until('over the relay', () => pathsTo(a).includes('relayed'));
  t.equal(a.view.me?.cannotConnect, undefined);
  await Promise.all([a.stop(), b.stop()]);
});

function devicesOfOthers({ view }: TestClient) {
  const devices = view.pools.flatMap(({ members }) => members.flatMap((each) => each.devices));
  return devices.filter(({ isThis }) => !isThis);
}

/** How the devices of others are reached. */
function pathsTo(client: TestClient): readonly string[] {
  return devicesOfOthers(client).map(({ path }) => path);
}

t.test('a relay that this platform cannot use is none', async (t) => {
  const world = new TestWorld();
  withRelay(world, HOUR_MS, ['turns:relay.example:5349']);
  const { a, b } = await twoInAPool(world);
  t.ok(pathsOf(world).every(({ turn }) => turn === undefined));
  await a.done(a.rockpool.hideAddress(true));
  await world.time.until('it says so', () => a.view.me?.cannotConnect !== undefined);
  await Promise.all([a.stop(), b.stop()]);
});

for (const restartsIce of [true, false]) {
  const way = restartsIce ? 'the same connection' : 'a new connection';
  t.test(`[CLI-12] credentials are renewed before they end, on ${way}`, async (t) => {
    const world = new TestWorld();
    world.peers.restartsIce = restartsIce;
    withRelay(world, 4 * 60_000);
    const { a, b } = await twoInAPool(world);
    await a.done(a.rockpool.hideAddress(true));
    const hidden = () =>
      [...world.peers.connections.values()].filter(({ paths, state }) => {
        return paths.relayOnly && state === 'connected';
      });
    await world.time.until('connected anew', () => a.connected === 1 && hidden().length === 1);
    const [before] = hidden();
    const username = before?.paths.turn?.username;
    const startMs = world.time.nowMs();
    const renewed = () => hidden().some(({ paths }) => paths.turn?.username !== username);
    await world.time.until('renewed', renewed, 4 * 60_000);
    t.ok(world.time.nowMs() - startMs < 4 * 60_000, 'before they ended');
    await world.time.until('connected', () => a.connected === 1 && b.connected === 1);
    t.equal(hidden()[0] === before, restartsIce);
    await Promise.all([a.stop(), b.stop()]);
  });
}
