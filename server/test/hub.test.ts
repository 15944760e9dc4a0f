import { decodeServerFrame, type Ref, type ServerFrame, slotOf, toHex } from '@rockpool/protocol';
import t from 'tap';
import { type HubDirectory, SignalingHub } from '../src/signaling/hub.ts';
import { decodeNodeMessage } from '../src/signaling/node-messages.ts';
import { PresenceExchange } from '../src/signaling/presence-exchange.ts';
import type { HubSocket } from '../src/signaling/watched-pool.ts';

const id = (fill: number) => new Uint8Array(32).fill(fill);
const ref = (fill: number): Ref => [slotOf(id(fill)), id(fill)];
const POOL = ref(9);
const ANNA = ref(1);
const BELA = ref(2);
const EVE = ref(3);
/** Lets everything that was put off to the end of the turn happen, and what follows from it. */
async function turn() {
  for (let round = 0; round < 4; round++) await new Promise((resolve) => setTimeout(resolve, 1));
}

class FakeSocket implements HubSocket {
  readonly user: Ref;
  readonly device: Uint8Array;
  readonly frames: ServerFrame[] = [];
  readonly ends: string[] = [];
  constructor(user: Ref, device: number) {
    this.user = user;
    this.device = id(device);
  }
  push(frame: Uint8Array): void {
    const decoded = decodeServerFrame(frame);
    if (!decoded.ok) throw new Error(decoded.detail);
    this.frames.push(decoded.value);
  }
  end(code: string): void {
    this.ends.push(code);
  }
  last<T extends ServerFrame['type']>(type: T) {
    return this.frames.findLast((frame) => frame.type === type) as
      | Extract<ServerFrame, { type: T }>
      | undefined;
  }
}

/** Hubs of several nodes in one process; what they send each other arrives at once. */
class World {
  members = new Map([[toHex(POOL[1]), new Set([ANNA, BELA].map(([, user]) => toHex(user)))]]);
  devices = new Map([
    [toHex(id(11)), ANNA],
    [toHex(id(22)), BELA],
    [toHex(id(23)), BELA],
  ]);
  readonly refused: string[] = [];
  readonly relayed: string[] = [];
  readonly hubs = new Map<string, { hub: SignalingHub; exchange: PresenceExchange }>();
  cut = false;
  nowMs = 0;
  lookups = 0;
  caughtUp: () => void = () => {};

  node(name: string) {
    const send = (to: string, message: Uint8Array) => {
      const target = this.hubs.get(to);
      if (this.cut || target === undefined) return false;
      target.exchange.receive(name, message);
      return true;
    };
    const exchange = new PresenceExchange({
      self: { node: name, incarnation: new Uint8Array(16), boot: 1 },
      send,
      connected: () => [...this.hubs.keys()].filter((other) => other !== name),
      touched: (pools) => hub.presenceTouched(pools),
      signal: (message) => void hub.deliver(message),
      meeting: () => {},
      refused: (_node, code) => void this.refused.push(code),
      nowMs: () => this.nowMs,
    });
    const directory: HubDirectory = {
      poolMembers: async (pool) => this.members.get(toHex(pool[1])),
      poolHasDevice: async (_pool, device) => {
        this.lookups += 1;
        return this.devices.has(toHex(device));
      },
      deviceActive: async (user, device) => this.devices.get(toHex(device))?.[1] === user[1],
      catchUp: async () => this.caughtUp(),
    };
    const hub: SignalingHub = new SignalingHub(
      {
        directory,
        self: name,
        send,
        nodeName: (node) => node,
        relayed: (route) => void this.relayed.push(route),
        nowMs: () => this.nowMs,
      },
      exchange,
    );
    this.hubs.set(name, { hub, exchange });
    return hub;
  }

  async watch(hub: SignalingHub, socket: FakeSocket) {
    hub.attach(socket);
    const watched = await hub.watch(socket, [POOL]);
    this.nowMs += 1000;
    await turn();
    return watched;
  }

  signal(hub: SignalingHub, from: FakeSocket, to: number) {
    const body = new Uint8Array([1, 2, 3]);
    return hub.signal(from, { type: 'signal', re: 1, pool: POOL, to: id(to), body });
  }

  tick() {
    for (const { exchange } of this.hubs.values()) exchange.tick();
  }

  close() {
    for (const { hub, exchange } of this.hubs.values()) {
      hub.stop();
      exchange.stop();
    }
  }
}

