import { createHash, randomBytes } from 'node:crypto';
import {
  decodeCbor,
  decodeChannelFrame,
  decodeClientFrame,
  decodeRecord,
  encodeCbor,
  encodeEnvelope,
  equalBytes,
  peekUserStatement,
  type ServerFrame,
  signInput,
  toHex,
  type WireRecord,
  wireRecordShape,
} from '@rockpool/protocol';
import {
  type createTestPasskey,
  createTestPerson,
  createTestPool,
} from '@rockpool/protocol/testing';
import t from 'tap';
import { Engine } from '../src/engine/engine.ts';
import { createAccount } from '../src/identity/create-account.ts';
import { joinPool } from '../src/identity/join-pool.ts';
import { readOwnChain } from '../src/identity/sign-in.ts';
import { emptyLog } from '../src/messages/device-log.ts';
import { judgeRecord } from '../src/messages/judge-record.ts';
import { createWebCrypto } from '../src/webcrypto/web-crypto.ts';
import { FakeAuthenticator, TestWorld, twoInAPool } from '../testing/index.ts';

const subtle = globalThis.crypto.subtle as unknown as Parameters<typeof createWebCrypto>[0];
const crypto = createWebCrypto(subtle);

function shown(person: ReturnType<typeof createTestPerson>): ServerFrame {
  const { ref, links } = person;
  return { type: 'chain', re: 1, chain: 'user', ref, from: 0, links, more: 0 };
}

t.test('[CLI-5] a chain that a server made up around the credential is refused', async (t) => {
  const victim = createTestPerson();
  const assertion = { credential: victim.passkey.credential.id, userHandle: victim.handle };
  const core = { platform: { crypto } } as unknown as Parameters<typeof readOwnChain>[0];
  const ask = async () => 'offline' as const;
  const own = await readOwnChain(core, ask, shown(victim), assertion);
  t.ok(own !== 'offline' && own.ok);

  // The server's own person, whose genesis lists the victim's real credential.
  const server = createTestPerson();
  const genesis = { ...victim.passkey.credential };
  const forged = forgeGenesis(server, genesis);
  const foreign = await readOwnChain(core, ask, forged, assertion);
  t.match(foreign, { ok: false, code: 'CHAIN_FOREIGN' });
  const other = await readOwnChain(core, ask, shown(server), assertion);
  t.match(other, { ok: false, code: 'CHAIN_FOREIGN' });
});

function forgeGenesis(
  server: ReturnType<typeof createTestPerson>,
  credential: ReturnType<typeof createTestPasskey>['credential'],
): ServerFrame {
  const nowMs = Date.now();
  const { device } = server;
  const link = encodeCbor({
    v: 1,
    kind: 'user.genesis',
    salt: new Uint8Array(16),
    credential,
    device: device.keys,
    expiry: nowMs + 1_000_000,
    policy: 0,
  });
  const sig = device.sign(signInput('stmt', link));
  const envelope = encodeEnvelope({ v: 1, link, sigs: [{ by: 'device', device: device.id, sig }] });
  const peeked = peekUserStatement(envelope);
  if (!peeked.ok) throw new Error(peeked.detail);
  const { user: ref } = peeked.value;
  const links = [{ envelope, time: nowMs }];
  return { type: 'chain', re: 1, chain: 'user', ref, from: 0, links, more: 0 };
}

t.test(
  'a server that answers a sign-in with its own chain gets no device and no account',
  async (t) => {
    const { world, placeA, a, b } = await twoInAPool();
    const held = placeA.authenticator.passkeys[0];
    const forged = forgeGenesis(createTestPerson(), held!.passkey.credential);
    world.cluster.tamper = (frame) =>
      frame.type === 'chain' && frame.chain === 'user' && 're' in forged
        ? { ...forged, re: frame.re }
        : frame;
    const c = world.device(placeA.authenticator).open();
    t.equal(await c.fails(c.rockpool.signIn()), 'CHAIN_FOREIGN');
    t.equal(c.view.stage, 'signedOut');
    for (const client of [a, b, c]) await client.stop();
  },
);

