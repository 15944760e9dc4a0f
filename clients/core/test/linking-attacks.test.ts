import {
  decodeMeetingBody,
  decodeMeetingLink,
  encodeMeetingBody,
  encodeMeetingLink,
  type MeetingBody,
} from '@rockpool/protocol';
import t from 'tap';
import { MEETING_BODIES_MAX } from '../src/limits.ts';
import { Attempt } from '../src/linking/attempt.ts';
import type { Link } from '../src/session/link.ts';
import type { ClusterSocket } from '../testing/fake-cluster.ts';
import { type TestClient, VirtualTime } from '../testing/index.ts';
import {
  addedTo,
  codeOf,
  comparing,
  rewriteBodies,
  stepOf,
  withAccount,
} from '../testing/two-devices.ts';

type Place = Awaited<ReturnType<typeof withAccount>>;

/** The new device's socket while it has shown no device. */
function freshSocket({ world }: Place): ClusterSocket {
  const socket = [...world.cluster.sockets].find(({ device }) => device === undefined);
  if (socket === undefined) throw new Error('no new device is connected');
  return socket;
}

function bothSaySame({ a, n }: Pick<Place, 'a' | 'n'>): void {
  a.rockpool.answerDigits(true);
  n.rockpool.answerDigits(true);
}

/** The page of the account's device is opened by the new device's link, changed on its way. */
async function scanned(place: Place, change: (text: string) => string = (text) => text) {
  const { world, a, n } = place;
  const account = world.device();
  const b = await addedTo({ world, a }, account.open());
  await b.stop();
  const joining = n.rockpool.linkThisDevice();
  const { link } = await codeOf(place, n);
  const fragment = `device=${change(link.slice(link.indexOf('=') + 1))}`;
  const again = account.open(fragment);
  await world.time.until('the link is read', () => {
    return again.view.arrival.kind === 'newDevice' && again.view.server.status === 'online';
  });
  return { again, joining };
}

/** The new device has signed and the other one is done, but nobody tells the new one. */
async function signedButNotTold(place: Place) {
  const { world, a, n } = place;
  const { joining, adding } = await comparing(place);
  const fresh = freshSocket(place);
  world.cluster.tamper = (frame, to) => {
    if (to !== fresh || (frame.type !== 'passed' && frame.type !== 'parted')) return frame;
    const body = frame.type === 'passed' ? decodeMeetingBody(frame.body) : undefined;
    return body?.ok && body.value.step !== 'added' ? frame : undefined;
  };
  bothSaySame({ a, n });
  await a.done(adding);
  world.cluster.tamper = (frame) => frame;
  return { joining };
}

t.test('a socket that breaks as the new device shows itself is only a delay', async (t) => {
  const place = await withAccount();
  const { world, a, n } = place;
  const { joining, adding } = await comparing(place);
  const fresh = freshSocket(place);
  world.cluster.tamper = (frame, to) => {
    if (to !== fresh || frame.type !== 'ok' || to.device === undefined) return frame;
    to.break();
    return undefined;
  };
  bothSaySame(place);
  await a.done(adding);
  t.equal(await n.fails(joining), 'succeeded');
  t.equal(n.view.me?.userId, a.view.me?.userId);
});

t.test('a new device whose chain cannot be read at once asks once more', async (t) => {
  const place = await withAccount();
  const { world, a, n } = place;
  const { joining, adding } = await comparing(place);
  const fresh = freshSocket(place);
  world.cluster.tamper = (frame, to) => {
    if (to !== fresh || frame.type !== 'chain') return frame;
    to.break();
    return undefined;
  };
  bothSaySame(place);
  await a.done(adding);
  t.equal(await n.fails(joining), 'succeeded');
});

t.test('a new device that is ahead of the one that adds it waits for it', async (t) => {
  const place = await withAccount();
  const { world, a, n } = place;
  const { joining, adding } = await comparing(place);
  const fresh = freshSocket(place);
  const { cluster } = world;
  const append = cluster.appendUser.bind(cluster);
  let refused = 0;
  cluster.appendUser = (envelope) => {
    if (refused++ > 0) return append(envelope);
    fresh.break();
    return { ok: false, code: 'CLUSTER_UNAVAILABLE', detail: 'no leader' };
  };
  bothSaySame(place);
  await a.done(adding);
  t.equal(await n.fails(joining), 'succeeded');
  t.notMatch(n.view.notices, [{ tone: 'bad' }], 'asking is no trouble');
});

