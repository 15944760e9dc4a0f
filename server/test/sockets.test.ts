import {
  type ClientFrame,
  decodeServerFrame,
  encodeCbor,
  FRAME_BYTES_MAX,
  type Ref,
  type ServerFrame,
} from '@rockpool/protocol';
import fc from 'fast-check';
import t from 'tap';
import { addressKey, RATE_LIMITS, RateLimits } from '../src/limits/rate-limits.ts';
import type { Meetings } from '../src/meetings/meetings.ts';
import type { SignalingHub } from '../src/signaling/hub.ts';
import { FRAMES_ANONYMOUS, FrameBudget } from '../src/ws/frame-budget.ts';
import { readClientFrame } from '../src/ws/frame-reader.ts';
import { ANONYMOUS_LIFE_MS, Gateway, HEARTBEAT_MS } from '../src/ws/gateway.ts';
import {
  REQUESTS_PENDING_MAX,
  type Route,
  Session,
  SOCKET_BUFFER_BYTES_MAX,
  type SocketPort,
} from '../src/ws/session.ts';
import { NEW_SESSION, refusalFor, type SessionState } from '../src/ws/session-state.ts';

const id = (fill: number) => new Uint8Array(32).fill(fill);
const ANNA: Ref = [1, id(1)];
const BELA: Ref = [2, id(2)];
const POOL: Ref = [3, id(3)];
const DEVICE = {
  id: id(11),
  keys: { sign: new Uint8Array(65), ecdh: new Uint8Array(65), kind: 'browser' },
  capability: 'full',
  expiry: 5_000_000,
  addedSeq: 0,
} as const;

class FakeSocket implements SocketPort {
  bufferedAmount = 0;
  readonly sent: ServerFrame[] = [];
  readonly closes: [number, string][] = [];
  pings = 0;
  terminated = false;
  send(data: Uint8Array): void {
    const decoded = decodeServerFrame(data);
    if (!decoded.ok) throw new Error(decoded.detail);
    this.sent.push(decoded.value);
  }
  close(code: number, reason: string): void {
    this.closes.push([code, reason]);
  }
  terminate(): void {
    this.terminated = true;
  }
  ping(): void {
    this.pings += 1;
  }
}

const log = { debug: () => {}, error: () => {} };
const counters = { received: () => {}, sent: () => {}, refused: () => {} };
const pong: Route = async () => ({ type: 'pong' });

function session(socket: FakeSocket, route: Route = pong) {
  const from = { origin: 'o', address: '::1', nonce: id(0), openedAtMs: 0 };
  return new Session(socket, from, route, log, counters);
}

const frames = (chain: 'user' | 'pool', ref: Ref): readonly ClientFrame[] => [
  { type: 'statement', re: 1, chain, ref, envelope: id(0) },
  { type: 'fetch', re: 1, chain, ref, from: 0, fresh: 0 },
];

t.test('[GW-5] what a socket may send follows from what it has shown', (t) => {
  const proof = { expiry: 1, sig: new Uint8Array(64) };
  const auth: ClientFrame = { type: 'auth', re: 1, user: ANNA, device: id(11), ...proof };
  const authority: readonly ClientFrame[] = [
    { type: 'pools', re: 1 },
    { type: 'relays', re: 1 },
    { type: 'watch', re: 1, pools: [] },
    { type: 'signal', re: 1, pool: POOL, to: id(1), body: id(1) },
    { type: 'meet', re: 1, code: '10000000' },
    ...frames('user', ANNA),
    ...frames('pool', POOL),
  ];
  for (const frame of authority)
    t.equal(refusalFor(NEW_SESSION, frame), 'AUTH_REQUIRED', frame.type);
  t.equal(refusalFor(NEW_SESSION, auth), undefined);
  const rendezvous: ClientFrame = { type: 'rendezvous', re: 1 };
  const meeting: readonly ClientFrame[] = [
    { type: 'ping', re: 1 },
    { type: 'pass', re: 1, body: id(1) },
    { type: 'part', re: 1 },
  ];
  for (const frame of [rendezvous, ...meeting]) t.equal(refusalFor(NEW_SESSION, frame), undefined);

  const enrolled: SessionState = { ...NEW_SESSION, enrolled: ANNA };
  for (const frame of frames('user', ANNA)) t.equal(refusalFor(enrolled, frame), undefined);
  for (const frame of frames('user', BELA)) t.equal(refusalFor(enrolled, frame), 'AUTH_REQUIRED');
  for (const frame of frames('pool', POOL)) t.equal(refusalFor(enrolled, frame), 'AUTH_REQUIRED');

  const proved: SessionState = { ...NEW_SESSION, proved: [POOL] };
  const [link, page] = frames('pool', POOL);
  t.equal(refusalFor(proved, page!), undefined);
  t.equal(refusalFor(proved, link!), 'AUTH_REQUIRED');

  const shown: SessionState = { ...NEW_SESSION, device: { user: ANNA, entry: DEVICE } };
  for (const frame of authority) t.equal(refusalFor(shown, frame), undefined, frame.type);
  for (const frame of meeting) t.equal(refusalFor(shown, frame), undefined, frame.type);
  t.equal(refusalFor(shown, auth), 'AUTH_PROOF', '[GW-6] a device is shown once');
  t.equal(refusalFor(shown, rendezvous), 'AUTH_PROOF', 'and is no new one');
  t.end();
});

