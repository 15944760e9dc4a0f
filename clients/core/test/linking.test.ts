import {
  type Bytes,
  decodeCbor,
  deviceAddShape,
  encodeCbor,
  encodeMeetingBody,
  MEETING_LIFE_MS,
  meetingCommit,
  type ServerFrame,
} from '@rockpool/protocol';
import { createTestDevice } from '@rockpool/protocol/testing';
import t from 'tap';
import { NETWORK_CHANGE_SILENCE_MS } from '../src/limits.ts';
import type { ClusterSocket } from '../testing/fake-cluster.ts';
import { TestWorld } from '../testing/index.ts';
import {
  addedTo,
  codeOf,
  comparing,
  rewriteBodies,
  stepOf,
  withAccount,
} from '../testing/two-devices.ts';

t.test('[MEET-1] a device is added by a code once a person has seen the same digits', async (t) => {
  const place = await withAccount();
  const { world, a, n } = place;
  const { joining, adding, digits } = await comparing(place);
  t.match(digits[0], /^[0-9]{6}$/);
  t.equal(digits[0], digits[1]);
  t.match(a.view.linking, { other: { kind: 'browser', address: '192.0.2.7', nearby: false } });
  a.rockpool.answerDigits(true);
  await world.time.until('one has answered', () => {
    return a.view.linking?.step === 'comparing' && a.view.linking.answered;
  });
  t.equal(n.view.stage, 'signedOut', 'nothing happens until both have answered');
  n.rockpool.answerDigits(true);
  t.equal(await a.done(adding), undefined);
  await n.done(joining);
  t.equal(n.view.stage, 'signedIn');
  t.equal(n.view.me?.userId, a.view.me?.userId);
  t.equal(stepOf(a), undefined);
  t.equal(stepOf(n), undefined);
  await world.time.until('it has the pool and a connection', () => n.connected === 1);
  await n.say('from the new one');
  await world.time.until('it arrives', () => a.texts.includes('from the new one'));
});

t.test('[MEET-2] a scanned link needs no answer at the new device', async (t) => {
  const place = await withAccount();
  const { world, n } = place;
  const joining = n.rockpool.linkThisDevice();
  const { link } = await codeOf(place, n);
  const b = world.device().open(link.slice(link.indexOf('#') + 1));
  await world.time.until('the link is read', () => b.view.arrival.kind === 'newDevice');
  t.equal(await b.fails(b.rockpool.addDevice()), 'AUTH_REQUIRED', 'an account is needed');
  await n.rockpool.cancelLinking();
  t.equal(await n.fails(joining), 'LINK_CANCELLED');
});

t.test('[MEET-2] a link with the secret of the screen adds the device', async (t) => {
  const place = await withAccount();
  const { world, n } = place;
  // The page with the account is opened by the new device's link.
  const account = world.device();
  const first = account.open();
  const b = await addedTo(place, first);
  await b.stop();
  const joining = n.rockpool.linkThisDevice();
  const { link } = await codeOf(place, n);
  const again = account.open(link.slice(link.indexOf('#') + 1));
  await world.time.until('the link is read', () => {
    return again.view.arrival.kind === 'newDevice' && again.view.server.status === 'online';
  });
  const adding = again.rockpool.addDevice();
  await world.time.until('both compare', () =>
    [again, n].every((client) => stepOf(client) === 'comparing'),
  );
  t.match(n.view.linking, { answered: true });
  t.same(again.view.arrival, { kind: 'none' }, 'the link is used up');
  again.rockpool.answerDigits(true);
  await again.done(adding);
  await n.done(joining);
  t.equal(n.view.stage, 'signedIn');
});

t.test('[MEET-3] whoever says that the digits differ adds nothing on either side', async (t) => {
  for (const who of ['new', 'old'] as const) {
    const place = await withAccount();
    const { a, n } = place;
    const { joining, adding } = await comparing(place);
    (who === 'new' ? a : n).rockpool.answerDigits(true);
    (who === 'new' ? n : a).rockpool.answerDigits(false);
    t.equal(await n.fails(joining), 'LINK_DIGITS');
    t.equal(await a.fails(adding), 'LINK_DIGITS');
    t.equal(n.view.stage, 'signedOut');
    t.equal(a.view.pools[0]?.members[0]?.devices.length, 1);
  }
});

t.test('[MEET-4] keys that a server puts in the place of others show in the digits', async (t) => {
  const place = await withAccount();
  const mallory = createTestDevice();
  const device = { sign: mallory.keys.sign, ecdh: mallory.keys.ecdh, kind: 'browser' as const };
  const announcement = { device, nonce: new Uint8Array(32) };
  rewriteBodies(place.world, (body) => {
    if (body.step === 'commit') {
      return encodeMeetingBody({ step: 'commit', commit: meetingCommit(announcement) });
    }
    return encodeMeetingBody(body.step === 'announce' ? { ...body, announcement } : body);
  });
  const { digits, joining, adding } = await comparing(place);
  t.not(digits[0], digits[1]);
  place.a.rockpool.answerDigits(false);
  t.equal(await place.a.fails(adding), 'LINK_DIGITS');
  t.equal(await place.n.fails(joining), 'LINK_DIGITS');
});

