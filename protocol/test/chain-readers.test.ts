import fc from 'fast-check';
import t from 'tap';
import {
  admitInput,
  decodeInviteLink,
  decodePoolState,
  decodeUserState,
  encodeCbor,
  encodeInviteLink,
  encodePoolState,
  encodeUserState,
  equalHeads,
  equalRefs,
  friendlyName,
  friendlyPoolName,
  inviteProofBytes,
  judgePool,
  judgeUser,
  type PoolState,
  replayUser,
  type StoredLink,
  signInput,
  socketProofBytes,
  taggedHash,
  type UserState,
  utf8,
} from '../src/index.ts';
import {
  authorsAmong,
  createTestKey,
  createTestPerson,
  createTestPool,
  replayPool,
  verifyChecks,
} from '../testing/index.ts';
import { flipBit } from './forge.ts';
import { holdsForAll } from './holds-for-all.ts';

const NOW = 1_800_000_000_000;
const nina = createTestPerson({ nowMs: NOW });
const ben = createTestPerson({ nowMs: NOW, algorithm: -8 });
for (const person of [nina, ben]) {
  const second = person.deviceAdd();
  person.append(second.envelope);
  person.append(person.deviceAdd({ by: second.device, capability: 'temporary' }).envelope);
}
const pool = createTestPool(nina, { nowMs: NOW });
pool.admit(ben, nina);

t.test('[USR-16] a chain replays from its genesis, or from a state, to the same end', async (t) => {
  const whole = replayUser(nina.links);
  if (!whole.ok) throw new Error(whole.detail);
  t.strictSame(whole.value.state, nina.state);
  t.ok(verifyChecks(whole.value.checks));
  t.equal(whole.value.checks.length, 5);
  t.strictSame(
    whole.value.heads,
    whole.value.states.map(({ seq, head }) => [seq, head]),
  );
  const rest = replayUser(nina.links.slice(1), whole.value.states[0]);
  t.ok(rest.ok);
  t.strictSame(rest.ok && rest.value.state, nina.state);
  t.strictSame(replayUser([], nina.state).ok, true);
  t.match(replayUser([]), { ok: false, code: 'CHAIN_UNKNOWN' });
  t.match(replayUser([...nina.links].reverse()), { ok: false, code: 'CHAIN_UNKNOWN' });
  t.match(replayUser([nina.links[0]!, nina.links[2]!]), { ok: false, code: 'CHAIN_CONFLICT' });
  t.match(replayUser([nina.links[0]!, ben.links[1]!]), { ok: false, code: 'CHAIN_MALFORMED' });
});

t.test(
  '[USR-16] a made-up chain that lists the victim’s credential has another handle',
  async (t) => {
    const forger = createTestPerson({ nowMs: NOW });
    const listed = { ...forger.state, credentials: nina.state.credentials };
    t.notSame(listed.handle, nina.handle, 'the passkey itself presents the true one');
  },
);

t.test('[POOL-8] a pool replays with its authors at the heads that its links cite', async (t) => {
  const whole = replayPool(pool.links, authorsAmong(nina, ben));
  if (!whole.ok) throw new Error(whole.detail);
  t.strictSame(whole.value.state, pool.state);
  t.ok(verifyChecks(whole.value.checks));
  const rest = replayPool(pool.links.slice(2), authorsAmong(nina, ben), whole.value.states[1]);
  t.strictSame(rest.ok && rest.value.state, pool.state);
  t.match(replayPool(pool.links, authorsAmong(nina)), { ok: false, code: 'CHAIN_STALE' });
  t.match(replayPool(nina.links, authorsAmong(nina)), { ok: false, code: 'CHAIN_UNKNOWN_KIND' });
  t.ok(equalRefs(pool.ref, [pool.ref[0], pool.ref[1]]));
  t.notOk(equalHeads(nina.head, [nina.head[0] + 1, nina.head[1]]));
});

