// What a platform's peer connections must do. Both sides are made by the same port: whether two platforms
// understand each other is a test of its own.

import { CHANNEL_FRAME_BYTES_MAX, sdpFingerprint } from '@rockpool/protocol';
import type { PeerConnectionPort } from '../../src/ports.ts';
import { type Line, Side } from './connected-peers.ts';
import { isEqual, isRefused, pattern, type SuiteTest, soon } from './suite-test.ts';

export interface Transport {
  readonly left: PeerConnectionPort;
  readonly right: PeerConnectionPort;
}

const LOW_MARK_BYTES = 256 * 1024;
const BUFFERED_BYTES = 8 * 1024 * 1024;
const GLARES = 8;
const PROBES = 50;
const SIZES = [1, 2, 100, 1_200, 16_384, 16_385, 65_535, CHANNEL_FRAME_BYTES_MAX] as const;

const GARBAGE = [
  '',
  'v=0',
  'v=0\r\n',
  '{"sdp":true}',
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=nothing\r\n',
  '\u0000'.repeat(100),
] as const;

const NO_CANDIDATES = [
  'candidate:',
  'candidate:1 1 UDP 1 nowhere x typ host',
  'nonsense',
  'candidate:1 1 UDP 2116026111 300.1.1.1 99999 typ host',
] as const;

