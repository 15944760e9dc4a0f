// What cannot be right is refused, whoever sends it, and changes nothing: servers, other devices, the own store.

import { randomBytes } from 'node:crypto';
import {
  BLOCK_BYTES,
  type Bytes,
  CHANNEL_FRAME_BYTES_MAX,
  decodeChannelFrame,
  encodeCbor,
  encodeEnvelope,
  FRAME_BYTES_MAX,
  type OpenPoolEnvelope,
  peekPoolStatement,
  type StoredLink,
  toHex,
} from '@rockpool/protocol';
import {
  authorsAmong,
  createTestPerson,
  createTestPool,
  verifyChecks,
} from '@rockpool/protocol/testing';
import t from 'tap';
import { extendPool, type PoolChain } from '../src/chains/held-chain.ts';
import { fileOf, type TestClient, type TestWorld, twoInAPool } from '../testing/index.ts';

const random = (length: number): Bytes => new Uint8Array(randomBytes(length));

/** Frames that no decoder takes, made from a good one. */
const spoilt = (frame: object, bytesMax: number): readonly (readonly [string, Bytes])[] => [
  ['truncated', encodeCbor(frame).slice(0, -1)],
  ['oversized', new Uint8Array(bytesMax + 1)],
  ['of an unknown type', encodeCbor({ ...frame, type: 'dance' })],
  ['with an unknown field', encodeCbor({ ...frame, more: 1 })],
  ['random', random(64)],
];

const socketOf = (world: TestWorld, client: TestClient) =>
  [...world.cluster.sockets].find(
    ({ device }) => device !== undefined && toHex(device) === client.view.me?.deviceId,
  );

t.test('a frame of a server that cannot be read ends its socket, and nothing else', async (t) => {
  const { world, a, b } = await twoInAPool();
  await a.say('before');
  await world.time.until('told', () => b.texts.length === 1);
  await world.time.pass(5_000);
  const peers = world.peers.open;
  const hello = encodeCbor({ type: 'nodes', nodes: [] });
  const cases = [...spoilt({ type: 'pong', re: 1 }, FRAME_BYTES_MAX), ['cut', hello.slice(0, 5)]];
  for (const [name, bytes] of cases as readonly (readonly [string, Bytes])[]) {
    const socket = socketOf(world, a);
    if (socket === undefined) throw new Error('not online');
    const { entries, members } = a.pool;
    socket.pushBytes(bytes);
    await world.time.until('closed', () => !world.cluster.sockets.has(socket));
    await world.time.until('online', () => socketOf(world, a) !== undefined);
    t.same([a.pool.entries, a.pool.members.length], [entries, members.length], name);
    t.equal(world.peers.open, peers, 'devices stay connected');
    await world.time.pass(20_000);
  }
  await a.stop();
  await b.stop();
});

/** The same link with something changed, its signatures as they were. */
function changedLink(link: StoredLink, change: (opened: OpenPoolEnvelope) => object): StoredLink {
  const opened = peekPoolStatement(link.envelope);
  if (!opened.ok) throw new Error(opened.detail);
  const { envelope } = opened.value;
  const statement = encodeCbor({ ...opened.value.statement, ...change(opened.value) });
  return { ...link, envelope: encodeEnvelope({ ...envelope, link: statement }) };
}

function unsigned(link: StoredLink): StoredLink {
  const opened = peekPoolStatement(link.envelope);
  if (!opened.ok) throw new Error(opened.detail);
  const { envelope } = opened.value;
  const sigs = envelope.sigs.map((sig) => ({ ...sig, sig: new Uint8Array(64).fill(1) }));
  return { ...link, envelope: encodeEnvelope({ ...envelope, sigs }) };
}

const BAD_LINKS: readonly (readonly [string, (link: StoredLink) => StoredLink, string])[] = [
  [
    'a wrong previous hash',
    (link) => changedLink(link, () => ({ prev: random(32) })),
    'CHAIN_CONFLICT',
  ],
  ['a gap', (link) => changedLink(link, ({ seq }) => ({ seq: seq + 1 })), 'CHAIN_CONFLICT'],
  ['an unknown field', (link) => changedLink(link, () => ({ more: 1 })), 'CHAIN_MALFORMED'],
  [
    'an unknown kind',
    (link) => changedLink(link, () => ({ kind: 'pool.own' })),
    'CHAIN_UNKNOWN_KIND',
  ],
  ['a bad signature', unsigned, 'CHAIN_SIGNATURE'],
  ['half of it', (link) => ({ ...link, envelope: link.envelope.slice(0, 90) }), 'CHAIN_MALFORMED'],
];

t.test('a link that does not fit is refused by code, and the chain stays as it was', async (t) => {
  const owner = createTestPerson();
  const pool = createTestPool(owner);
  pool.append(pool.invite(owner).envelope, owner);
  const [genesis, invite] = pool.links;
  const find = authorsAmong(owner);
  const authorAt = async (...[user, head]: Parameters<typeof find>) => find(user, head);
  const verify = async (...[checks]: Parameters<typeof verifyChecks>) => verifyChecks(checks);
  const chain: PoolChain = { ref: pool.ref, links: [], states: [] };
  t.match(await extendPool(chain, [genesis!], verify, authorAt), { ok: true });
  for (const [name, spoil, code] of BAD_LINKS) {
    const refused = await extendPool(chain, [spoil(invite!)], verify, authorAt);
    t.match(refused, { ok: false, code }, name);
    t.equal(chain.links.length + chain.states.length, 2, name);
  }
  t.match(await extendPool(chain, [invite!], verify, authorAt), { ok: true });
});