t.test('a new device that turns away after it signed takes no account', async (t) => {
  const place = await withAccount();
  const { n } = place;
  const { joining } = await signedButNotTold(place);
  n.rockpool.cancelLinking();
  t.equal(await n.fails(joining), 'LINK_CANCELLED');
  t.equal(n.view.stage, 'signedOut');
});

t.test('an account made by passkey while a device is linked is the only one there', async (t) => {
  const place = await withAccount();
  const { world, a } = place;
  const n = world.device().open(await a.inviteFragment());
  await place.n.stop();
  await world.time.until('it is online', () => n.view.server.status === 'online');
  const { joining } = await signedButNotTold({ world, a, n });
  await n.done(n.rockpool.createAccount());
  t.equal(await n.fails(joining), 'LINK_CANCELLED');
  t.not(n.view.me?.userId, a.view.me?.userId);
  await world.time.until('both are in the pool', () => a.connected === 1);
});

t.test('linking waits for a passkey that is being asked for', async (t) => {
  const { world, a } = await withAccount();
  const n = world.device().open(await a.inviteFragment());
  const creating = n.rockpool.createAccount();
  t.equal(await n.fails(n.rockpool.linkThisDevice()), 'LINK_CANCELLED');
  await n.done(creating);
});

t.test('a device that was not taken in after all can begin again at once', async (t) => {
  const place = await withAccount();
  const { world, a, n } = place;
  const { joining, adding } = await comparing(place);
  world.cluster.tamper = (frame, to) => {
    const shortened = frame.type === 'chain' && to.owner === freshOwner && frame.links.length > 0;
    return shortened ? { ...frame, links: frame.links.slice(0, 1), more: 0 } : frame;
  };
  const freshOwner = freshSocket(place).owner;
  bothSaySame(place);
  await a.done(adding);
  t.equal(await n.fails(joining), 'CHAIN_FORK', '[MEET-6] the chain must list the new device');
  t.equal(n.view.stage, 'signedOut');
  world.cluster.tamper = (frame) => frame;
  await addedTo(place, n);
  t.equal(n.view.stage, 'signedIn');
});

t.test('[MEET-6] the chain must have the head of the introduction at its place', async (t) => {
  const place = await withAccount();
  const { world, a, n } = place;
  await addedTo(place, world.device().open());
  rewriteBodies(world, (body) => {
    if (body.step !== 'introduce') return encodeMeetingBody(body);
    const { introduction } = body;
    const head = [0, new Uint8Array(32)] as const;
    return encodeMeetingBody({ ...body, introduction: { ...introduction, head } });
  });
  const { joining, adding } = await comparing(place);
  bothSaySame(place);
  await a.done(adding);
  t.equal(await n.fails(joining), 'CHAIN_FORK');
});

t.test('what is left of a meeting that both gave up does not reach the next one', async (t) => {
  const place = await withAccount();
  const { world, a, n } = place;
  const m = world.device().open();
  await world.time.until('it is online', () => m.view.server.status === 'online');
  const waiting = m.rockpool.linkThisDevice();
  const { code } = await codeOf(place, m);
  const { joining, adding } = await comparing(place);
  world.cluster.tamper = (frame) => {
    if (frame.type === 'parted') a.rockpool.cancelLinking();
    return frame;
  };
  n.rockpool.cancelLinking();
  const next = adding.then(() => a.rockpool.addDevice(code));
  t.equal(await n.fails(joining), 'LINK_CANCELLED');
  t.equal(await a.fails(adding), 'LINK_CANCELLED');
  world.cluster.tamper = (frame) => frame;
  await world.time.until(
    'both compare',
    () => stepOf(a) === 'comparing' && stepOf(m) === 'comparing',
  );
  bothSaySame({ a, n: m });
  t.equal(await a.fails(next), 'succeeded');
  await m.done(waiting);
});

