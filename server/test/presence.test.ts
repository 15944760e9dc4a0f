import { encodeCbor, type Ref, slotOf, toHex } from '@rockpool/protocol';
import fc from 'fast-check';
import t from 'tap';
import {
  decodeNodeMessage,
  encodeNodeMessage,
  type NodeMessage,
  PRESENCE_ENTRIES_PER_MESSAGE_MAX,
  type PresenceMessage,
} from '../src/signaling/node-messages.ts';
import { PRESENCE_ASK_GAP_MS, PRESENCE_LEASE_MS, Presence } from '../src/signaling/presence.ts';

const id = (name: string) => {
  const bytes = new Uint8Array(32);
  bytes.set(new TextEncoder().encode(name).subarray(0, 32));
  return bytes;
};
const ref = (name: string): Ref => [slotOf(id(name)), id(name)];
const POOL = ref('pool');
const OTHER = ref('other pool');
const node = (name: string, boot = 1) =>
  new Presence({ node: name, incarnation: new Uint8Array(16).fill(7), boot });
const online = (presence: Presence, pool = POOL) =>
  presence
    .devices(pool)
    .map(({ device, node }) => `${new TextDecoder().decode(device).replace(/\0+$/, '')}@${node}`)
    .sort();

/** What one node sends reaches the other, in order, as bytes. */
function deliver(to: Presence, from: string, messages: readonly NodeMessage[], nowMs: number) {
  return messages.map((message) => {
    const decoded = decodeNodeMessage(encodeNodeMessage(message));
    if (!decoded.ok) throw new Error(decoded.detail);
    return to.receive(from, decoded.value as PresenceMessage, nowMs);
  });
}

t.test('[HUB-3] devices of another node vanish when its lease runs out', (t) => {
  const one = node('1');
  const two = node('2');
  one.enter(POOL, ref('anna'), id('a'), 10);
  one.takeDeltas();
  deliver(two, '1', one.reset(), 1000);
  t.same(online(two), ['a@1']);
  deliver(two, '1', [one.lease()], 3000);
  t.same(two.expire(3000 + PRESENCE_LEASE_MS - 1), new Set());
  t.same(online(two), ['a@1'], 'a renewed lease holds');
  t.same(two.expire(3000 + PRESENCE_LEASE_MS), new Set([toHex(POOL[1])]));
  t.same(online(two), []);
  t.equal(deliver(two, '1', [one.lease()], 9000)[0]?.ask, true, 'a paused node is asked anew');
  t.same(online(one), ['a@1'], 'a node keeps its own sockets whatever others say');
  t.end();
});

t.test('[HUB-3] a restarted node replaces all that its former self said', (t) => {
  const two = node('2');
  const before = node('1', 1);
  before.enter(POOL, ref('anna'), id('a'), 1);
  before.takeDeltas();
  deliver(two, '1', before.reset(), 0);
  const after = node('1', 2);
  after.enter(POOL, ref('bela'), id('b'), 2);
  const [late] = deliver(two, '1', after.takeDeltas(), 10);
  t.equal(late?.ask, true, 'a delta of an unknown boot is not believed');
  t.same(online(two), ['a@1']);
  t.same(deliver(two, '1', after.reset(), 600).at(-1)?.touched, new Set([toHex(POOL[1])]));
  t.same(online(two), ['b@1']);
  t.end();
});

t.test('[HUB-4] a lost delta is found and asked for, not more often than allowed', (t) => {
  const one = node('1');
  const two = node('2');
  deliver(two, '1', one.reset(), 0);
  one.enter(POOL, ref('anna'), id('a'), 1);
  one.takeDeltas(); // lost on the way
  one.enter(OTHER, ref('anna'), id('a'), 2);
  const missed = one.takeDeltas();
  t.equal(deliver(two, '1', missed, 100)[0]?.ask, true);
  t.equal(deliver(two, '1', [one.lease()], 100 + PRESENCE_ASK_GAP_MS - 1)[0]?.ask, false);
  t.equal(deliver(two, '1', [one.lease()], 100 + PRESENCE_ASK_GAP_MS)[0]?.ask, true);
  t.same(online(two), []);
  deliver(two, '1', one.reset(), 700);
  t.same([online(two), online(two, OTHER)], [['a@1'], ['a@1']]);
  t.end();
});