t.test('a server that shows bad links makes nobody a member', async (t) => {
  const { world, a, b } = await twoInAPool();
  let spoil: (link: StoredLink) => StoredLink = unsigned;
  world.cluster.tamper = (frame, to) => {
    const told = frame.type === 'chain' && frame.chain === 'pool' && to === socketOf(world, b);
    if (!told) return frame;
    // Genesis, invite and join of the second person, invite of the third, and this: the third's join.
    const isLast = frame.from + frame.links.length === 5;
    return isLast
      ? { ...frame, links: [...frame.links.slice(0, -1), spoil(frame.links.at(-1)!)] }
      : frame;
  };
  const c = world.device().open(await a.inviteFragment());
  await c.done(c.rockpool.createAccount());
  await world.time.until('in', () => a.pool.members.length === 3);
  await world.time.until('said', () =>
    b.view.notices.some(({ text }) => /does not hold/.test(text)),
  );
  for (const [name, spoilAs] of BAD_LINKS) {
    spoil = spoilAs;
    socketOf(world, b)?.break();
    await world.time.until('online', () => socketOf(world, b) !== undefined);
    await world.time.pass(5_000);
    t.equal(b.pool.members.length, 2, name);
    t.equal(b.connected, 1, 'who is no member is not connected');
  }
  world.cluster.tamper = (frame) => frame;
  socketOf(world, b)?.break();
  await world.time.until('healed', () => b.pool.members.length === 3 && b.connected === 2);
  for (const client of [a, b, c]) await client.stop();
});

t.test(
  'a frame of a device that cannot be read ends the connection; a new one heals it',
  async (t) => {
    const { world, a, b } = await twoInAPool();
    const said: string[] = [];
    for (const [name, bytes] of spoilt({ type: 'ping', time: 1 }, CHANNEL_FRAME_BYTES_MAX)) {
      let spoiltOnce = false;
      const before = new Set(world.peers.connections.keys());
      world.peers.tamper = (label, frame) => {
        const decoded = label === 'control' ? decodeChannelFrame(frame) : undefined;
        if (spoiltOnce || !decoded?.ok || decoded.value.type !== 'records') return frame;
        spoiltOnce = true;
        return bytes;
      };
      said.push(name);
      await a.say(name);
      await world.time.until('told', () => b.texts.length === said.length && b.connected === 1);
      t.ok(spoiltOnce);
      t.same(b.texts, said, 'what was said, once, and nothing else');
      const fresh = [...world.peers.connections].filter(
        ([id, { state }]) => state === 'connected' && !before.has(id),
      );
      t.equal(fresh.length, 2, `${name}: over a new connection`);
    }
    await a.stop();
    await b.stop();
  },
);

t.test('rubbish on the channel of blocks does not end up in a file', async (t) => {
  const { world, a, b } = await twoInAPool();
  const content = random(BLOCK_BYTES * 4);
  const rubbish = [new Uint8Array(0), Uint8Array.of(1), random(11), random(70_000), random(400)];
  world.peers.tamper = (label, frame) => (label === 'bulk' ? (rubbish.shift() ?? frame) : frame);
  await a.done(a.rockpool.offerFile(a.pool.id, fileOf('x.bin', content)));
  await world.time.until('arrived', () => b.files[0]?.transfer.state === 'complete');
  const opened = await b.done(b.rockpool.openFile(b.pool.id, b.files[0]?.id ?? ''));
  t.same(Buffer.compare(await opened.read(0, content.length), content), 0);
  t.equal(rubbish.length, 0);
  await a.stop();
  await b.stop();
});

t.test('a damaged row of the own store hides at most what it held; nothing breaks', async (t) => {
  const { world, a, b, placeB } = await twoInAPool();
  await a.say('one');
  await b.say('two');
  await a.done(a.rockpool.renameMe('Ada', 40));
  await a.done(a.rockpool.offerFile(a.pool.id, fileOf('x.bin', random(BLOCK_BYTES + 1))));
  await world.time.until('there', () => b.files[0]?.transfer.state === 'complete');
  await world.time.pass(5_000);
  await b.stop();
  const sound = placeB.store.copy();
  const damage: readonly ((row: Bytes) => Bytes)[] = [
    (row) => row.slice(0, row.length >> 1),
    (row) => row.map((byte, i) => (i === row.length >> 1 ? byte ^ 0x41 : byte)),
  ];
  t.ok(sound.rows.size > 10, `${sound.rows.size} rows`);
  for (const [key, row] of sound.rows) {
    for (const [kind, spoil] of damage.entries()) {
      placeB.store = sound.copy();
      placeB.store.rows.set(key, spoil(row));
      const again = placeB.open();
      await world.time.until('open', () => again.view.stage !== 'starting');
      await world.time.pass(3_000);
      t.not(again.view.stage, 'blocked', `${key} ${kind}`);
      t.ok(
        again.texts.every((text) => text === 'one' || text === 'two'),
        `${key} ${kind}`,
      );
      await again.stop();
    }
  }
  await a.stop();
});