t.test('[MEET-4] keys that were not committed to are refused before any digits', async (t) => {
  const place = await withAccount();
  const { a, n } = place;
  rewriteBodies(place.world, (body) => {
    if (body.step !== 'announce') return encodeMeetingBody(body);
    const { device } = body.announcement;
    return encodeMeetingBody({ ...body, announcement: { device, nonce: new Uint8Array(32) } });
  });
  const joining = n.rockpool.linkThisDevice();
  const { code } = await codeOf(place, n);
  t.equal(await a.fails(a.rockpool.addDevice(code)), 'LINK_DIGITS');
  t.equal(await n.fails(joining), 'LINK_ENDED');
});

t.test('[MEET-5] a new device signs no link but its own into the agreed account', async (t) => {
  for (const field of ['user', 'device', 'capability', 'expiry', 'prev', 'seq'] as const) {
    const place = await withAccount();
    const { world, a, n } = place;
    const { joining, adding } = await comparing(place);
    let signed = false;
    rewriteBodies(world, (body) => {
      signed ||= body.step === 'own';
      if (body.step !== 'statement') return encodeMeetingBody(body);
      return encodeMeetingBody({ ...body, link: changed(body.link, field) });
    });
    a.rockpool.answerDigits(true);
    n.rockpool.answerDigits(true);
    t.equal(await n.fails(joining), 'LINK_ENDED', field);
    t.equal(await a.fails(adding), 'LINK_ENDED', field);
    t.notOk(signed, field);
    t.equal(n.view.stage, 'signedOut');
  }
});

t.test('[MEET-2] a made-up proof of the scanned secret ends it', async (t) => {
  const place = await withAccount();
  const { a, n } = place;
  rewriteBodies(place.world, (body) => {
    const mac = body.step === 'introduce' ? { mac: new Uint8Array(32) } : {};
    return encodeMeetingBody({ ...body, ...mac });
  });
  const joining = n.rockpool.linkThisDevice();
  const { code } = await codeOf(place, n);
  const adding = a.rockpool.addDevice(code);
  t.equal(await n.fails(joining), 'LINK_DIGITS');
  t.equal(await a.fails(adding), 'LINK_ENDED');
});

t.test(
  'a code that leads nowhere is refused, and after five there are no more tries',
  async (t) => {
    const { a } = await withAccount();
    t.equal(await a.fails(a.rockpool.addDevice('what?')), 'LINK_UNKNOWN', 'not even asked');
    for (let i = 0; i < 5; i++) {
      t.equal(await a.fails(a.rockpool.addDevice('1abc-defg')), 'LINK_UNKNOWN');
    }
    t.equal(await a.fails(a.rockpool.addDevice('1abc-defg')), 'LINK_TRIES');
  },
);

t.test('a code that nobody uses is over after two minutes', async (t) => {
  const place = await withAccount();
  const { n, world } = place;
  const joining = n.rockpool.linkThisDevice();
  const { expiryMs, code } = await codeOf(place, n);
  t.ok(expiryMs <= world.time.nowMs() + MEETING_LIFE_MS);
  t.equal(await n.fails(joining), 'LINK_TIMEOUT');
  t.equal(stepOf(n), undefined);
  t.equal(await place.a.fails(place.a.rockpool.addDevice(code)), 'LINK_UNKNOWN');
});

t.test('digits that nobody answers end it on both sides', async (t) => {
  const place = await withAccount();
  const { joining, adding } = await comparing(place);
  t.match(await place.a.fails(adding), /^LINK_(TIMEOUT|ENDED)$/);
  t.match(await place.n.fails(joining), /^LINK_(TIMEOUT|ENDED)$/);
});

t.test('one attempt at a time, and a cancelled one makes room', async (t) => {
  const place = await withAccount();
  const { a, n } = place;
  const { joining, adding } = await comparing(place);
  t.equal(await a.fails(a.rockpool.addDevice('1abc-defg')), 'LINK_BUSY');
  t.equal(await n.fails(n.rockpool.linkThisDevice()), 'LINK_BUSY');
  a.rockpool.cancelLinking();
  t.equal(await a.fails(adding), 'LINK_CANCELLED');
  t.equal(await n.fails(joining), 'LINK_ENDED');
  const { joining: next, adding: more } = await comparing(place);
  n.rockpool.cancelLinking();
  t.equal(await n.fails(next), 'LINK_CANCELLED');
  t.equal(await a.fails(more), 'LINK_ENDED');
});

t.test('a node that dies in between ends the attempt, and the next one works', async (t) => {
  const place = await withAccount();
  const { world, a, n } = place;
  const { joining, adding } = await comparing(place);
  world.cluster.stop('1');
  t.equal(await n.fails(joining), 'LINK_ENDED');
  t.equal(await a.fails(adding), 'LINK_ENDED');
  await world.time.until('both are online elsewhere', () =>
    [a, n].every(({ view }) => view.server.status === 'online'),
  );
  await addedTo(place, n);
  t.equal(n.view.stage, 'signedIn');
});