t.test('nothing that a server sends ever becomes the challenge of a passkey', async (t) => {
  const { world, placeA, a, b } = await twoInAPool();
  const nonces = new Set<string>();
  const evil = randomBytes(32);
  world.cluster.tamper = (frame) => {
    if (frame.type !== 'hello') return frame;
    // The hash of the server's own enrolment, offered where a nonce belongs.
    nonces.add(toHex(evil));
    return { ...frame, nonce: new Uint8Array(evil) };
  };
  const c = world.device(placeA.authenticator).open();
  await c.done(c.rockpool.signIn()).catch(() => {});
  t.equal(nonces.size, 1);
  for (const challenge of placeA.authenticator.challenges) {
    t.not(toHex(challenge), toHex(evil));
    const hashed = createHash('sha256').update(evil).digest('hex');
    t.not(toHex(challenge), hashed);
  }
  t.ok(placeA.authenticator.challenges.length > 0);
  for (const client of [a, b, c]) await client.stop();
});

t.test('a relay that puts its own certificate into a description gets no connection', async (t) => {
  const world = new TestWorld();
  // The relay can not open signals; it tries with ones of its own, and with changed ones.
  world.cluster.tamper = (frame) => {
    if (frame.type !== 'signal') return frame;
    const body = frame.body.slice();
    body[body.length - 1] = (body[body.length - 1] ?? 0) ^ 1;
    return { ...frame, body };
  };
  const place = world.device();
  const a = place.open(world.adminFragment);
  await a.done(a.rockpool.createAccount());
  await a.done(a.rockpool.createPool('x'));
  const b = world.device().open(await a.inviteFragment());
  await b.done(b.rockpool.createAccount());
  await world.time.pass(20_000);
  t.equal(a.connected + b.connected, 0);
  world.cluster.tamper = (frame) => frame;
  await world.time.until('an honest relay', () => a.connected === 1 && b.connected === 1);
  await a.stop();
  await b.stop();
});

t.test('open connections go on without any server, and come back with them', async (t) => {
  const { world, a, b } = await twoInAPool();
  world.cluster.stopAll();
  await world.time.until('offline', () => a.view.server.status === 'offline');
  await a.say('no server needed');
  await b.say('none at all');
  await world.time.until('told', () => a.texts.length === 2 && b.texts.length === 2);
  t.equal(a.connected, 1);
  t.equal(await a.fails(a.rockpool.invite(a.pool.id)), 'OFFLINE', 'only changes wait');
  world.cluster.startAll();
  await world.time.until('online', () => a.view.server.status === 'online');
  t.equal(a.connected, 1);
  await a.stop();
  await b.stop();
});

t.test('when a node stops its clients move, say so, and say when it is back', async (t) => {
  const { world, a, b } = await twoInAPool();
  const name = a.view.server.node ?? '';
  const notices: string[] = [];
  a.rockpool.subscribe(() => {
    for (const { text } of a.view.notices) if (!notices.includes(text)) notices.push(text);
  });
  const before = world.peers.open;
  world.cluster.stop(name);
  await world.time.until('moved', () => {
    const { status, node } = a.view.server;
    return status === 'online' && node !== name;
  });
  t.equal(world.peers.open, before, 'the connections of peers did not notice');
  await world.time.until('said', () => notices.includes(`Node ${name} stopped, nothing to do`));
  t.equal(a.view.server.nodes.find((node) => node.name === name)?.up, false);
  await world.time.pass(5_000);
  world.cluster.start(name);
  await world.time.until('back', () => notices.includes(`Node ${name} is back`));
  t.equal(a.view.server.nodes.find((node) => node.name === name)?.justBack, true);
  const c = world.device().open(await a.inviteFragment());
  await c.done(c.rockpool.createAccount());
  await world.time.until('connected', () => c.connected === 2);
  for (const client of [a, b, c]) await client.stop();
});

t.test('[USR-17] two histories of a pool stop sending and stay as evidence', async (t) => {
  const { world, placeA, a, b } = await twoInAPool();
  const placeC = world.device(placeA.authenticator);
  const c = placeC.open();
  await c.done(c.rockpool.signIn());
  await world.time.until('together', () => c.connected === 2);
  await c.stop();
  await a.inviteFragment();
  await world.time.pass(1_000);
  // The cluster takes its last link back; the owner's other device has not seen it.
  for (const chain of world.cluster.pools.values()) {
    chain.links.pop();
    chain.states.pop();
  }
  const again = placeC.open();
  await world.time.until('behind', () => again.view.pools[0]?.alarm?.level === 'check');
  await again.inviteFragment();
  await world.time.until('noticed', () => a.pool.alarm?.level === 'stop');
  t.match(
    a.pool.alarm?.message,
    /servers that came back from an older state/,
    'it may be no attack',
  );
  t.match(a.pool.alarm?.message, /ask whoever runs the servers/, 'and there is a way out');
  t.equal(await a.fails(a.rockpool.sendText(a.pool.id, 'x')), 'CHAIN_FORK');
  await a.stop();
  const reopened = placeA.open();
  await world.time.until('kept', () => reopened.view.pools[0]?.alarm?.level === 'stop');
  for (const client of [b, again, reopened]) await client.stop();
});