t.test('[GW-3] broken, unknown and oversized messages are told apart', (t) => {
  t.match(readClientFrame(encodeCbor({ type: 'ping', re: 1 })), { ok: true });
  t.match(readClientFrame(encodeCbor({ type: 'ping' })), { code: 'PROTOCOL_MALFORMED' });
  t.match(readClientFrame(encodeCbor({ type: 'dance', re: 1 })), {
    code: 'PROTOCOL_UNKNOWN_FRAME',
  });
  t.match(readClientFrame(encodeCbor({ type: 7 })), { code: 'PROTOCOL_MALFORMED' });
  t.match(readClientFrame(encodeCbor({ type: 'ping', re: 1 }).subarray(0, 5)), {
    code: 'PROTOCOL_MALFORMED',
  });
  t.match(readClientFrame(new Uint8Array(FRAME_BYTES_MAX + 1)), { code: 'PROTOCOL_TOO_LARGE' });
  const random = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    readClientFrame(bytes);
  });
  t.doesNotThrow(() => fc.assert(random));
  t.end();
});

t.test('[GW-3] an unreadable message ends the socket and nothing after it counts', (t) => {
  const socket = new FakeSocket();
  const ours = session(socket);
  ours.receive(encodeCbor({ type: 'dance', re: 1 }), true);
  ours.receive(encodeCbor({ type: 'ping', re: 2 }), true);
  t.same(socket.closes, [[4400, 'PROTOCOL_UNKNOWN_FRAME']]);
  t.same(socket.sent, []);
  const other = new FakeSocket();
  session(other).receive(new TextEncoder().encode('{}'), false);
  t.same(other.closes, [[4400, 'PROTOCOL_MALFORMED']], 'a text message is none of ours');
  t.end();
});

t.test('[GW-4] answers carry their number; too many open requests are refused', async (t) => {
  const socket = new FakeSocket();
  const gate = Promise.withResolvers<void>();
  const ours = session(socket, async () => {
    await gate.promise;
    return { type: 'pong' };
  });
  for (let re = 0; re <= REQUESTS_PENDING_MAX; re++) {
    ours.receive(encodeCbor({ type: 'ping', re }), true);
  }
  t.match(socket.sent, [{ type: 'error', re: REQUESTS_PENDING_MAX, code: 'LIMIT_RATE' }]);
  gate.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(socket.sent.filter(({ type }) => type === 'pong').length, REQUESTS_PENDING_MAX);
  ours.receive(encodeCbor({ type: 'ping', re: 99 }), true);
  await new Promise((resolve) => setImmediate(resolve));
  t.match(socket.sent.at(-1), { type: 'pong', re: 99 });
});

