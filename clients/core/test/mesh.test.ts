import { randomBytes } from 'node:crypto';
import { type SignedDescription, sha256Bytes, utf8 } from '@rockpool/protocol';
import { createTestDevice, signatureShellSuite } from '@rockpool/protocol/testing';
import fc from 'fast-check';
import t from 'tap';
import { createDeviceKeys, createRockpool, createWebCrypto, type KeyStore } from '../src/index.ts';
import { CONTROL_MAX_BYTES, FULL_MESH_DEVICES_MAX, SIGNAL_SENDERS_MAX } from '../src/limits.ts';
import { Mesh } from '../src/mesh/mesh.ts';
import { Negotiation } from '../src/mesh/negotiation.ts';
import { neighbours } from '../src/mesh/neighbours.ts';
import { PeerLink } from '../src/mesh/peer-link.ts';
import {
  readSignal,
  sealSignal,
  signalInfo,
  signDescription,
  type VerifiedDescription,
  verifyDescription,
} from '../src/mesh/signal-proof.ts';
import {
  FakePeerNetwork,
  TestClient,
  TestWorld,
  twoInAPool,
  VirtualTime,
} from '../testing/index.ts';

const subtle = globalThis.crypto.subtle as unknown as Parameters<typeof createWebCrypto>[0];
const crypto = createWebCrypto(subtle);

const NO_PATHS = { stun: [], turn: undefined, relayOnly: false };

t.test('WebCrypto discharges signature checks', async (t) => {
  signatureShellSuite(t, async (checks) => {
    const verdicts = await Promise.all(
      checks.map((check) =>
        check.kind === 'p256'
          ? crypto.verifyP256(check.point, check.message, check.signature)
          : crypto.verifyCose(check.key, check.message, check.signature),
      ),
    );
    return verdicts.every((verdict) => verdict);
  });
});

const FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':');
const sdpWith = (...fingerprints: string[]) =>
  utf8(['v=0', ...fingerprints.map((f) => `a=fingerprint:${f}`), ''].join('\r\n'));
const sdp = sdpWith(`sha-256 ${FINGERPRINT}`);

t.test('a description counts only as its device signed it, for this pair, now', async (t) => {
  const device = createTestDevice();
  const pool = randomBytes(32);
  const to = randomBytes(32);
  const time = 1_790_000_000_000;
  const unsigned: Omit<SignedDescription, 'sig'> = {
    type: 'description',
    pool,
    from: device.id,
    to,
    connection: randomBytes(16),
    role: 'offer',
    sdp,
    time,
  };
  const sign = async (message: Uint8Array) => device.sign(message);
  const signed = await signDescription(unsigned, sign);
  const party = { pool, from: device.id, to, point: device.keys.sign, nowMs: time };
  const good = await verifyDescription(crypto, signed, party);
  t.ok(good.ok);

  const swapped = sdpWith(`sha-256 ${FINGERPRINT.replace('AB', 'AC')}`);
  const hash = sha256Bytes(sdp);
  const relayed: readonly (readonly [string, SignedDescription, Partial<typeof party>, string])[] =
    [
      ['the relay swaps the fingerprint', { ...signed, sdp: swapped }, {}, 'PEER_BINDING'],
      [
        'an offer is turned into an answer',
        { ...signed, role: 'answer', offer: hash },
        {},
        'PEER_BINDING',
      ],
      ['an answer that names no offer', { ...signed, role: 'answer' }, {}, 'PEER_BINDING'],
      ['another connection', { ...signed, connection: randomBytes(16) }, {}, 'PEER_BINDING'],
      ['replayed to another device', signed, { to: randomBytes(32) }, 'PEER_BINDING'],
      ['replayed into another pool', signed, { pool: randomBytes(32) }, 'PEER_BINDING'],
      ['told to be by another device', signed, { from: randomBytes(32) }, 'PEER_BINDING'],
      ['signed by somebody else', signed, { point: createTestDevice().keys.sign }, 'PEER_BINDING'],
      ['replayed an hour later', signed, { nowMs: time + 3_600_000 }, 'PEER_BINDING'],
    ];
  for (const [name, description, change, code] of relayed) {
    const verdict = await verifyDescription(crypto, description, { ...party, ...change });
    t.match(verdict, { ok: false, code }, name);
  }
  const wrongSdps = [
    sdpWith(),
    sdpWith(`sha-256 ${FINGERPRINT}`, `sha-256 ${FINGERPRINT}`),
    sdpWith(`sha-1 ${FINGERPRINT}`),
    Uint8Array.of(0xff, 0xfe),
  ];
  for (const wrong of wrongSdps) {
    const own = await signDescription({ ...unsigned, sdp: wrong }, sign);
    const verdict = await verifyDescription(crypto, own, party);
    t.match(verdict, { ok: false, code: 'PEER_FINGERPRINT' });
  }
});