t.test('the bare word of a member about another history warns, and stops nobody', async (t) => {
  const { world, placeA, a, b } = await twoInAPool();
  const liar = new Engine(world.device().platform(await a.inviteFragment(), {}));
  const within = <T>(work: Promise<T>) => world.time.settled(work);
  await within(liar.start());
  const link = await within(liar.session.link('hello'));
  const { arrival } = liar;
  if (link === undefined || arrival.kind !== 'invite') throw new Error('no link');
  const { invite } = arrival;
  t.match(await within(createAccount(liar, link, { by: 'invite', invite })), { ok: true });
  t.match(await within(joinPool(liar, invite)), { ok: true });
  const room = liar.rooms.get(a.pool.id)!;
  const made = randomBytes(32);
  Object.defineProperty(room, 'head', { get: () => [1, made] });
  world.peers.closeAll();
  await world.time.until('warned', () => a.pool.alarm?.level === 'check');
  await a.say('and on it goes');
  await world.time.until('told', () => b.texts.includes('and on it goes'));
  await a.stop();
  const again = placeA.open();
  await world.time.until('again', () => again.connected > 0);
  t.not(again.pool.alarm?.level, 'stop');
  await within(liar.stop());
  await again.stop();
  await b.stop();
});

t.test('a server that lists a pool of strangers makes no connection to them', async (t) => {
  const { world, placeA, a, b } = await twoInAPool();
  const stranger = createTestPerson({ nowMs: world.time.nowMs() });
  const theirs = createTestPool(stranger, { nowMs: world.time.nowMs() });
  await a.stop();
  const shown: ServerFrame['type'][] = [];
  world.cluster.tamper = (frame) => {
    if (frame.type === 'pools') return { ...frame, pools: [...frame.pools, theirs.ref] };
    if (frame.type !== 'error' || frame.code !== 'CHAIN_UNKNOWN') return frame;
    const chain = shown.length === 0 ? theirs : stranger;
    const name = shown.length === 0 ? 'pool' : 'user';
    shown.push('chain');
    const { ref, links } = chain;
    return { type: 'chain', re: frame.re, chain: name, ref, from: 0, links, more: 0 };
  };
  const again = placeA.open();
  await world.time.until('read', () => shown.length >= 2 && again.connected === 1);
  const devices = [{ user: stranger.ref, device: stranger.device.id, node: '1' }];
  const connections = world.peers.connections.size;
  for (const socket of world.cluster.sockets) {
    socket.push({ type: 'presence', pool: theirs.ref, devices });
  }
  await world.time.pass(5_000);
  t.equal(world.peers.connections.size, connections);
  const told = world.cluster.seen.some((bytes) => {
    const frame = decodeClientFrame(bytes);
    return (
      frame.ok && frame.value.type === 'signal' && equalBytes(frame.value.to, stranger.device.id)
    );
  });
  t.equal(told, false, 'nothing was sent to them');
  t.equal(again.view.pools.length, 1);
  await again.stop();
  await b.stop();
});

t.test('[USR-17] a chain that a server cut short is not taken back', async (t) => {
  const { world, a, b } = await twoInAPool();
  const chain = [...world.cluster.pools.values()][0]!;
  const [links, states] = [chain.links.splice(2), chain.states.splice(2)];
  world.cluster.stop(a.view.server.node ?? '');
  await world.time.until('moved', () => a.view.server.status === 'online');
  await world.time.pass(5_000);
  t.equal(a.pool.members.length, 2, 'who is known to be a member stays one');
  chain.links.push(...links);
  chain.states.push(...states);
  await a.stop();
  await b.stop();
});

t.test('a signal from a device that is not in the pool is not answered', async (t) => {
  const { world, a, b } = await twoInAPool();
  const signals: string[] = [];
  world.cluster.tamper = (frame) => {
    if (frame.type === 'signal') signals.push(toHex(frame.from));
    return frame;
  };
  const pool = [...world.cluster.pools.values()][0]!.ref;
  const stranger = createTestPerson();
  const socket = [...world.cluster.sockets].find(({ device }) => device !== undefined)!;
  const from = stranger.device.id;
  const before = world.peers.connections.size;
  const body = randomBytes(300);
  socket.push({ type: 'signal', pool, user: stranger.ref, from, body });
  await world.time.pass(20_000);
  t.same(signals, [toHex(from)], 'nothing went back to it');
  t.equal(world.peers.connections.size, before);
  await a.stop();
  await b.stop();
});