t.test('presence and signals cross nodes', async (t) => {
  const world = new World();
  t.teardown(() => world.close());
  const [one, two] = [world.node('1'), world.node('2')];
  world.tick();
  const anna = new FakeSocket(ANNA, 11);
  const bela = new FakeSocket(BELA, 22);
  t.match(await world.watch(one, anna), { ok: true });
  t.match(await world.watch(two, bela), { ok: true });
  t.same(
    anna.last('presence')?.devices.map(({ node }) => node),
    ['1', '2'],
    '[HUB-1] both are shown with their nodes',
  );
  t.match(await world.signal(one, anna, 22), { ok: true });
  t.match(bela.last('signal'), { from: anna.device, user: ANNA, body: new Uint8Array([1, 2, 3]) });
  t.same(world.relayed, ['remote']);
  two.detach(bela);
  await turn();
  t.equal(anna.last('presence')?.devices.length, 1, 'a socket that closes takes its device along');
  t.match(await world.signal(one, anna, 22), { code: 'SIGNAL_OFFLINE' }, '[HUB-6] not connected');
});

t.test('[HUB-1] who is online before the join is known here is shown once it is', async (t) => {
  const world = new World();
  t.teardown(() => world.close());
  const [one, two] = [world.node('1'), world.node('2')];
  world.tick();
  const anna = new FakeSocket(ANNA, 11);
  await world.watch(one, anna);
  const before = world.members.get(toHex(POOL[1])) ?? [];
  world.members.set(toHex(POOL[1]), new Set([...before, toHex(EVE[1])]));
  t.match(await world.watch(two, new FakeSocket(EVE, 33)), { ok: true });
  t.equal(anna.last('presence')?.devices.length, 1, 'no member yet, as far as node 1 knows');
  await one.poolChanged(POOL, [4, id(6)]);
  world.nowMs += 1000;
  await turn();
  t.equal(anna.last('presence')?.devices.length, 2);
});

t.test('[HUB-6] who is not in the pool is neither reached nor heard', async (t) => {
  const world = new World();
  t.teardown(() => world.close());
  const hub = world.node('1');
  const anna = new FakeSocket(ANNA, 11);
  const eve = new FakeSocket(EVE, 33);
  await world.watch(hub, anna);
  const refused = await world.watch(hub, eve);
  t.match(refused, { code: 'CHAIN_UNKNOWN', detail: 'pools[0]' }, '[HUB-2] and is told which');
  t.match(await world.signal(hub, anna, 33), { code: 'SIGNAL_NOT_MEMBER' });
  t.match(await world.signal(hub, eve, 11), { code: 'SIGNAL_NOT_MEMBER' });
  t.equal(anna.last('signal'), undefined);
  t.same(eve.frames, []);
  hub.attach(eve);
  const slotted: Ref = [(POOL[0] + 1) % 65_536, POOL[1]];
  t.match(
    await hub.watch(anna, [slotted]),
    { code: 'CHAIN_UNKNOWN' },
    'a reference with a wrong slot',
  );
  t.equal(hub.watchedBy(anna).length, 1, '[HUB-2] a refused list leaves the former one in place');
  const forged = { v: 1, type: 'signal', pool: POOL, user: EVE, from: id(33) } as const;
  t.equal(hub.deliver({ ...forged, to: anna.device, body: new Uint8Array(1) }), false);
});

t.test('[HUB-6] signals to nobody do not read the chains of a pool without end', async (t) => {
  const world = new World();
  t.teardown(() => world.close());
  const hub = world.node('1');
  const anna = new FakeSocket(ANNA, 11);
  await world.watch(hub, anna);
  for (let i = 0; i < 200; i++) await world.signal(hub, anna, 33);
  t.ok(world.lookups <= 20, `${world.lookups} lookups`);
  t.match(await world.signal(hub, anna, 33), { code: 'SIGNAL_OFFLINE' });
  world.nowMs += 1000;
  t.match(await world.signal(hub, anna, 33), { code: 'SIGNAL_NOT_MEMBER' });
});

t.test(
  '[HUB-2] watch replaces the former list, and waits for a join that is on its way',
  async (t) => {
    const world = new World();
    t.teardown(() => world.close());
    const hub = world.node('1');
    const eve = new FakeSocket(EVE, 33);
    world.caughtUp = () => world.members.get(toHex(POOL[1]))?.add(toHex(EVE[1]));
    t.match(await world.watch(hub, eve), { ok: true });
    t.equal(eve.last('presence')?.devices.length, 1);
    t.match(await hub.watch(eve, []), { ok: true });
    t.same(hub.watchedBy(eve), []);
    t.match(await world.signal(hub, eve, 33), { code: 'SIGNAL_NOT_MEMBER' });
  },
);