t.test('[USR-15] [POOL-2] no bit of a valid chain can be flipped', async (t) => {
  const users: [UserState | undefined, StoredLink][] = [nina, ben].flatMap((person) =>
    person.links.map((link, i): [UserState | undefined, StoredLink] => [
      i === 0 ? undefined : replayedUser(person.links.slice(0, i)),
      link,
    ]),
  );
  const pools = pool.links.map((link, i): [PoolState | undefined, StoredLink, UserState] => {
    const state = i === 0 ? undefined : replayedPool(pool.links.slice(0, i));
    return [state, link, i === 2 ? ben.state : nina.state];
  });
  holdsForAll(
    t,
    fc.property(fc.constantFrom(...users), fc.nat(), ([state, { envelope }], bit) => {
      const judged = judgeUser(state, flipBit(envelope, bit % (envelope.length * 8)), NOW);
      return !judged.ok || !verifyChecks(judged.value.checks);
    }),
    { numRuns: 1500 },
  );
  holdsForAll(
    t,
    fc.property(fc.constantFrom(...pools), fc.nat(), ([state, { envelope }, author], bit) => {
      const judged = judgePool(state, flipBit(envelope, bit % (envelope.length * 8)), NOW, author);
      return !judged.ok || !verifyChecks(judged.value.checks);
    }),
    { numRuns: 1500 },
  );
  t.ok(users.length === 6 && pools.length === 3, 'over every kind of link');
});

t.test('[ENC-7] states survive their rows, and judging goes on from there', async (t) => {
  const user = decodeUserState(encodeUserState(nina.state));
  const rooms = decodePoolState(encodePoolState(pool.state));
  if (!user.ok || !rooms.ok) throw new Error('rows do not decode');
  t.strictSame(user.value, nina.state);
  t.strictSame(rooms.value, pool.state);
  t.ok(judgeUser(user.value, nina.deviceAdd().envelope, NOW).ok);
  t.ok(judgePool(rooms.value, pool.invite(nina).envelope, NOW, user.value).ok);
});

t.test('[WS-2] [WS-3] [WS-4] short-lived proofs cover realm, node, origin and nonce', async (t) => {
  const common = {
    realm: new Uint8Array(32).fill(1),
    node: new Uint8Array(16).fill(2),
    origin: 'https://pool.example',
    nonce: new Uint8Array(32).fill(3),
    expiry: NOW,
  };
  const socket = { ...common, device: nina.device.id };
  const invite = { ...common, invite: createTestKey().point };
  t.strictSame(socketProofBytes(socket), signInput('ws', encodeCbor(socket)));
  t.strictSame(inviteProofBytes(invite), signInput('ws', encodeCbor(invite)));
  const changes = [{ realm: socket.nonce }, { node: new Uint8Array(16) }, { origin: 'https://b' }];
  for (const change of [...changes, { nonce: socket.realm }, { expiry: 1 }]) {
    t.notSame(socketProofBytes({ ...socket, ...change }), socketProofBytes(socket));
  }
  const admitted = admitInput(common.realm, nina.handle);
  t.strictSame(admitted, signInput('admit', common.realm, nina.handle));
});

t.test('[WS-6] an invite link carries what a newcomer needs in a short fragment', async (t) => {
  const link = {
    v: 1,
    realm: pool.ref[1],
    pool: pool.ref,
    priv: nina.handle,
    pub: nina.device.keys.sign,
  } as const;
  const fragment = encodeInviteLink(link);
  t.match(fragment, /^[A-Za-z0-9_-]{250,300}$/);
  t.strictSame(decodeInviteLink(fragment), { ok: true, value: link });
});

t.test('everybody computes the same friendly names from an id', async (t) => {
  const id = taggedHash('link', utf8('somebody'));
  t.strictSame(friendlyName(id), friendlyName(id.slice()));
  t.equal(friendlyPoolName(id), friendlyPoolName(id.slice()));
  const names = new Set<string>();
  const pools = new Set<string>();
  for (let i = 0; i < 2000; i++) {
    const some = taggedHash('link', utf8(`${i}`));
    const { name, hue } = friendlyName(some);
    if (!/^[A-Z][a-z]+ [A-Z][a-z]+$/.test(name) || hue < 0 || hue > 359) t.fail(name);
    names.add(name);
    pools.add(friendlyPoolName(some));
  }
  t.ok(names.size > 1500 && pools.size > 1500, 'and they seldom meet');
  t.match(friendlyName(new Uint8Array(0)).name, /^[A-Z][a-z]+ [A-Z][a-z]+$/);
});

function replayedUser(links: readonly StoredLink[]): UserState {
  const replayed = replayUser(links);
  if (!replayed.ok) throw new Error(replayed.detail);
  return replayed.value.state;
}

function replayedPool(links: readonly StoredLink[]): PoolState {
  const replayed = replayPool(links, authorsAmong(nina, ben));
  if (!replayed.ok) throw new Error(replayed.detail);
  return replayed.value.state;
}