t.test('[GW-13] a socket that sends frames without end is closed', async (t) => {
  const flood = (ours: Session, count: number) => {
    for (let re = 0; re < count; re++) ours.receive(encodeCbor({ type: 'pools', re }), true);
  };
  const nobody = new FakeSocket();
  flood(session(nobody), FRAMES_ANONYMOUS.burst);
  t.same(nobody.closes, [], 'a sign-in needs some');
  const flooding = new FakeSocket();
  flood(session(flooding), 2 * FRAMES_ANONYMOUS.burst);
  t.same(flooding.closes, [[1008, 'LIMIT_RATE']]);
  t.ok(flooding.sent.length < FRAMES_ANONYMOUS.burst + 10, 'and nothing after that is answered');
  const known = new FakeSocket();
  const ours = session(known);
  ours.state = { ...ours.state, device: { user: ANNA, entry: DEVICE } };
  flood(ours, FRAMES_ANONYMOUS.burst * 4);
  t.same(known.closes, []);
  const budget = new FrameBudget();
  for (let at = 0; at < 100; at++) t.ok(budget.take(at * 1000, false));
  for (let at = 0; at < FRAMES_ANONYMOUS.burst; at++) budget.take(100_000, false);
  t.notOk(budget.take(100_000, false));
  t.ok(budget.take(102_000, false), 'it fills up again');
});

t.test(
  'a failing request is answered with a correlation id and nothing of its cause',
  async (t) => {
    const socket = new FakeSocket();
    const errors: object[] = [];
    const secret = 'canary-7f3a';
    const from = { origin: 'o', address: '::1', nonce: id(0), openedAtMs: 0 };
    const failing = async () => Promise.reject(new Error(secret));
    const error = (fields: object) => void errors.push(fields);
    const ours = new Session(socket, from, failing, { debug: () => {}, error }, counters);
    ours.receive(encodeCbor({ type: 'ping', re: 5 }), true);
    await new Promise((resolve) => setImmediate(resolve));
    t.match(socket.sent, [{ type: 'error', re: 5, code: 'INTERNAL', detail: /^[0-9a-f-]{36}$/ }]);
    t.notOk(JSON.stringify(socket.sent).includes(secret));
    t.match(errors, [{ correlationId: /^[0-9a-f-]{36}$/, frame: 'ping' }]);
  },
);

t.test('[GW-8] a socket that does not read is closed', (t) => {
  const socket = new FakeSocket();
  const ours = session(socket);
  socket.bufferedAmount = SOCKET_BUFFER_BYTES_MAX;
  ours.send({ type: 'pong', re: 1 });
  t.same(socket.closes, []);
  socket.bufferedAmount += 1;
  ours.send({ type: 'pong', re: 2 });
  ours.send({ type: 'pong', re: 3 });
  t.same(socket.closes, [[4429, 'LIMIT_BACKPRESSURE']]);
  t.equal(socket.sent.length, 2);
  t.end();
});

function gateway(active = async () => false) {
  const clock = { nowMs: 0 };
  const detached: unknown[] = [];
  const hub = {
    detach: (socket: unknown) => void detached.push(socket),
  } as unknown as SignalingHub;
  const waiting = new Set<unknown>();
  const meetings = {
    has: (socket: unknown) => waiting.has(socket),
    leave: (socket: unknown) => void waiting.delete(socket),
  } as unknown as Meetings;
  const gate = new Gateway({
    hub,
    meetings,
    route: pong,
    log,
    counters,
    others: () => ['2', '3'],
    deviceActive: active,
    nowMs: () => clock.nowMs,
    hello: async () => ({
      realm: id(1),
      cluster: new Uint8Array(16),
      node: new Uint8Array(16),
      name: '1',
      nodes: [],
      stun: [],
      rpId: 'localhost',
      unclaimed: 1,
    }),
  });
  return { gate, clock, detached, waiting };
}

t.test('[GW-2] every socket has a hello with a nonce of its own', async (t) => {
  const { gate } = gateway();
  const sockets = [new FakeSocket(), new FakeSocket()];
  for (const socket of sockets) await gate.greet(gate.accept(socket, 'o', 'a'));
  const nonces = sockets.map(({ sent: [hello] }) =>
    hello?.type === 'hello' ? hello.nonce : id(0),
  );
  t.notSame(nonces[0], nonces[1]);
  t.equal(nonces[0]?.length, 32);
});