t.test(
  '[MEET-3] that the digits differ can be said after all, also where nobody asked',
  async (t) => {
    const late = await withAccount();
    const first = await comparing(late);
    late.n.rockpool.answerDigits(true);
    late.n.rockpool.answerDigits(false);
    t.equal(await late.n.fails(first.joining), 'LINK_DIGITS');
    t.equal(await late.a.fails(first.adding), 'LINK_DIGITS');

    const place = await withAccount();
    const { again, joining } = await scanned(place);
    const adding = again.rockpool.addDevice();
    const both: readonly TestClient[] = [again, place.n];
    await place.world.time.until('both compare', () =>
      both.every((each) => stepOf(each) === 'comparing'),
    );
    place.n.rockpool.answerDigits(false);
    t.equal(await place.n.fails(joining), 'LINK_DIGITS');
    t.equal(await again.fails(adding), 'LINK_DIGITS');
  },
);

t.test('[MEET-2] whoever scanned a link meets nobody but the device that showed it', async (t) => {
  const place = await withAccount();
  const { again, joining } = await scanned(place);
  rewriteBodies(place.world, (body) => {
    return encodeMeetingBody(
      body.step === 'commit' ? { ...body, commit: new Uint8Array(32) } : body,
    );
  });
  t.equal(await again.fails(again.rockpool.addDevice()), 'LINK_DIGITS');
  t.equal(await place.n.fails(joining), 'LINK_ENDED');
});

t.test('[MEET-2] a link of another realm leads nowhere', async (t) => {
  const place = await withAccount();
  const { again, joining } = await scanned(place, (text) => {
    const link = decodeMeetingLink(text);
    if (!link.ok) throw new Error(link.detail);
    return encodeMeetingLink({ ...link.value, realm: new Uint8Array(32) });
  });
  t.equal(await again.fails(again.rockpool.addDevice()), 'LINK_UNKNOWN');
  t.equal(stepOf(place.n), 'waiting', 'nobody has come to it');
  place.n.rockpool.cancelLinking();
  await place.n.fails(joining);
});

t.test('[MEET-7] a body out of turn, or a signature that does not hold, ends it', async (t) => {
  for (const changed of ['announce', 'own'] as const) {
    const place = await withAccount();
    const { a, n, world } = place;
    rewriteBodies(world, (body: MeetingBody) => {
      if (body.step !== changed) return encodeMeetingBody(body);
      if (body.step === 'announce') return encodeMeetingBody({ step: 'added' });
      return encodeMeetingBody({ step: 'own', sig: new Uint8Array(64) });
    });
    const joining = n.rockpool.linkThisDevice();
    const { code } = await codeOf(place, n);
    const adding = a.rockpool.addDevice(code);
    if (changed === 'own') {
      await world.time.until('both compare', () => stepOf(a) === 'comparing');
      bothSaySame(place);
    }
    t.equal(await a.fails(adding), 'LINK_ENDED', changed);
    t.equal(await n.fails(joining), 'LINK_ENDED', changed);
  }
});

t.test('a device that talks without end is not listened to', async (t) => {
  const attempt = new Attempt({ clock: new VirtualTime(), changed: () => {} });
  const body = encodeMeetingBody({ step: 'added' });
  for (let i = 0; i <= MEETING_BODIES_MAX; i++) attempt.push({ type: 'passed', body });
  const untilMs = Number.MAX_SAFE_INTEGER;
  for (let i = 0; i < MEETING_BODIES_MAX; i++) t.ok((await attempt.hear(untilMs, 'added')).ok);
  t.same(await attempt.hear(untilMs, 'added'), { ok: false, code: 'LINK_ENDED' });
});

t.test('an attempt that is over leaves nothing at its link', async (t) => {
  const attempt = new Attempt({ clock: new VirtualTime(), changed: () => {} });
  const ends = new Set<() => void>();
  const onceEnded = (run: () => void) => {
    ends.add(run);
    return () => ends.delete(run);
  };
  attempt.follow({ onceEnded, request: async () => 'closed' } as unknown as Link);
  t.equal(ends.size, 1);
  await attempt.leave();
  t.equal(ends.size, 0);
});