t.test(
  '[CLI-9] a record of another pool, of a stranger or with another body is refused',
  async (t) => {
    const { world, placeA, a, b } = await twoInAPool();
    await a.say('mine');
    await world.time.until('told', () => b.texts.length === 1);
    const rows = await placeA.store.list('record/');
    const wires = rows.map(([, row]) => decodeRow(row));
    const wire = wires.find(({ signed }) => signed.header.kind === 'text')!;
    const { header } = wire.signed;
    const log = emptyLog(header.device, header.incarnation);
    for (let seq = 0; seq < header.seq; seq++)
      log.records.push({ header, wire: wire.wire, logKey: log.key });
    log.head = header.previous;
    const good = {
      pool: header.pool,
      headAt: () => header.poolHead,
      joinedSeq: () => 0,
      nowMs: header.ms,
    };
    const judge = (context: Partial<typeof good>, w: WireRecord = wire.wire, at = log) =>
      judgeRecord(wire.signed, w, at, { ...good, ...context } as typeof good);
    t.ok(judge({}).ok);
    const changed = { ...wire.wire, body: Uint8Array.from([...wire.wire.body!, 0]) };
    const { body: _body, ...bodiless } = wire.wire;
    const cases: readonly (readonly [string, ReturnType<typeof judge>, string])[] = [
      ['another pool', judge({ pool: randomBytes(32) }), 'RECORD_FOREIGN'],
      ['another history', judge({ headAt: () => randomBytes(32) }), 'RECORD_FOREIGN'],
      ['joined later', judge({ joinedSeq: () => header.poolSeq + 1 }), 'RECORD_FOREIGN'],
      ['an unknown device', judge({ joinedSeq: () => undefined } as never), 'RECORD_CHAIN'],
      ['the future', judge({ nowMs: header.ms - 3_600_000 }), 'RECORD_CHAIN'],
      [
        'another place',
        judge({}, wire.wire, emptyLog(header.device, header.incarnation)),
        'RECORD_CHAIN',
      ],
      ['another body', judge({}, changed), 'RECORD_BODY'],
      ['half a body', judge({}, bodiless), 'RECORD_BODY'],
    ];
    for (const [name, result, code] of cases) t.match(result, { ok: false, code }, name);
    await a.stop();
    await b.stop();
  },
);

function decodeRow(row: Uint8Array) {
  const wire = decodeCbor(row, wireRecordShape, 65_536);
  const signed = wire.ok ? decodeRecord(wire.value.record) : wire;
  if (!wire.ok || !signed.ok) throw new Error('bad row');
  return { wire: wire.value, signed: signed.value };
}

t.test('a record replayed into another pool of the same people is refused there', async (t) => {
  const { world, a, b } = await twoInAPool();
  await a.done(a.rockpool.createPool('Second'));
  const second = a.view.pools.find((pool) => pool.name === 'Second')!;
  const { link } = await a.done(a.rockpool.invite(second.id));
  await b.stop();
  // The relay of frames between devices is the test itself: records of one pool go to the other.
  let copy: Uint8Array | undefined;
  let replayed = 0;
  world.peers.tamper = (label, frame) => {
    const decoded = label === 'control' ? decodeChannelFrame(frame) : undefined;
    if (!decoded?.ok || decoded.value.type !== 'records') return frame;
    const has = (text: string) => Buffer.from(frame).includes(text);
    if (has('only for the first')) copy = frame;
    else if (copy !== undefined && has('second pool')) {
      replayed++;
      return copy;
    }
    return frame;
  };
  const c = world.device(new FakeAuthenticator()).open(link.slice(link.indexOf('#') + 1));
  await c.done(c.rockpool.createAccount());
  await world.time.until('in', () => c.connected === 1);
  const first = a.view.pools.find((pool) => pool.id !== second.id)!;
  const d = world.device().open((await a.done(a.rockpool.invite(first.id))).link.split('#')[1]);
  await d.done(d.rockpool.createAccount());
  await world.time.until('in', () => d.connected === 1);
  await a.done(a.rockpool.sendText(first.id, 'only for the first'));
  await world.time.until('told', () => d.texts.length === 1);
  await a.done(a.rockpool.sendText(second.id, 'second pool'));
  await world.time.pass(3_000);
  t.ok(replayed > 0);
  t.same(c.texts, [], 'nothing of another pool is shown');
  for (const client of [a, c, d]) await client.stop();
});