t.test('[GW-7] time limits: showing no device, and being gone', (t) => {
  const { gate, clock } = gateway();
  const silent = new FakeSocket();
  const shown = new FakeSocket();
  gate.accept(silent, 'o', 'a');
  const ours = gate.accept(shown, 'o', 'a');
  ours.state = { ...ours.state, device: { user: ANNA, entry: DEVICE } };
  t.same(gate.counts(), { anonymous: 1, device: 1 });
  clock.nowMs = HEARTBEAT_MS;
  gate.sweep();
  t.equal(shown.pings, 1);
  ours.alive = true; // its pong
  clock.nowMs = 2 * HEARTBEAT_MS;
  gate.sweep();
  t.equal(shown.terminated, false);
  t.equal(silent.terminated, true, 'nothing came since the last ping');
  clock.nowMs = ANONYMOUS_LIFE_MS + 1;
  gate.sweep();
  t.same(silent.closes, [[1008, 'AUTH_REQUIRED']]);
  t.same(shown.closes, []);
  t.end();
});

t.test('[GW-7] a new device that waits under its code is not hurried', (t) => {
  const { gate, clock, waiting } = gateway();
  const socket = new FakeSocket();
  const ours = gate.accept(socket, 'o', 'a');
  waiting.add(ours);
  clock.nowMs = ANONYMOUS_LIFE_MS + 1;
  gate.sweep();
  t.same(socket.closes, []);
  gate.close(ours);
  t.notOk(waiting.has(ours), 'and it waits no more once its socket is gone');
  t.end();
});

t.test('[GW-11] an expired device loses its socket, a renewed one keeps it', async (t) => {
  for (const active of [false, true]) {
    const { gate, clock, detached } = gateway(async () => active);
    const socket = new FakeSocket();
    const ours = gate.accept(socket, 'o', 'a');
    ours.state = { ...ours.state, device: { user: ANNA, entry: DEVICE } };
    clock.nowMs = DEVICE.expiry;
    gate.sweep();
    await new Promise((resolve) => setImmediate(resolve));
    t.same(socket.closes, active ? [] : [[1008, 'AUTH_DEVICE_UNKNOWN']]);
    gate.close(ours);
    gate.close(ours);
    t.equal(detached.length, 1);
    t.same(gate.counts(), { anonymous: 0, device: 0 });
  }
});

t.test('[GW-9] draining tells every socket where to go, then closes it', (t) => {
  const { gate } = gateway();
  const socket = new FakeSocket();
  gate.accept(socket, 'o', 'a');
  gate.drain();
  t.match(socket.sent, [{ type: 'drain', to: ['2', '3'] }]);
  t.same(socket.closes, [[4503, 'CLUSTER_DRAINING']]);
  t.equal(gate.draining, true);
  t.end();
});

t.test('[GW-10] an allowance is used up by its key alone and says how long to wait', async (t) => {
  const limits = new RateLimits({ ...RATE_LIMITS, invite: { points: 2, seconds: 60 } });
  t.equal(await limits.take('invite', 'a'), undefined);
  t.equal(await limits.take('invite', 'a'), undefined);
  const waitMs = await limits.take('invite', 'a');
  t.ok(waitMs !== undefined && waitMs > 0 && waitMs <= 60_000);
  t.equal(await limits.take('invite', 'b'), undefined);
  t.equal(await limits.take('sockets', 'a'), undefined);
});

t.test('[GW-10] an IPv6 client counts by its /64, IPv4 by its address', (t) => {
  t.equal(addressKey('192.0.2.1'), '192.0.2.1');
  t.equal(addressKey('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(addressKey('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  t.equal(addressKey('2001:db8:1:2::9'), '2001:db8:1:2::/64');
  t.equal(addressKey('2001:db8::1'), '2001:db8:0:0::/64');
  t.equal(addressKey('::1'), '0:0:0:0::/64');
  t.equal(addressKey('fe80::1%eth0'), 'fe80:0:0:0::/64');
  t.doesNotThrow(() => fc.assert(fc.property(fc.ipV6(), (ip) => addressKey(ip).length > 0)));
  t.end();
});