t.test('[CLI-1] a sealed signal opens for its target, sender and pool only', async (t) => {
  const pairs = new Map<string, CryptoKeyPair>();
  const store: KeyStore = {
    get: async (name) => pairs.get(name),
    put: async (name, pair) => void pairs.set(name, pair),
    delete: async (name) => void pairs.delete(name),
  };
  const keys = createDeviceKeys(subtle, store);
  const { ecdh } = await keys.create('me');
  const [pool, from, to] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const info = signalInfo(pool, from, to);
  const signal = { type: 'restart' as const, pool, connection: randomBytes(16) };
  const sealed = await sealSignal(crypto, signal, ecdh, info);
  const plain = await keys.open('me', sealed, info);
  t.match(readSignal(plain!, pool), { ok: true, value: { type: 'restart' } });
  t.match(readSignal(plain!, randomBytes(32)), { ok: false, code: 'PEER_BINDING' });
  t.equal(await keys.open('me', sealed, signalInfo(pool, to, from)), undefined);
  t.equal(await keys.open('me', sealed, signalInfo(randomBytes(32), from, to)), undefined);
  t.equal(await keys.open('me', sealed.subarray(0, 60), info), undefined);
  t.equal(await keys.open('me', randomBytes(200), info), undefined);
  await keys.remove('me');
  t.equal(await keys.load('me'), undefined);
});

t.test('a later description with another certificate ends the connection', async (t) => {
  const time = new VirtualTime();
  const network = new FakePeerNetwork(time);
  const events = {
    onNegotiationNeeded: () => {},
    onCandidate: () => {},
    onChannel: () => {},
    onState: () => {},
  };
  const [near, far, evil] = [0, 1, 2].map(() => network.port().create(NO_PATHS, events));
  const broken: string[] = [];
  const negotiation = new Negotiation(near!, true, {
    sendDescription: async () => {},
    sendCandidate: () => {},
    onBroken: (reason) => broken.push(reason),
  });
  const offerOf = async (connection: typeof far): Promise<VerifiedDescription> => {
    const { sdp: text } = await connection!.setLocalDescription();
    const bytes = utf8(text);
    const fingerprint = sha256Bytes(bytes);
    const description = { role: 'offer', sdp: bytes } as SignedDescription;
    return { description, sdp: text, fingerprint };
  };
  negotiation.remoteDescription(await offerOf(far));
  await time.pass(1);
  t.same(broken, []);
  negotiation.remoteDescription(await offerOf(evil));
  await time.pass(1);
  t.same(broken, ['fingerprint']);
});

t.test(
  '[CLI-2] a device whose live certificate is not the announced one is never connected',
  async (t) => {
    const world = new TestWorld();
    world.peers.liveFingerprint = () => randomBytes(32);
    const a = world.device().open(world.adminFragment);
    await a.done(a.rockpool.createAccount());
    await a.done(a.rockpool.createPool('x'));
    const b = world.device().open(await a.inviteFragment());
    await b.done(b.rockpool.createAccount());
    await world.time.pass(30_000);
    t.equal(a.connected + b.connected, 0);
    world.peers.liveFingerprint = () => new Uint8Array(0);
    await world.time.pass(30_000);
    t.equal(a.connected + b.connected, 0, 'an empty answer is a mismatch too');
    world.peers.liveFingerprint = (fingerprint) => fingerprint;
    await world.time.until('connected', () => a.connected === 1 && b.connected === 1);
    await a.stop();
    await b.stop();
  },
);

t.test('a broken path heals by itself, and a lost connection is made anew', async (t) => {
  const { world, a, b } = await twoInAPool();
  world.peers.cutAll();
  await a.say('while the path is cut');
  await world.time.until('healed', () => b.texts.length === 1);
  world.peers.closeAll();
  await world.time.until('noticed', () => a.connected === 0);
  await world.time.until('again', () => a.connected === 1 && b.connected === 1);
  await b.say('over a new connection');
  await world.time.until('told', () => a.texts.length === 2);
  t.same(a.texts, b.texts);
  await a.stop();
  await b.stop();
});