export function transportSuite(t: SuiteTest, { left, right }: Transport): void {
  const test = (name: string, run: (t: SuiteTest, pair: Pair) => Promise<void>) =>
    t.test(name, async (t) => {
      const pair = new Pair(left, right);
      try {
        await run(t, pair);
      } finally {
        pair.close();
      }
    });

  test('both sides see the certificate that the descriptions announce', async (t, pair) => {
    const before = pair.left.connection.remoteFingerprint();
    t.ok(before === 'unavailable' || before.length === 0, 'nobody is there yet');
    await pair.connect('control', 'bulk');
    for (const [side, other] of pair.bothWays()) {
      const announced = sdpFingerprint(other.sdp ?? '');
      const live = side.connection.remoteFingerprint();
      if (live !== 'unavailable') t.ok(announced.ok && isEqual(live, announced.value));
      t.equal(side.connection.signalingState, 'stable');
      await side.state('connected');
      const { relayed, roundTripMs = 0 } = await side.connection.stats();
      t.equal(relayed, false);
      t.ok(roundTripMs >= 0);
    }
    t.same([...pair.right.lines.keys()].sort(), ['bulk', 'control']);
  });
  test('messages of every size arrive whole, in order, on the channel they were sent on', async (t, pair) => {
    await pair.connect('control', 'bulk');
    for (const [side, other] of pair.bothWays()) {
      for (const [seed, label] of ['control', 'bulk'].entries()) {
        const frames = SIZES.map((size) => pattern(size, size + seed));
        for (const frame of frames) {
          const sent = frame.slice();
          t.equal(side.line(label).channel?.send(sent), true);
          // The engine uses the same room for its next frame.
          sent.fill(0);
        }
        const { received } = other.line(label);
        await other.line(label).until('all arrived', () => received.length === frames.length);
        t.ok(received.every((frame, at) => isEqual(frame, frames[at] ?? frame)));
        // A view into shared memory, or a class that slices in place, would surprise the engine.
        t.ok(received.every((frame) => frame.constructor === Uint8Array));
      }
    }
  });
  // How far the own offer has come when it is taken back is not the same each time.
  for (let round = 1; round <= GLARES; round += 1) {
    const name = `both begin at once (${round}): the polite side gives way, the channels of both open`;
    test(name, async (t, pair) => {
      const lines = [pair.left.create('from-left'), pair.right.create('from-right')];
      pair.left.meet(pair.right);
      await Promise.all(lines.map((line) => line.until('open', () => line.isOpen)));
      const others = [pair.right.line('from-left'), pair.left.line('from-right')];
      for (const other of others) await other.until('open', () => other.isOpen);
      t.equal(others[1]?.channel?.send(Uint8Array.of(1)), true);
      await lines[1]?.until('arrived', () => lines[1]?.received.length === 1);
      t.same([pair.left.broken, pair.right.broken], [undefined, undefined]);
      t.same(
        pair.bothWays().map(([side]) => side.connection.signalingState),
        ['stable', 'stable'],
      );
    });
  }
  test('what is sent once passes beside what is sent until it arrives, where nothing is lost', async (t, pair) => {
    pair.left.create('probe', 'once');
    await pair.connect('control');
    for (const [side, other] of pair.bothWays()) {
      const [line, twin] = [side.line('probe'), other.line('probe')];
      await line.until('open', () => line.isOpen);
      for (let number = 0; number < PROBES; number += 1) line.channel?.send(Uint8Array.of(number));
      await twin.until('all arrived', () => twin.received.length === PROBES);
      t.same(new Set(twin.received.map(([number]) => number)).size, PROBES);
    }
  });
  test('what has not gone out is counted, and the sender is told once little is left', async (t, pair) => {
    const [line, other] = await pair.connect('bulk');
    const frame = pattern(CHANNEL_FRAME_BYTES_MAX, 1);
    const frames = BUFFERED_BYTES / frame.length;
    for (let sent = 0; sent < frames; sent++) line.channel?.send(frame);
    t.ok((line.channel?.bufferedBytes ?? 0) > LOW_MARK_BYTES);
    // It may have been told meanwhile, between two frames; the last time is when little is left for good.
    await line.until('drained', () => line.leftWhenDrained <= LOW_MARK_BYTES);
    await other.until('all arrived', () => other.received.length === frames);
    t.ok(other.received.every((each) => isEqual(each, frame)));
  });
  test('the other side sees a close, and nothing is sent any more', async (t, pair) => {
    const [line, other] = await pair.connect('control');
    pair.left.connection.close();
    t.equal(line.channel?.send(Uint8Array.of(1)), false);
    t.equal(pair.left.connection.signalingState, 'closed');
    t.ok(await isRefused(pair.left.connection.setLocalDescription()));
    await other.until('closed', () => other.closed);
    t.equal(other.channel?.send(Uint8Array.of(1)), false);
    t.equal(other.received.length, 0);
    pair.left.connection.close();
    line.channel?.close();
    pair.left.connection.restartIce();
  });
  test('one channel closes alone', async (t, pair) => {
    const [control] = await pair.connect('control', 'bulk');
    pair.right.line('bulk').channel?.close();
    await pair.left.line('bulk').until('closed', () => pair.left.line('bulk').closed);
    t.equal(pair.left.line('bulk').channel?.send(Uint8Array.of(1)), false);
    t.equal(control.channel?.send(Uint8Array.of(2)), true);
    const other = pair.right.line('control');
    await other.until('arrived', () => other.received.length === 1);
  });
  test('candidates that come too early or too late, or are none, harm nothing', async (t, pair) => {
    const { connection } = pair.left;
    const early = 'candidate:1 1 UDP 2116026111 127.0.0.1 9 typ host';
    for (const candidate of [early, ...NO_CANDIDATES]) {
      await connection.addCandidate(candidate, '0').catch(() => {});
    }
    const [line, other] = await pair.connect('control');
    for (const candidate of [early, ...NO_CANDIDATES, '']) {
      await connection.addCandidate(candidate, '0').catch(() => {});
    }
    t.equal(line.channel?.send(Uint8Array.of(1)), true);
    await other.until('arrived', () => other.received.length === 1);
    pair.left.connection.close();
    await connection.addCandidate(early, '0').catch(() => {});
  });
  test('what is no description is refused, and the connection can still be made', async (t, pair) => {
    for (const garbage of GARBAGE) {
      t.ok(await isRefused(pair.right.connection.setRemoteDescription('offer', garbage)), garbage);
      t.equal(pair.right.connection.signalingState, 'stable');
    }
    t.ok(await isRefused(pair.right.connection.setRemoteDescription('answer', 'v=0\r\n')));
    const [line] = await pair.connect('control');
    t.ok(line.isOpen);
  });
  test('a restart asks for a new negotiation, or ends the connection', async (t, pair) => {
    const [line, other] = await pair.connect('control');
    const outcome = pair.nextOfLeft();
    pair.left.connection.restartIce();
    const found = await soon('the restart', outcome);
    t.ok(['negotiation', 'closed'].includes(found), found);
    if (found === 'closed') {
      t.equal(pair.left.connection.signalingState, 'closed');
      await other.until('closed', () => other.closed);
    } else {
      t.equal(line.channel?.send(Uint8Array.of(1)), true);
      await other.until('arrived', () => other.received.length === 1);
    }
  });
}

class Pair {
  readonly left: Side;
  readonly right: Side;
  #tell: (outcome: 'negotiation' | 'closed') => void = () => {};

  constructor(left: PeerConnectionPort, right: PeerConnectionPort) {
    this.left = new Side(left, false, {
      onNegotiationNeeded: () => this.#tell('negotiation'),
      onState: (state) => {
        if (state === 'closed') this.#tell('closed');
      },
    });
    this.right = new Side(right, true);
  }

  /** The left side begins with these channels; resolves with the first, as both sides have it. */
  async connect(...labels: string[]): Promise<readonly [Line, Line]> {
    for (const label of labels) this.left.create(label);
    this.left.meet(this.right);
    for (const [side] of this.bothWays()) {
      for (const label of labels) {
        const line = side.line(label);
        await line.until(`${label} opens`, () => line.isOpen);
      }
    }
    const [first = ''] = labels;
    return [this.left.line(first), this.right.line(first)];
  }

  bothWays(): readonly (readonly [Side, Side])[] {
    return [
      [this.left, this.right],
      [this.right, this.left],
    ];
  }

  nextOfLeft(): Promise<'negotiation' | 'closed'> {
    return new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  close(): void {
    this.left.connection.close();
    this.right.connection.close();
  }
}
