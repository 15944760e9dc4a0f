import { decodeServerFrame, MEETING_LIFE_MS, type ServerFrame, toHex } from '@rockpool/protocol';
import t from 'tap';
import {
  CODES_MAX,
  CODES_PER_ADDRESS_MAX,
  MEET_TIMEOUT_MS,
  Meetings,
  PASS_AGAIN_MS,
  PASS_TRIES_MAX,
} from '../src/meetings/meetings.ts';
import { decodeNodeMessage, type MeetingMessage } from '../src/signaling/node-messages.ts';
import type { GatewayContext } from '../src/ws/handlers/gateway-context.ts';
import { handleRendezvous } from '../src/ws/handlers/meetings.ts';
import type { Session } from '../src/ws/session.ts';

const body = new TextEncoder().encode('said');

class Socket {
  readonly from: { readonly address: string };
  readonly frames: ServerFrame[] = [];
  constructor(address = '192.0.2.1') {
    this.from = { address };
  }
  push(frame: Uint8Array): void {
    const decoded = decodeServerFrame(frame);
    if (!decoded.ok) throw new Error(decoded.detail);
    this.frames.push(decoded.value);
  }
  get heard(): readonly string[] {
    return this.frames.map(({ type }) => type);
  }
}

/** Nodes whose messages arrive at once, and a clock that a test moves. */
class World {
  nowMs = 0;
  readonly #timers = new Set<{ atMs: number; run: () => void }>();
  readonly nodes = new Map<string, Meetings>();
  readonly connected = new Set<string>();
  readonly sent: MeetingMessage[] = [];
  deaf = false;
  #random = 0;

  /** Ids with the same last five bits of their first byte share the first character of codes. */
  node(firstByte: number): Meetings {
    const id = toHex(new Uint8Array(16).fill(firstByte));
    const meetings = new Meetings({
      self: id,
      connected: () => [...this.connected].filter((other) => other !== id),
      send: (to, message) => {
        const decoded = decodeNodeMessage(message);
        if (!decoded.ok || !this.connected.has(to)) return false;
        this.sent.push(decoded.value as MeetingMessage);
        if (!this.deaf) this.nodes.get(to)?.receive(id, decoded.value as MeetingMessage);
        return true;
      },
      randomBytes: (length) => {
        this.#random += 1;
        return Uint8Array.from({ length }, (_, i) => Math.floor(this.#random / 32 ** i));
      },
      nowMs: () => this.nowMs,
      after: (delayMs, run) => {
        const timer = { atMs: this.nowMs + delayMs, run };
        this.#timers.add(timer);
        return () => void this.#timers.delete(timer);
      },
    });
    this.nodes.set(id, meetings);
    this.connected.add(id);
    return meetings;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.nowMs) continue;
      this.#timers.delete(timer);
      timer.run();
    }
  }

  get timers(): number {
    return this.#timers.size;
  }
}

function opened(meetings: Meetings, socket: Socket): string {
  const code = meetings.open(socket);
  if (!code.ok) throw new Error(code.code);
  return code.value.code;
}

t.test('[HUB-11] two devices meet under a code at one node', async (t) => {
  const world = new World();
  const node = world.node(1);
  const [fresh, known] = [new Socket('192.0.2.1'), new Socket('192.0.2.1')];
  const code = opened(node, fresh);
  t.match(code, /^1[0-9A-HJKMNP-TV-Z]{7}$/);
  t.same(await node.meet(known, code), {
    ok: true,
    value: { address: '192.0.2.1', nearby: true },
  });
  t.same(fresh.heard, ['met']);
  t.ok((await node.pass(known, body)).ok);
  t.ok((await node.pass(fresh, body)).ok);
  t.match(fresh.frames.at(-1), { type: 'passed', body });
  t.match(known.frames, [{ type: 'passed', body }]);
  t.match(await node.meet(new Socket(), code), { code: 'LINK_UNKNOWN' }, 'once only');
  node.leave(known);
  t.equal(fresh.heard.at(-1), 'parted');
  t.match(await node.pass(fresh, body), { code: 'LINK_ENDED' });
  t.equal(world.timers, 0, 'nothing is left behind');
});

t.test(
  '[HUB-11] two devices meet across nodes, also where nodes share a first character',
  async (t) => {
    const world = new World();
    const [here, there] = [world.node(1), world.node(2)];
    world.node(34); // begins its codes as node 2 does
    const [fresh, known] = [new Socket('192.0.2.1'), new Socket('192.0.2.9')];
    const code = opened(there, fresh);
    t.same(await here.meet(known, code), {
      ok: true,
      value: { address: '192.0.2.1', nearby: false },
    });
    await here.pass(known, body);
    await there.pass(fresh, body);
    t.same(fresh.heard, ['met', 'passed']);
    t.same(known.heard, ['passed']);
    there.leave(fresh);
    t.equal(known.heard.at(-1), 'parted');
    t.match(await here.pass(known, body), { code: 'LINK_ENDED' });
    t.equal(world.timers, 0);
  },
);

t.test(
  'a code that no node knows is unknown, at once or when a node does not answer',
  async (t) => {
    const world = new World();
    const here = world.node(1);
    const silent = world.node(2);
    const known = new Socket();
    t.match(
      await here.meet(known, '10000000'),
      { code: 'LINK_UNKNOWN' },
      'no other node begins so',
    );
    t.match(await here.meet(known, '20000000'), { code: 'LINK_UNKNOWN' }, 'that node says no');
    const fresh = new Socket();
    const code = opened(silent, fresh);
    world.deaf = true;
    const asked = here.meet(known, code);
    t.match(await here.meet(known, code), { code: 'LINK_BUSY' });
    world.pass(MEET_TIMEOUT_MS);
    t.match(await asked, { code: 'LINK_UNKNOWN' });
    t.comment('its answer comes late: the new device there is told that nobody is here');
    const meet = world.sent.findLast(({ type }) => type === 'meet');
    world.deaf = false;
    silent.receive([...world.nodes.keys()][0]!, meet!);
    t.same(fresh.heard, ['met', 'parted']);
    t.notOk(here.has(known));
    t.notOk(silent.has(fresh));
  },
);