t.test(
  '[CLI-6] a device that crashed is connected again before its old connection is missed',
  async (t) => {
    for (const crashes of ['a', 'b'] as const) {
      const { world, placeA, placeB, a, b } = await twoInAPool();
      const [gone, place, stays] = crashes === 'a' ? [a, placeA, b] : [b, placeB, a];
      await world.time.pass(10_000);
      await gone.crash();
      const before = world.time.nowMs();
      const again = place.open();
      await world.time.until('connected', () => again.connected === 1);
      t.ok(world.time.nowMs() - before < 5_000, `after ${world.time.nowMs() - before} ms`);
      await again.say('from the new tab');
      await world.time.until('told', () => stays.texts.length === 1);
      await stays.say('and back');
      await world.time.until('told', () => again.texts.length === 2);
      await stays.stop();
      await again.stop();
    }
  },
);

t.test('[CLI-7] the mesh is full up to eight devices and connected, with few links, above', (t) => {
  const ids = (count: number) => Array.from({ length: count }, (_, i) => `d${1000 + i}`);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), (count) => {
      const all = ids(count);
      const links = new Map(all.map((id) => [id, new Set(neighbours(all, id))]));
      const reached = new Set([all[0]!]);
      const queue = [all[0]!];
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
        for (const next of links.get(id) ?? []) {
          if (!links.get(next)?.has(id)) throw new Error('one end would not connect');
          if (!reached.has(next)) queue.push(next);
          reached.add(next);
        }
      }
      const most = Math.max(...[...links.values()].map((set) => set.size));
      const bound = count <= FULL_MESH_DEVICES_MAX ? count - 1 : 2 * Math.ceil(Math.log2(count));
      return reached.size === count && most <= bound;
    }),
  );
  t.same(neighbours(['a', 'b'], 'c'), [], 'who is not online itself connects to nobody');
  t.end();
});

const IDLE_CLOCK = { nowMs: () => 0, after: () => () => {} };

t.test('a peer that reads nothing is let go before it fills the memory', (t) => {
  const channel = { label: 'control', bufferedBytes: 0, send: () => true, close: () => {} };
  let closed = 0;
  const connection = { createChannel: () => channel, close: () => closed++ };
  const party = {
    pool: randomBytes(32),
    self: randomBytes(32),
    remote: randomBytes(32),
    remoteUser: randomBytes(32),
    remotePoint: randomBytes(65),
    connection: randomBytes(16),
    initiator: true,
  };
  const host = {
    platform: { clock: IDLE_CLOCK, peers: { create: () => connection } },
    answerTimeoutMs: 4_000,
    paths: () => NO_PATHS,
    onClosed: () => {},
  } as unknown as ConstructorParameters<typeof PeerLink>[1];
  const link = new PeerLink(party, host, NO_PATHS);
  t.equal(link.send({ type: 'pong', time: 1 }), true);
  channel.bufferedBytes = CONTROL_MAX_BYTES + 1;
  t.equal(link.send({ type: 'pong', time: 2 }), false);
  t.equal(closed, 1);
  t.equal(link.closed, true);
  t.end();
});

t.test('signals of made-up senders wait in a bounded number of queues', async (t) => {
  let learning = 0;
  const mesh = new Mesh({
    platform: { clock: IDLE_CLOCK },
    self: () => ({ device: randomBytes(32) }),
    device: () => undefined,
    learn: () => {
      learning++;
      return new Promise(() => {});
    },
  } as unknown as ConstructorParameters<typeof Mesh>[0]);
  const [id, body] = [randomBytes(32), randomBytes(99)];
  for (let i = 0; i < 2 * SIGNAL_SENDERS_MAX; i++) {
    const from = randomBytes(32);
    mesh.onSignal({ type: 'signal', pool: [0, id], user: [0, id], from, body });
  }
  await new Promise(setImmediate);
  t.equal(learning, SIGNAL_SENDERS_MAX);
});

t.test('a device that signs slowly still says hello before anything else', async (t) => {
  const { world, placeB, a, b } = await twoInAPool();
  await b.stop();
  const platform = placeB.platform();
  const sign: typeof platform.keys.sign = async (name, message) => {
    await new Promise<void>((resolve) => world.time.after(300, resolve));
    return platform.keys.sign(name, message);
  };
  const slow = createRockpool({ ...platform, keys: { ...platform.keys, sign } });
  const again = new TestClient(world, slow, {});
  await world.time.until('connected', () => again.connected === 1 && a.connected === 1);
  await again.say('slowly');
  await world.time.until('told', () => a.texts.length === 1);
  t.same(a.texts, ['slowly']);
  await a.stop();
  await again.stop();
});