t.test(
  '[HUB-7] links are told to members and to the own devices, once to each socket',
  async (t) => {
    const world = new World();
    t.teardown(() => world.close());
    const hub = world.node('1');
    const anna = new FakeSocket(ANNA, 11);
    const bela = new FakeSocket(BELA, 22);
    const alone = new FakeSocket(BELA, 23);
    await world.watch(hub, anna);
    await world.watch(hub, bela);
    hub.attach(alone);
    await hub.userChanged(BELA, [1, id(5)]);
    for (const socket of [anna, bela, alone]) {
      const changes = socket.frames.filter(({ type }) => type === 'changed');
      t.match(changes, [{ chain: 'user', head: [1, id(5)] }]);
      t.equal(changes.length, 1);
    }
    await hub.poolChanged(POOL, [4, id(6)]);
    t.match(anna.last('changed'), { chain: 'pool', head: [4, id(6)] });
    t.match(alone.last('changed'), { chain: 'user' }, 'who does not watch is not told');
  },
);

t.test(
  '[GW-11] a device that is no longer active loses its sockets, and a member its pool',
  async (t) => {
    const world = new World();
    t.teardown(() => world.close());
    const hub = world.node('1');
    const anna = new FakeSocket(ANNA, 11);
    const bela = new FakeSocket(BELA, 22);
    await world.watch(hub, anna);
    await world.watch(hub, bela);
    world.devices.delete(toHex(id(22)));
    await hub.userChanged(BELA, [2, id(5)]);
    t.same([anna.ends, bela.ends], [[], ['AUTH_DEVICE_UNKNOWN']]);
    world.members.get(toHex(POOL[1]))?.delete(toHex(BELA[1]));
    await hub.poolChanged(POOL, [5, id(6)]);
    world.nowMs += 1000;
    await turn();
    t.same(hub.watchedBy(bela), []);
    t.equal(anna.last('presence')?.devices.length, 1);
    t.match(bela.last('changed'), { chain: 'user' }, 'and hears nothing more of it');
  },
);

t.test('[HUB-8] of several sockets of one device the newest gets the signals', async (t) => {
  const world = new World();
  t.teardown(() => world.close());
  const hub = world.node('1');
  const anna = new FakeSocket(ANNA, 11);
  const old = new FakeSocket(BELA, 22);
  const young = new FakeSocket(BELA, 22);
  for (const socket of [anna, old, young]) await world.watch(hub, socket);
  await world.signal(hub, anna, 22);
  t.equal(old.last('signal'), undefined);
  t.ok(young.last('signal'));
  hub.detach(young);
  await world.signal(hub, anna, 22);
  t.ok(old.last('signal'), 'then the one that is left');
  t.equal(anna.last('presence')?.devices.length, 2, 'the device has been there all the time');
});

t.test(
  'a node that cannot be reached is forgotten after its lease, and asked when it is back',
  async (t) => {
    const world = new World();
    t.teardown(() => world.close());
    const [one, two] = [world.node('1'), world.node('2')];
    world.tick();
    const anna = new FakeSocket(ANNA, 11);
    const bela = new FakeSocket(BELA, 22);
    await world.watch(one, anna);
    await world.watch(two, bela);
    world.cut = true;
    t.match(await world.signal(one, anna, 22), { code: 'SIGNAL_OFFLINE' });
    world.nowMs += 5000;
    world.tick();
    await turn();
    t.equal(anna.last('presence')?.devices.length, 1);
    world.cut = false;
    world.nowMs += 2000;
    world.tick();
    await turn();
    t.equal(anna.last('presence')?.devices.length, 2);
    world.hubs.get('1')?.exchange.receive('2', new Uint8Array([1, 2, 3]));
    t.same(
      world.refused,
      ['PROTOCOL_MALFORMED'],
      '[HUB-9] nonsense between nodes is dropped and counted',
    );
    t.equal(decodeNodeMessage(new Uint8Array([1, 2, 3])).ok, false);
  },
);

t.test("[HUB-10] a user's other devices learn of a pool that one of them joined", async (t) => {
  const world = new World();
  t.teardown(() => world.close());
  const hub = world.node('1');
  const [joining, other, stranger] = [
    new FakeSocket(BELA, 22),
    new FakeSocket(BELA, 23),
    new FakeSocket(EVE, 33),
  ];
  await world.watch(hub, joining);
  for (const socket of [other, stranger]) hub.attach(socket);
  hub.poolGained(BELA, POOL, [4, id(7)]);
  t.match(other.last('changed'), { chain: 'pool', ref: POOL, head: [4, id(7)] });
  t.equal(joining.last('changed'), undefined, 'who watches the pool knows it');
  t.equal(stranger.last('changed'), undefined);
});

t.test('when the state was replaced as a whole, every socket is sent elsewhere', async (t) => {
  const world = new World();
  t.teardown(() => world.close());
  const hub = world.node('1');
  const [anna, bela] = [new FakeSocket(ANNA, 11), new FakeSocket(BELA, 22)];
  await world.watch(hub, anna);
  hub.attach(bela);
  hub.stateReplaced();
  t.same([...anna.ends, ...bela.ends], ['CLUSTER_DRAINING', 'CLUSTER_DRAINING']);
});