t.test('[HUB-4] a full state in parts counts only when it is complete and in order', (t) => {
  const one = node('1');
  for (let i = 0; i <= PRESENCE_ENTRIES_PER_MESSAGE_MAX; i++) {
    one.enter(POOL, ref(`user ${i}`), id(`device ${i}`), i);
  }
  one.takeDeltas();
  const parts = one.reset();
  t.equal(parts.length, 2);
  const two = node('2');
  deliver(two, '1', [parts[1]!], 0);
  t.same(online(two), [], 'the second part alone');
  deliver(two, '1', [parts[0]!], 0);
  t.same(online(two), [], 'the first part alone');
  deliver(two, '1', [parts[0]!, parts[1]!], 0);
  t.equal(online(two).length, PRESENCE_ENTRIES_PER_MESSAGE_MAX + 1);
  t.same(two.counts(), { local: 0, remote: PRESENCE_ENTRIES_PER_MESSAGE_MAX + 1 });
  t.end();
});

t.test('[HUB-1] a device with sockets on two nodes is shown once, at the newest', (t) => {
  const one = node('1');
  const two = node('2');
  two.enter(POOL, ref('anna'), id('a'), 50);
  two.takeDeltas();
  one.enter(POOL, ref('anna'), id('a'), 40);
  deliver(one, '2', two.reset(), 0);
  t.same(online(one), ['a@2']);
  t.equal(one.find(POOL, id('a'))?.node, '2');
  one.enter(POOL, ref('anna'), id('a'), 60);
  t.same(online(one), ['a@1']);
  t.equal(one.find(POOL, id('b')), undefined);
  t.end();
});

t.test('whatever is lost on the way, the next exchange after it makes both nodes agree', (t) => {
  const action = fc.record({
    device: fc.constantFrom('a', 'b', 'c'),
    pool: fc.constantFrom(POOL, OTHER),
    up: fc.boolean(),
    lost: fc.boolean(),
  });
  const property = fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
    const one = node('1');
    const two = node('2');
    let nowMs = 0;
    for (const { device, pool, up, lost } of actions) {
      nowMs += PRESENCE_ASK_GAP_MS;
      if (up) one.enter(pool, ref(device), id(device), nowMs);
      else one.leave(pool, id(device));
      const messages = [...one.takeDeltas(), one.lease()];
      if (lost) continue;
      const asks = deliver(two, '1', messages, nowMs).some(({ ask }) => ask);
      if (asks) deliver(two, '1', one.reset(), nowMs);
      if (online(one).join() !== online(two).join()) return false;
      if (online(one, OTHER).join() !== online(two, OTHER).join()) return false;
    }
    return true;
  });
  t.doesNotThrow(() => fc.assert(property));
  t.end();
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const anyRef = fc.tuple(fc.nat(65_535), bytes(32));
const source = { v: fc.constant(1 as const), incarnation: bytes(16), boot: fc.nat() };
const entry = fc.tuple(anyRef, anyRef, bytes(32), fc.nat());
const change = fc.tuple(
  anyRef,
  anyRef,
  bytes(32),
  fc.nat(),
  fc.constantFrom(0 as const, 1 as const),
);
const anyMessage: fc.Arbitrary<NodeMessage> = fc.oneof(
  fc.record({
    ...source,
    type: fc.constant('reset' as const),
    seq: fc.nat(),
    part: fc.nat(2047),
    parts: fc.nat(2048),
    devices: fc.array(entry, { maxLength: 4 }),
  }),
  fc.record({
    ...source,
    type: fc.constant('delta' as const),
    seq: fc.nat(),
    changes: fc.array(change, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ ...source, type: fc.constant('lease' as const), seq: fc.nat() }),
  fc.record({ v: fc.constant(1 as const), type: fc.constant('ask' as const) }),
  fc.record({
    v: fc.constant(1 as const),
    type: fc.constant('signal' as const),
    pool: anyRef,
    user: anyRef,
    from: bytes(32),
    to: bytes(32),
    body: fc.uint8Array({ minLength: 1, maxLength: 100 }),
  }),
);

t.test('[HUB-9] node messages come back as they went in', (t) => {
  const property = fc.property(anyMessage, (message) => {
    const decoded = decodeNodeMessage(encodeNodeMessage(message));
    t.same(decoded, { ok: true, value: message });
  });
  fc.assert(property, { numRuns: 50 });
  t.end();
});

t.test(
  '[HUB-9] no bytes make the decoder throw, and every change of a message is refused or read',
  (t) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (random) => !decodeNodeMessage(random).ok),
    );
    const cut = fc.property(anyMessage, fc.nat(), (message, at) => {
      const whole = encodeNodeMessage(message);
      return !decodeNodeMessage(whole.subarray(0, at % whole.length)).ok;
    });
    fc.assert(cut);
    t.match(decodeNodeMessage(new Uint8Array(70_000)), { code: 'PROTOCOL_TOO_LARGE' });
    t.match(decodeNodeMessage(encodeCbor({ v: 2, type: 'ask' })), { code: 'PROTOCOL_MALFORMED' });
    t.match(decodeNodeMessage(encodeCbor({ v: 1, type: 'hello' })), { code: 'PROTOCOL_MALFORMED' });
    t.end();
  },
);