t.test('a network that answers slowly is not taken for another one: it goes on', async (t) => {
  const world = new TestWorld();
  const place = await withAccount(world);
  const { a, n } = place;
  const fresh = world.device();
  const slow = fresh.open();
  await world.time.until('it is online', () => slow.view.server.status === 'online');
  const { joining, adding } = await comparing({ world, a, n: slow });
  const late = new Set<ServerFrame>();
  world.cluster.tamper = (frame, to) => {
    if (frame.type !== 'pong' || late.has(frame)) return frame;
    late.add(frame);
    world.time.after(2 * NETWORK_CHANGE_SILENCE_MS, () => to.push(frame));
    return undefined;
  };
  fresh.network.change();
  await world.time.pass(3 * NETWORK_CHANGE_SILENCE_MS);
  t.ok(late.size > 0, 'it was asked for a sign of life');
  t.equal(stepOf(slow), 'comparing');
  a.rockpool.answerDigits(true);
  slow.rockpool.answerDigits(true);
  await a.done(adding);
  await slow.done(joining);
  await n.stop();
});

t.test(
  'the other devices of a person hear that one is being added, and of the new one',
  async (t) => {
    const place = await withAccount();
    const { world, a, n } = place;
    await addedTo(place, n);
    const third = world.device().open();
    const heard: string[] = [];
    n.rockpool.subscribe(() => {
      for (const { text } of n.view.notices) if (!heard.includes(text)) heard.push(text);
    });
    await addedTo({ world, a }, third);
    await world.time.until('it is told', () => heard.length >= 2);
    t.match(heard, [/Another of your devices is adding/, /A browser was added to your account/]);
    t.notMatch(
      a.view.notices.map(({ text }) => text),
      [/added to your account/],
      'the one that did it needs no news',
    );
  },
);

t.test('of each new device a person hears once, however its link came here', async (t) => {
  const place = await withAccount();
  const { world, a, n } = place;
  await addedTo(place, n);
  const heard = new Set<number>();
  n.rockpool.subscribe(() => {
    for (const { id, text } of n.view.notices) if (text.includes('was added')) heard.add(id);
  });
  const kept: [ServerFrame, ClusterSocket][] = [];
  world.cluster.tamper = (frame, to) => {
    if (frame.type !== 'changed' || frame.chain !== 'user') return frame;
    kept.push([frame, to]);
    return undefined;
  };
  await addedTo({ world, a }, world.device().open());
  // Reads the chain before any news of it has come.
  t.equal(await n.fails(n.rockpool.addDevice('1abc-defg')), 'LINK_UNKNOWN');
  t.equal(heard.size, 0);
  world.cluster.tamper = (frame) => frame;
  for (const [frame, to] of [...kept, ...kept]) to.push(frame);
  await world.time.until('it is told', () => heard.size > 0);
  await world.time.settled(new Promise<void>((resolve) => world.time.after(1_000, resolve)));
  t.equal(heard.size, 1);
});

t.test('a chain that grew meanwhile is signed for once more', async (t) => {
  const place = await withAccount();
  const { world, a, n } = place;
  const b = await addedTo(place, world.device().open());
  const other = world.device().open();
  await world.time.until('all are online', () => other.view.server.status === 'online');
  const mine = await comparing(place);
  const theirs = await comparing({ world, a: b, n: other });
  for (const client of [a, n, b, other]) client.rockpool.answerDigits(true);
  await a.done(mine.adding);
  await b.done(theirs.adding);
  await n.done(mine.joining);
  await other.done(theirs.joining);
  t.same(
    [n, other].map(({ view }) => view.stage),
    ['signedIn', 'signedIn'],
  );
});

t.test(
  '[MEET-6] a server that shows another chain than the agreed one gets no new device',
  async (t) => {
    const place = await withAccount();
    const { world, a, n } = place;
    const { joining, adding } = await comparing(place);
    const stranger = await withAccount();
    const [foreign] = stranger.world.cluster.users.values();
    world.cluster.tamper = (frame) => {
      if (frame.type !== 'chain' || frame.chain !== 'user' || foreign === undefined) return frame;
      return { ...frame, links: foreign.links, more: 0 };
    };
    a.rockpool.answerDigits(true);
    n.rockpool.answerDigits(true);
    await a.fails(adding);
    t.match(await n.fails(joining), /^(CHAIN_FOREIGN|CHAIN_FORK|LINK_ENDED)$/);
    t.equal(n.view.stage, 'signedOut');
  },
);

function changed(link: Bytes, field: string): Bytes {
  const decoded = decodeCbor(link, deviceAddShape, link.length);
  if (!decoded.ok) throw new Error(decoded.detail);
  const statement = decoded.value;
  const mallory = createTestDevice();
  const others: Readonly<Record<string, unknown>> = {
    user: [statement.user[0], new Uint8Array(32).fill(9)],
    device: { ...statement.device, sign: mallory.keys.sign },
    capability: 'temporary',
    expiry: statement.expiry * 2,
    prev: new Uint8Array(32),
    seq: 0,
  };
  return encodeCbor({ ...statement, [field]: others[field] });
}