t.test('a socket that leaves while another node is asked is not met there', async (t) => {
  const world = new World();
  const [here, there] = [world.node(1), world.node(2)];
  const [fresh, known] = [new Socket(), new Socket()];
  const code = opened(there, fresh);
  world.deaf = true;
  const asked = here.meet(known, code);
  here.leave(known);
  t.match(await asked, { code: 'LINK_ENDED' });
  t.equal(world.timers, 1, 'only the waiting device has a time limit now');
});

t.test('another node cannot speak in a meeting that it has no part in', async (t) => {
  const world = new World();
  const [here, there] = [world.node(1), world.node(2)];
  world.node(3);
  const [fresh, known] = [new Socket(), new Socket()];
  await here.meet(known, opened(there, fresh));
  const meet = world.sent.find(({ type }) => type === 'meet');
  const id = meet?.type === 'meet' ? meet.id : new Uint8Array(16);
  const stranger = toHex(new Uint8Array(16).fill(3));
  here.receive(stranger, { v: 1, type: 'pass', id, body });
  here.receive(stranger, { v: 1, type: 'part', id });
  here.receive(stranger, { v: 1, type: 'met', id, address: 'x' });
  here.receive(stranger, { v: 1, type: 'pass', id: new Uint8Array(16), body });
  t.same(known.frames, []);
  t.ok((await here.pass(known, body)).ok);
});

t.test('a socket that went while its request was weighed takes no code', async (t) => {
  const world = new World();
  const meetings = world.node(1);
  const gone = { from: { address: 'a' }, push: () => {}, ended: true } as unknown as Session;
  const context = { meetings } as unknown as GatewayContext;
  t.match(await handleRendezvous(context, gone), { code: 'LINK_ENDED' });
  t.notOk(meetings.has(gone));
});

t.test('what is said to a node that was restarted meanwhile ends the meeting', async (t) => {
  const world = new World();
  const [here, there] = [world.node(1), world.node(2)];
  const known = new Socket();
  await here.meet(known, opened(there, new Socket()));
  there.stop();
  world.node(2);
  t.ok((await here.pass(known, body)).ok);
  t.same(known.heard, ['parted']);
  t.match(await here.pass(known, body), { code: 'LINK_ENDED' });
});

t.test('[HUB-11] a code and a meeting end by themselves, and codes are limited', async (t) => {
  const world = new World();
  const node = world.node(1);
  const [fresh, known] = [new Socket(), new Socket()];
  const first = opened(node, fresh);
  const code = opened(node, fresh);
  t.match(await node.meet(known, first), { code: 'LINK_UNKNOWN' }, 'a newer code takes its place');
  world.pass(MEETING_LIFE_MS);
  t.match(await node.meet(known, code), { code: 'LINK_UNKNOWN' });
  t.same(fresh.frames, [], 'the device has its own clock');
  await node.meet(known, opened(node, fresh));
  world.pass(2 * MEETING_LIFE_MS);
  t.same(
    [fresh, known].map((socket) => socket.heard.at(-1)),
    ['parted', 'parted'],
  );
  t.equal(world.timers, 0);
  const filled = (address: string) => {
    let codes = 0;
    while (codes <= CODES_MAX && node.open(new Socket(address)).ok) codes += 1;
    return codes;
  };
  t.equal(filled('192.0.2.1'), CODES_PER_ADDRESS_MAX, 'one address leaves room for others');
  const others = CODES_MAX / CODES_PER_ADDRESS_MAX - 1;
  for (let i = 0; i < others; i++) t.equal(filled(`198.51.100.${i}`), CODES_PER_ADDRESS_MAX);
  t.match(node.open(new Socket('203.0.113.1')), { code: 'LIMIT_RATE' });
  node.stop();
  t.equal(world.timers, 0);
});

t.test(
  'what is said while the other node is out of reach waits for it, not for ever',
  async (t) => {
    const world = new World();
    const [here, there] = [world.node(1), world.node(2)];
    const [fresh, known] = [new Socket(), new Socket()];
    await here.meet(known, opened(there, fresh));
    const other = [...world.nodes.keys()][1] ?? '';
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    world.connected.delete(other);
    const waiting = here.pass(known, body);
    world.pass(PASS_AGAIN_MS);
    await turn();
    t.same(fresh.heard, ['met']);
    world.connected.add(other);
    world.pass(PASS_AGAIN_MS);
    t.ok((await waiting).ok);
    t.same(fresh.heard, ['met', 'passed']);
    world.connected.delete(other);
    const inVain = here.pass(known, body);
    for (let tries = 1; tries < PASS_TRIES_MAX; tries += 1) {
      world.pass(PASS_AGAIN_MS);
      await turn();
    }
    t.match(await inVain, { code: 'LINK_ENDED' });
    const left = here.pass(known, body);
    here.leave(known);
    const second = new Socket();
    await here.meet(known, opened(here, second));
    world.pass(PASS_AGAIN_MS);
    t.match(await left, { code: 'LINK_ENDED' }, 'who leaves meanwhile says nothing more of it');
    t.same(second.heard, ['met'], 'nor to whom they meet next');
    t.same(fresh.heard, ['met', 'passed']);
  },
);
